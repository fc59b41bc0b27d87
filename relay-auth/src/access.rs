//! The access list of a mailbox: which devices may ask, and to which keys letters may be sealed
//! (`LBX-ACCESS-1`).
//!
//! Signed with the mailbox access key: the first by the one that the voucher brought, each further
//! one by the key that the list before names. Every device holds the access key, so removing a
//! device means naming a new key that it does not have. The counter grows by one, so that an old
//! list cannot bring a removed device back, and nobody can use the numbers up.
//!
//! Who lost every device has no access key. A *restart* list (`LBX-ACCESS-2`) has the same form and
//! follows by the same counter, but is signed with the recovery request key that is registered for
//! the mailbox: to [`SignedAccessList::verify`] that key is then the one that governs it.

use minicbor::{Decode, Encode};

use crate::{
    cbor::{Bytes, DecodeError, Limits, Start, Suite, Version, Wire},
    id::{InboxKeyId, MailboxId},
    label,
    signing::{Signature, SigningKey, VerifyingKey},
};

/// The most devices of one mailbox.
pub const MOST_DEVICES: usize = 32;

/// The most inbox keys that are accepted at one time.
pub const MOST_INBOX_KEYS: usize = 8;

/// Who may do what with a mailbox, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AccessList {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Always 1.
    #[n(1)]
    pub suite: Suite,
    /// The mailbox that the list is for.
    #[n(2)]
    pub mailbox: MailboxId,
    /// One more than in the list before; the first is 1.
    #[n(3)]
    pub counter: u64,
    /// The key that signs the next list.
    #[n(4)]
    pub next_access_key: VerifyingKey,
    /// The keys with which devices sign their requests.
    #[n(5)]
    pub request_keys: Vec<VerifyingKey>,
    /// The inbox keys to which letters may be sealed.
    #[n(6)]
    pub inbox_keys: Vec<InboxKeyId>,
}

impl Wire for AccessList {
    const LIMITS: Limits = Limits { bytes: 2048, depth: 2, items: 64 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.counter == 0 {
            return Err(DecodeError::Value("the counter of an access list starts at 1"));
        }
        if self.request_keys.len() > MOST_DEVICES || self.inbox_keys.len() > MOST_INBOX_KEYS {
            return Err(DecodeError::Value("an access list has too many keys"));
        }
        if repeats(&self.request_keys) || repeats(&self.inbox_keys) {
            return Err(DecodeError::Value("an access list names a key twice"));
        }
        Ok(())
    }
}

fn repeats<T: PartialEq>(list: &[T]) -> bool {
    list.iter().enumerate().any(|(position, one)| list.iter().take(position).any(|earlier| earlier == one))
}

/// An access list with the signature of the mailbox access key, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SignedAccessList {
    #[n(0)]
    list: Bytes,
    #[n(1)]
    signature: Signature,
}

impl Wire for SignedAccessList {
    const LIMITS: Limits = Limits { bytes: 2200, depth: 1, items: 3 };
    const START: Start = Start::Plain;
}

/// Why an access list was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The bytes are no access list.
    #[error("this is not an access list: {0}")]
    Malformed(#[from] DecodeError),
    /// Not signed by the key that governs the mailbox.
    #[error("the access list is not signed by this mailbox's access key")]
    Forged,
    /// For another mailbox.
    #[error("the access list is for another mailbox")]
    OtherMailbox,
    /// Not the one that follows the list in force.
    #[error("this access list does not follow the one in force: load it and make the change again")]
    OutOfTurn,
}

impl SignedAccessList {
    /// Signs a list.
    #[must_use]
    pub fn sign(list: &AccessList, access_key: &SigningKey) -> Self {
        let list = list.to_bytes();
        Self { signature: access_key.sign(label::ACCESS_LIST, &list), list: list.into() }
    }

    /// Verifies a list against what the relay knows of the mailbox: its number, the key that signs
    /// the next list (the voucher's, at first), and the counter of the list in force (0 where there
    /// is none).
    ///
    /// # Errors
    /// See [`AccessError`].
    pub fn verify(
        &self,
        mailbox: MailboxId,
        access_key: &VerifyingKey,
        in_force: u64,
    ) -> Result<AccessList, AccessError> {
        if !access_key.verifies(label::ACCESS_LIST, self.list.as_ref(), &self.signature) {
            return Err(AccessError::Forged);
        }
        let list = AccessList::from_bytes(self.list.as_ref())?;
        if list.mailbox != mailbox {
            return Err(AccessError::OtherMailbox);
        }
        if in_force.checked_add(1) != Some(list.counter) {
            return Err(AccessError::OutOfTurn);
        }
        Ok(list)
    }
}
