//! From a person's details to the citizens whom they lead to (`LBX-PERSON-2`, `LBX-DIR-2`).
//!
//! Everybody is listed under name and birth date, and under these with the postcode where the address
//! was confirmed. Two people with the same details stand in one list, which bodies are told as
//! *ambiguous*. A list shrinks only when somebody enrols under other details than those under which a
//! mailbox was provided for them, or comes back under other ones than those of their last sign-in.

use crypto_core::{citizen::DirectoryId, directory::PersonList, person::Attributes};
use relay_auth::cbor::{Suite, Version, Wire as _};

use crate::{
    directory::{DirectoryError, Publisher},
    store::StoreFailure,
};

/// Why somebody cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum MatchingError {
    /// The list is as long as it may be.
    #[error("so many people have this name and birth date that no more can be listed: ask the operator")]
    TooMany,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl From<DirectoryError> for MatchingError {
    fn from(error: DirectoryError) -> Self {
        Self::Store(error.into())
    }
}

/// What has to be published so that a person's details lead to a citizen, and the details under which
/// the citizen was listed `before` do not any more: labels and lists. Empty where it is so already.
///
/// # Errors
/// [`MatchingError`].
pub async fn listing(
    publisher: &Publisher,
    person: &Attributes,
    before: Option<&Attributes>,
    citizen: DirectoryId,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, MatchingError> {
    let mut updates = Vec::new();
    let forms = forms(person);
    for form in before.iter().flat_map(|before| self::forms(before)).filter(|form| !forms.contains(form)) {
        let label = form.directory_label();
        let mut list = list(publisher, &label).await?;
        if let Ok(place) = list.citizens.binary_search(&citizen) {
            list.citizens.remove(place);
            updates.push((label, list.to_bytes()));
        }
    }
    for form in forms {
        let label = form.directory_label();
        let mut list = list(publisher, &label).await?;
        if let Err(place) = list.citizens.binary_search(&citizen) {
            list.citizens.insert(place, citizen);
            list.validate().map_err(|_| MatchingError::TooMany)?;
            updates.push((label, list.to_bytes()));
        }
    }
    Ok(updates)
}

/// The forms under which somebody is listed.
pub(crate) fn forms(person: &Attributes) -> Vec<Attributes> {
    let with_postcode = person.postcode().map(|_| person.clone());
    [Some(person.without_postcode()), with_postcode].into_iter().flatten().collect()
}

async fn list(publisher: &Publisher, label: &[u8]) -> Result<PersonList, MatchingError> {
    match publisher.value(label).await? {
        Some((value, _)) => Ok(PersonList::from_bytes(&value)
            .map_err(|_| StoreFailure::damaged("a list of people cannot be read"))?),
        None => Ok(PersonList { version: Version, suite: Suite, citizens: Vec::new() }),
    }
}
