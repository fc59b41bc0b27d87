//! What stands where in the browser's storage.
//!
//! | shelf | key | what |
//! |---|---|---|
//! | open | `trust` | the trust file that was used last ([`crate::trust`]) |
//! | open | `pending` | the vault key under the passphrase, while the enrolment is not finished |
//! | open | `enrolment` | the sign-in as it stands: no private key, no personal detail |
//! | open | `vault` | the vault key under the passphrase, once there is a mailbox |
//! | sealed | [`names`] | everything else, under the vault key |
//!
//! In which state a profile is follows from which of them are there, and from nothing in memory.

use client_mailbox::{
    enrolment::Enrolment,
    keys::DeviceKeys,
    local::{self, Record, Writes, names},
};
use client_messages::Problem;
use crypto_core::passphrase::WrappedSecret;
use relay_auth::{
    cbor::{Bytes, Wire as _},
    secret::Secret,
};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    random,
    storage::{Change, Shelf, Storage},
};

const PENDING: &str = "pending";
const ENROLMENT: &str = "enrolment";
const VAULT: &str = "vault";

/// How far this profile has come, as far as it shows without the passphrase.
pub(crate) enum Profile {
    /// Nothing was begun.
    Nothing,
    /// An enrolment was begun and is not finished.
    Enrolling(Box<Pending>),
    /// There is a mailbox.
    Mailbox(WrappedSecret),
}

/// An enrolment between its steps.
pub(crate) struct Pending {
    pub(crate) wrapped: WrappedSecret,
    pub(crate) enrolment: Enrolment,
}

/// Reads how far this profile has come.
pub(crate) async fn profile(storage: &Storage) -> Result<Profile, Failure> {
    if let Some(vault) = storage.read(Shelf::Open, VAULT).await? {
        return Ok(Profile::Mailbox(WrappedSecret::from_bytes(&vault)?));
    }
    let wrapped = storage.read(Shelf::Open, PENDING).await?;
    let enrolment = storage.read(Shelf::Open, ENROLMENT).await?;
    match (wrapped, enrolment) {
        (None, None) => Ok(Profile::Nothing),
        (Some(wrapped), Some(enrolment)) => Ok(Profile::Enrolling(Box::new(Pending {
            wrapped: WrappedSecret::from_bytes(&wrapped)?,
            enrolment: Enrolment::from_bytes(&enrolment)?,
        }))),
        // They are written together and removed together.
        (Some(_), None) | (None, Some(_)) => Err(Failure(Problem::StorageDamaged)),
    }
}

/// A begun enrolment, to be stored before the person goes anywhere.
pub(crate) fn begun(pending: &Pending, sealed_keys: Vec<u8>) -> Vec<Change> {
    vec![
        Change::Put(Shelf::Open, PENDING.to_owned(), pending.wrapped.to_bytes()),
        enrolment(&pending.enrolment),
        Change::Put(Shelf::Sealed, names::KEYS.to_owned(), sealed_keys),
    ]
}

/// The enrolment as it stands now.
pub(crate) fn enrolment(enrolment: &Enrolment) -> Change {
    Change::Put(Shelf::Open, ENROLMENT.to_owned(), enrolment.to_bytes())
}

/// The enrolment is finished: from now on the passphrase opens a mailbox.
pub(crate) fn finished(wrapped: &WrappedSecret) -> Vec<Change> {
    vec![
        Change::Put(Shelf::Open, VAULT.to_owned(), wrapped.to_bytes()),
        Change::Remove(Shelf::Open, PENDING.to_owned()),
        Change::Remove(Shelf::Open, ENROLMENT.to_owned()),
    ]
}

/// Throws a begun enrolment away, if nothing was signed with its keys. Says whether it did: keys that
/// may stand in the directory are never deleted, even where the record that says so is damaged.
pub(crate) async fn forget_pending(storage: &Storage) -> Result<bool, Failure> {
    if storage.read(Shelf::Open, VAULT).await?.is_some() {
        return Ok(false);
    }
    let stored = storage.read(Shelf::Open, ENROLMENT).await?;
    if stored.is_some_and(|stored| Enrolment::from_bytes(&stored).is_ok_and(|one| one.keeps_keys())) {
        return Ok(false);
    }
    for name in [names::SIGNED, names::ENROLLED] {
        if storage.read(Shelf::Sealed, name).await?.is_some() {
            return Ok(false);
        }
    }
    let keys = Change::Remove(Shelf::Sealed, names::KEYS.to_owned());
    let open = [PENDING, ENROLMENT].map(|key| Change::Remove(Shelf::Open, key.to_owned()));
    storage.write(open.into_iter().chain([keys]).collect()).await?;
    Ok(true)
}

/// A record to be stored sealed.
pub(crate) fn sealed(name: &str, content: &[u8], vault_key: &Secret) -> Result<Change, Failure> {
    let sealed = local::seal(name, content, vault_key, &mut random::source())?;
    Ok(Change::Put(Shelf::Sealed, name.to_owned(), sealed))
}

/// The same of everything that changed at once.
pub(crate) fn all_sealed(writes: &Writes, vault_key: &Secret) -> Result<Vec<Change>, Failure> {
    let put = writes.put.iter().map(|record| sealed(&record.name, record.content.as_ref(), vault_key));
    let remove = writes.remove.iter().map(|name| Ok(Change::Remove(Shelf::Sealed, name.clone())));
    put.chain(remove).collect()
}

/// A sealed record, opened.
pub(crate) async fn unsealed(
    storage: &Storage,
    name: &str,
    vault_key: &Secret,
) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let Some(sealed) = storage.read(Shelf::Sealed, name).await? else { return Ok(None) };
    Ok(Some(local::open(name, &sealed, vault_key)?))
}

/// The device's keys.
pub(crate) async fn keys(storage: &Storage, vault_key: &Secret) -> Result<DeviceKeys, Failure> {
    let sealed = storage.read(Shelf::Sealed, names::KEYS).await?;
    Ok(DeviceKeys::open(&sealed.ok_or(Failure(Problem::StorageDamaged))?, vault_key)?)
}

/// What the inbox is loaded from.
pub(crate) async fn inbox(storage: &Storage, vault_key: &Secret) -> Result<Vec<Record>, Failure> {
    let mut stored = Vec::new();
    if let Some(inbox) = storage.read(Shelf::Sealed, names::INBOX).await? {
        stored.push((names::INBOX.to_owned(), inbox));
    }
    for prefix in [names::SUMMARY, names::FILING] {
        stored.extend(storage.records(Shelf::Sealed, prefix).await?);
    }
    let open = |(name, sealed): (String, Vec<u8>)| -> Result<Record, Failure> {
        let content = local::open(&name, &sealed, vault_key)?;
        Ok(Record { name, content: Bytes::from(&content[..]) })
    };
    stored.into_iter().map(open).collect()
}
