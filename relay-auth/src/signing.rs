//! Ed25519 (RFC 8032) with labels, verified strictly (`LBX-SIG-1`).
//!
//! A signature covers `label || CBOR array`. Public keys are refused unless they are in canonical
//! form, not of small order and free of torsion, so that one key has one encoding and one meaning;
//! RFC 8032 leaves these open and implementations differ.

use core::fmt;

use ed25519_dalek::Signer as _;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;

use crate::{cbor::DecodeError, label::Label, secret::Secret};

/// A private signing key. Wiped when dropped; never printed.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A random key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_seed(&Secret::generate(rng))
    }

    /// The key of a 32-byte seed (RFC 8032 §5.1.5).
    #[must_use]
    pub fn from_seed(seed: &Secret) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed.expose()))
    }

    /// The seed, to be sealed and stored.
    #[must_use]
    pub fn to_seed(&self) -> Secret {
        Secret::from(*self.0.as_bytes())
    }

    /// The public key.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs `label || encoded`, where `encoded` is one CBOR array.
    #[must_use]
    pub fn sign(&self, label: Label, encoded: &[u8]) -> Signature {
        self.sign_bytes(&label.with_encoded(encoded))
    }

    /// Signs bytes whose format a standard gives, such as a signature base (RFC 9421) or a note
    /// (C2SP), which separate their domains themselves.
    #[must_use]
    pub fn sign_bytes(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

crate::wiped!(SigningKey { 0 });

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningKey([redacted])")
    }
}

/// A public key that passed the checks of `LBX-SIG-1`. 32 bytes on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Checks and takes a public key.
    ///
    /// # Errors
    /// [`DecodeError::Value`] for bytes that are no point, not canonical, or of small or mixed order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, DecodeError> {
        let refused = DecodeError::Value("a public key is not a valid Ed25519 key");
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| refused)?;
        let point = key.to_edwards();
        if key.is_weak() || point.compress().to_bytes() != *bytes || !point.is_torsion_free() {
            return Err(refused);
        }
        Ok(Self(key))
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` was made by this key over `label || encoded`.
    #[must_use]
    pub fn verifies(&self, label: Label, encoded: &[u8], signature: &Signature) -> bool {
        self.verifies_bytes(&label.with_encoded(encoded), signature)
    }

    /// Whether `signature` was made by this key over `message`, see [`SigningKey::sign_bytes`].
    #[must_use]
    pub fn verifies_bytes(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(message, &signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A public key can stand for a person as a mailbox number does.
        crate::id::redacted("VerifyingKey", formatter)
    }
}

impl<C> Encode<C> for VerifyingKey {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.bytes(self.as_bytes())?.ok()
    }
}

impl<'b, C> Decode<'b, C> for VerifyingKey {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes: &[u8; 32] =
            decoder.bytes()?.try_into().map_err(|_| minicbor::decode::Error::message("not 32 bytes"))?;
        Self::from_bytes(bytes).map_err(|_| minicbor::decode::Error::message("not a valid key"))
    }
}

/// An Ed25519 signature, 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Signature(#[cbor(with = "minicbor::bytes")] [u8; 64]);

impl Signature {
    /// The 64 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl From<[u8; 64]> for Signature {
    fn from(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label;

    #[test]
    fn a_signature_holds_for_its_key_label_and_message_only() {
        let key = SigningKey::from_seed(&Secret::from([1; 32]));
        let signature = key.sign(label::LETTER, b"\x81\x01");
        let public = key.verifying_key();
        assert!(public.verifies(label::LETTER, b"\x81\x01", &signature));
        assert!(!public.verifies(label::RECEIPT, b"\x81\x01", &signature));
        assert!(!public.verifies(label::LETTER, b"\x81\x02", &signature));
        let other = SigningKey::from_seed(&Secret::from([2; 32])).verifying_key();
        assert!(!other.verifies(label::LETTER, b"\x81\x01", &signature));
    }

    #[test]
    fn a_signature_whose_scalar_is_not_reduced_is_refused() {
        let key = SigningKey::from_seed(&Secret::from([1; 32]));
        let mut bytes = *key.sign(label::LETTER, b"\x80").as_bytes();
        // Adds the group order to S (RFC 8032 §5.1.7 demands S < L).
        const ORDER: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut carry = 0_u16;
        for (byte, add) in bytes[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(add) + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        assert!(!key.verifying_key().verifies(label::LETTER, b"\x80", &bytes.into()));
    }

    #[test]
    fn keys_of_small_order_and_keys_in_a_second_form_are_refused() {
        let mut one = [0; 32];
        one[0] = 1; // the neutral element
        let mut zero_with_sign = [0; 32];
        zero_with_sign[31] = 0x80;
        let mut not_reduced = [0xff; 32]; // y = p + 1, the neutral element again
        not_reduced[0] = 0xee;
        not_reduced[31] = 0x7f;
        for hostile in [[0; 32], one, zero_with_sign, not_reduced, [0xff; 32], [2; 32]] {
            assert!(VerifyingKey::from_bytes(&hostile).is_err(), "{hostile:02x?}");
        }
    }

    /// The key of the seed `[1; 32]` plus the point of order two: canonical, on the curve, of large order.
    #[test]
    fn a_key_of_mixed_order_is_refused_although_its_form_is_canonical() {
        let mixed = [
            0x63, 0x77, 0x1c, 0x22, 0x8b, 0xf6, 0x0e, 0x6a, 0x02, 0xad, 0x24, 0xd2, 0xc3, 0x45, 0xa2, 0x8d,
            0x35, 0x98, 0xf6, 0x40, 0xe2, 0x6b, 0xed, 0xe4, 0x0c, 0x8b, 0x77, 0xfe, 0x4b, 0xf0, 0x90, 0xa3,
        ];
        let refused = DecodeError::Value("a public key is not a valid Ed25519 key");
        assert_eq!(VerifyingKey::from_bytes(&mixed), Err(refused));
    }

    #[test]
    fn keys_are_not_printed() {
        let key = SigningKey::from_seed(&Secret::from([1; 32]));
        assert_eq!(format!("{key:?}"), "SigningKey([redacted])");
        assert_eq!(format!("{:?}", key.verifying_key()), "VerifyingKey([redacted])");
    }
}
