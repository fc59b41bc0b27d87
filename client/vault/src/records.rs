//! What stands where in the browser's storage.
//!
//! | shelf | key | what |
//! |---|---|---|
//! | open | `trust` | the trust file that was used last ([`crate::trust`]) |
//! | open | `pending` | the vault key under the passphrase, while the enrolment is not finished |
//! | open | `enrolment` | the sign-in as it stands: no private key, no personal detail |
//! | open | `vault` | the vault key under the passphrase, once there is a mailbox |
//! | sealed | [`names`] | everything else, under the vault key |
//! | both | `aside/` and what follows | what was set aside for a recovery ([`crate::aside`]) |
//!
//! In which state a profile is follows from which of them are there, and from nothing in memory.

use client_mailbox::{
    enrolment::Enrolment,
    keys::DeviceKeys,
    local::{self, Record, Writes, names},
    settings::Settings,
};
use client_messages::Problem;
use crypto_core::passphrase::WrappedSecret;
use relay_auth::{
    cbor::{Bytes, Wire as _},
    secret::Secret,
};
use zeroize::Zeroizing;

use crate::{
    aside,
    failure::Failure,
    random,
    storage::{Change, Shelf, Storage, StorageError},
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

/// A begun enrolment with its keys, to be stored before the person goes anywhere.
pub(crate) fn begun(pending: &Pending, keys: Change) -> [Change; 3] {
    let wrapped = Change::Put(Shelf::Open, PENDING.to_owned(), pending.wrapped.to_bytes());
    [wrapped, enrolment(&pending.enrolment), keys]
}

/// The enrolment as it stands now.
pub(crate) fn enrolment(enrolment: &Enrolment) -> Change {
    Change::Put(Shelf::Open, ENROLMENT.to_owned(), enrolment.to_bytes())
}

/// The enrolment is finished: from now on the passphrase opens a mailbox, with these keys.
pub(crate) fn finished(wrapped: &WrappedSecret, keys: Change) -> Vec<Change> {
    vec![
        Change::Put(Shelf::Open, VAULT.to_owned(), wrapped.to_bytes()),
        Change::Remove(Shelf::Open, PENDING.to_owned()),
        Change::Remove(Shelf::Open, ENROLMENT.to_owned()),
        keys,
    ]
}

/// Throws a begun enrolment away, if nothing was signed with its keys. Says whether it did: keys that
/// may stand in the directory are never deleted; where the record that says so is damaged, they are
/// set aside. What was set aside for a recovery is put back in the same write.
pub(crate) async fn forget_pending(storage: &Storage) -> Result<bool, Failure> {
    let sign_in = sign_in(storage).await?;
    if storage.holds(Shelf::Open, VAULT).await?
        || sign_in.as_ref().is_some_and(Enrolment::keeps_keys)
        || storage.holds(Shelf::Sealed, names::SIGNED).await?
        || storage.holds(Shelf::Sealed, names::ENROLLED).await?
    {
        return Ok(false);
    }
    let mut changes = match &sign_in {
        Some(_) => {
            let keys = Change::Remove(Shelf::Sealed, names::KEYS.to_owned());
            let open = [PENDING, ENROLMENT].map(|key| Change::Remove(Shelf::Open, key.to_owned()));
            open.into_iter().chain([keys]).collect()
        }
        // Where the record cannot be read, something may have been signed with the keys: they go aside.
        None => aside::set_apart(storage).await?,
    };
    // It may also have been a recovery: nothing is lost by putting back.
    if sign_in.is_none_or(|one| one.is_recovery()) {
        changes.extend(aside::put_back(storage).await?);
    }
    storage.write(changes).await?;
    Ok(true)
}

/// The sign-in, if there is one that can be read.
async fn sign_in(storage: &Storage) -> Result<Option<Enrolment>, Failure> {
    match storage.read(Shelf::Open, ENROLMENT).await {
        Ok(stored) => Ok(stored.and_then(|stored| Enrolment::from_bytes(&stored).ok())),
        Err(StorageError::Damaged) => Ok(None),
        Err(error) => Err(error.into()),
    }
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

/// What was chosen on this device, to be stored.
pub(crate) fn settings(settings: Settings, vault_key: &Secret) -> Result<Change, Failure> {
    sealed(names::SETTINGS, &settings.to_record(), vault_key)
}

/// What was chosen on this device.
pub(crate) async fn chosen(storage: &Storage, vault_key: &Secret) -> Result<Settings, Failure> {
    match unsealed(storage, names::SETTINGS, vault_key).await {
        // The usual locks soon enough, and the person can choose again.
        Err(Failure(Problem::StorageDamaged)) => Ok(Settings::default()),
        stored => {
            let record = stored?;
            Ok(record.and_then(|record| Settings::from_record(&record).ok()).unwrap_or_default())
        }
    }
}

/// The device's keys, to be stored.
pub(crate) fn sealed_keys(keys: &DeviceKeys, vault_key: &Secret) -> Result<Change, Failure> {
    let sealed = keys.seal(vault_key, &mut random::source())?;
    Ok(Change::Put(Shelf::Sealed, names::KEYS.to_owned(), sealed))
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

/// Removes what the inbox is loaded from, whatever it is. Letters stay.
pub(crate) async fn without_inbox(storage: &Storage) -> Result<Vec<Change>, Failure> {
    let mut keys = vec![names::INBOX.to_owned()];
    for prefix in [names::SUMMARY, names::FILING] {
        keys.extend(storage.keys(Shelf::Sealed, prefix).await?);
    }
    Ok(keys.into_iter().map(|key| Change::Remove(Shelf::Sealed, key)).collect())
}
