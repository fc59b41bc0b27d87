//! Sealed tickets: what the directory writes, a third party carries, and only the relay can read.
//!
//! XChaCha20-Poly1305 under a key that directory and relay share (`LBX-TICKET-1`). Every ticket of
//! a kind has the same length, so that nothing can be told from it; no two have a byte in common
//! that depends on the mailbox.

use chacha20poly1305::{
    Key, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    cbor::{Bytes, DecodeError, Limits, Start, Suite, Version, Wire, encode},
    label::Label,
    secret::{Secret, ZeroizeOnDrop, is_wiped},
};

/// The length of a ticket's content before it is sealed; shorter ones are filled up.
const CONTENT_LENGTH: usize = 128;

/// Why a ticket was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// The bytes are no ticket.
    #[error("this is not a permit or voucher: {0}")]
    Malformed(#[from] DecodeError),
    /// Sealed under a key that the relay does not have (any more).
    #[error("the permit or voucher was made under a key that this relay does not know")]
    UnknownKey,
    /// Altered, or not made by the directory.
    #[error("the permit or voucher was not made by this relay's directory, or was altered")]
    Forged,
    /// Its time is over.
    #[error("the permit or voucher has expired: ask the directory for a new one")]
    Expired,
    /// A set of keys without the key that it is to seal with, or with two of one number.
    #[error("the ticket keys need different numbers, and the one to seal with must be among them")]
    NoSealingKey,
}

/// What can be sealed as a ticket.
pub trait Ticket: Wire {
    /// Separates the kinds of ticket: one cannot be used as another.
    const LABEL: Label;

    /// The last second (Unix time) at which it is taken.
    fn not_after(&self) -> u64;

    /// Whether it is still valid at `now` (Unix seconds).
    ///
    /// # Errors
    /// [`TicketError::Expired`].
    fn in_time(&self, now: u64) -> Result<(), TicketError> {
        if now <= self.not_after() { Ok(()) } else { Err(TicketError::Expired) }
    }
}

#[derive(Encode, Decode)]
struct Sealed {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    key: u8,
    #[cbor(n(3), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[n(4)]
    ciphertext: Bytes,
}

impl Wire for Sealed {
    const LIMITS: Limits = Limits { bytes: 256, depth: 1, items: 6 };
    const START: Start = Start::VersionAndSuite;
}

/// The keys that directory and relay share, by number. The directory seals with one of them; the
/// relay opens with all, so that a key can be replaced without a gap.
#[derive(Debug)]
pub struct TicketKeys {
    sealing: u8,
    keys: Vec<(u8, Secret)>,
}

// Their numbers are no secret.
impl ZeroizeOnDrop for TicketKeys {}

const _: fn(&TicketKeys) = |secrets| secrets.keys.iter().for_each(|(_, key)| is_wiped(key));

impl TicketKeys {
    /// Takes the keys; `sealing` is the number of the one to seal with.
    ///
    /// # Errors
    /// [`TicketError::NoSealingKey`].
    pub fn new(sealing: u8, keys: Vec<(u8, Secret)>) -> Result<Self, TicketError> {
        let mut numbers: Vec<u8> = keys.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        if numbers.is_sorted_by(|one, next| one < next) && numbers.contains(&sealing) {
            Ok(Self { sealing, keys })
        } else {
            Err(TicketError::NoSealingKey)
        }
    }

    /// Seals a ticket.
    pub fn seal<T: Ticket>(&self, ticket: &T, rng: &mut impl CryptoRng) -> Vec<u8> {
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        let mut content = Zeroizing::new(ticket.to_bytes());
        debug_assert!(content.len() < CONTENT_LENGTH, "a ticket's limit is below this length");
        // ISO/IEC 7816-4: one mark, then zeros.
        content.push(0x80);
        content.resize(CONTENT_LENGTH, 0);
        let ciphertext = self
            .cipher::<T>(self.sealing)
            .and_then(|cipher| {
                let aad = associated_data::<T>(self.sealing);
                cipher.encrypt(&XNonce::from(nonce), Payload { msg: &content, aad: &aad }).ok()
            })
            .unwrap_or_default();
        debug_assert!(!ciphertext.is_empty(), "the sealing key is there: see new()");
        let sealed = Sealed {
            version: Version,
            suite: Suite,
            key: self.sealing,
            nonce,
            ciphertext: ciphertext.into(),
        };
        sealed.to_bytes()
    }

    /// Opens a ticket. Whether it is in time is asked separately ([`Ticket::in_time`]).
    ///
    /// # Errors
    /// [`TicketError::Malformed`], [`TicketError::UnknownKey`] or [`TicketError::Forged`].
    pub fn open<T: Ticket>(&self, bytes: &[u8]) -> Result<T, TicketError> {
        let sealed = Sealed::from_bytes(bytes)?;
        let cipher = self.cipher::<T>(sealed.key).ok_or(TicketError::UnknownKey)?;
        let aad = associated_data::<T>(sealed.key);
        let content = cipher
            .decrypt(&XNonce::from(sealed.nonce), Payload { msg: sealed.ciphertext.as_ref(), aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| TicketError::Forged)?;
        let end = content.iter().rposition(|byte| *byte != 0).filter(|end| content.get(*end) == Some(&0x80));
        let content =
            end.and_then(|end| content.get(..end)).ok_or(TicketError::Malformed(DecodeError::Shape))?;
        Ok(T::from_bytes(content)?)
    }

    fn cipher<T: Ticket>(&self, number: u8) -> Option<XChaCha20Poly1305> {
        let (_, key) = self.keys.iter().find(|(found, _)| *found == number)?;
        let mut derived = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, key.expose())
            .expand(&T::LABEL.with(&(Version, Suite, number)), &mut derived[..])
            .ok()?;
        let key: &Key = (&*derived).into();
        Some(XChaCha20Poly1305::new(key))
    }
}

fn associated_data<T: Ticket>(number: u8) -> Vec<u8> {
    T::LABEL.with_encoded(&encode(&(Version, Suite, number)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permit::Permit;

    /// `LBX-TICKET-1`
    #[test]
    fn label_version_suite_and_key_number_are_the_associated_data() {
        assert_eq!(associated_data::<Permit>(7), b"letterbox/v1/permit\x83\x01\x01\x07");
    }
}
