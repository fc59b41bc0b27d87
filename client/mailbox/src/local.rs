//! What is stored on the device: named records, each sealed under the vault key (`LBX-LOCAL-3`).
//!
//! Two kinds lie open: the [`crate::enrolment::Enrolment`] of a sign-in that goes on at ScotAccount,
//! which holds no private key and no personal detail, and the
//! [`crypto_core::passphrase::WrappedSecret`] that holds the vault key. Everything else goes through
//! [`seal`]. The name of a record is the place to store it at and what it is sealed to.

use core::fmt;

pub use crypto_core::local::LocalError;
use crypto_core::local::SealedRecord;
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Wire as _},
    secret::Secret,
};
use zeroize::Zeroizing;

/// A record before it is sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is and where it is stored ([`names`]).
    pub name: String,
    /// What it holds. Wiped when dropped.
    pub content: Bytes,
}

impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Record({:?})", self.content)
    }
}

impl Record {
    /// A record with its name.
    pub(crate) fn new(name: impl Into<String>, content: Vec<u8>) -> Self {
        Self { name: name.into(), content: content.into() }
    }
}

/// What is to be stored and removed in one transaction. It is done before anything is sent that
/// follows from it: what the relay was told must not be forgotten here.
#[derive(Clone, Default, PartialEq, Eq)]
#[must_use = "what is not stored is lost when the page is closed"]
pub struct Writes {
    /// Records to store, in place of those of the same name.
    pub put: Vec<Record>,
    /// Names of records to remove.
    pub remove: Vec<String>,
}

impl fmt::Debug for Writes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Writes({} records, {} removed)", self.put.len(), self.remove.len())
    }
}

impl Writes {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.remove.is_empty()
    }
}

/// Seals a record's content.
///
/// # Errors
/// [`LocalError::TooLarge`].
pub fn seal(
    name: &str,
    content: &[u8],
    vault_key: &Secret,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, LocalError> {
    Ok(SealedRecord::seal(name, content, vault_key, rng)?.to_bytes())
}

/// Opens the record that was stored under this name.
///
/// # Errors
/// [`LocalError`].
pub fn open(name: &str, sealed: &[u8], vault_key: &Secret) -> Result<Zeroizing<Vec<u8>>, LocalError> {
    SealedRecord::from_bytes(sealed)?.open(name, vault_key)
}

/// The names of records.
pub mod names {
    use crypto_core::archive::ObjectId;
    use relay_auth::hex;

    /// [`crate::keys::DeviceKeys`].
    pub const KEYS: &str = "keys";
    /// [`crate::enrolment::SignedEnrolment`].
    pub const SIGNED: &str = "signed";
    /// [`crate::enrolment::Enrolled`].
    pub const ENROLLED: &str = "enrolled";
    /// [`crate::registry::Registry`].
    pub const REGISTRY: &str = "registry";
    /// [`crate::inbox::Doubt`].
    pub const DOUBT: &str = "doubt";
    /// [`crate::session::Told`].
    pub const TOLD: &str = "told";
    /// [`crate::settings::Settings`].
    pub const SETTINGS: &str = "settings";
    /// Where the inbox stands.
    pub const INBOX: &str = "inbox";
    /// In front of the names of what the list of letters shows, one for each letter.
    pub const SUMMARY: &str = "summary/";
    /// In front of the names of letters.
    pub const LETTER: &str = "letter/";
    /// In front of the names of what the relay has not confirmed yet.
    pub const FILING: &str = "filing/";

    /// The name of what the list shows of a letter.
    #[must_use]
    pub fn summary(id: &ObjectId) -> String {
        format!("{SUMMARY}{}", hex::encode(id.as_bytes()))
    }

    /// The name of a letter.
    #[must_use]
    pub fn letter(id: &ObjectId) -> String {
        format!("{LETTER}{}", hex::encode(id.as_bytes()))
    }

    /// The name of what is to be filed.
    #[must_use]
    pub fn filing(id: &ObjectId) -> String {
        format!("{FILING}{}", hex::encode(id.as_bytes()))
    }

    /// The object that a name of one kind stands for.
    pub(crate) fn object(name: &str, kind: &str) -> Option<ObjectId> {
        name.strip_prefix(kind).and_then(hex::decode).map(ObjectId::from)
    }
}
