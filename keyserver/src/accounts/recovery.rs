//! Coming back with the recovery code: an entry with a new identity key, signed by that one and by the
//! one before, which was in the bundle (`LBX-ENTRY-5`). It is in force at once (`LBX-ENTRY-7`).
//!
//! Code and bundle alone do not do it: the person whose mailbox it is has to have just signed in, for
//! this key and this place in the chain (`LBX-EVID-4`). What ScotAccount says of them now takes the
//! place of what it said before, so somebody who has married or moved is found by their new details
//! and not by the old ones.

use crypto_core::{
    citizen::{DirectoryId, Purpose},
    person::Attributes,
};

use super::{Accounts, Publication, PublishError, Published};
use crate::{
    sign_ins::{
        SignInError,
        session::{Handle, Session},
    },
    store::KeptEvidence,
};

/// What admits an entry with a new identity key, checked.
pub(super) struct Recovered<'a> {
    /// Under whose details the citizen is listed from now on.
    pub(super) person: Attributes,
    /// What says so.
    pub(super) kept: &'a KeptEvidence,
    /// The sign-in that is used up by it.
    pub(super) sign_in: (&'a Handle, &'a Session),
}

impl Accounts {
    pub(super) async fn recover(
        &self,
        citizen: DirectoryId,
        publication: &Publication,
        now: u64,
    ) -> Result<Published, PublishError> {
        let handle = publication.sign_in.as_ref().ok_or(SignInError::Unknown)?;
        let session = self.sign_ins.session(handle, now).await?;
        // Whoever found somebody else's code signs in as themselves.
        let own = self.records.account_of(&session.subject).await?;
        let own = own.filter(|own| own.citizen == citizen).ok_or(PublishError::OtherId)?;
        // Before anybody has to wait for it; the chain is looked at again when nobody else publishes.
        let history = self.verified(&own, publication, now).await?;
        // This once is enough: the evidence names the entry before, so it is of no use in a chain that
        // went on.
        let (kept, person) = self.evidenced(history.last(), Purpose::Recover, publication, &session).await?;
        let recovered = Recovered { person, kept: &kept, sign_in: (handle, &session) };
        self.extend(citizen, publication, Some(&recovered), now).await
    }
}
