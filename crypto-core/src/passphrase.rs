//! A secret kept under a passphrase (`LBX-PASS-1` to `LBX-PASS-4`).
//!
//! Argon2id (RFC 9106), HKDF-SHA256, XChaCha20-Poly1305. The parameters are part of the key
//! derivation and of the associated data, and have a floor: a store that lowers them gets a refusal,
//! not a cheaper guess. Where the browser has a key that cannot be exported, its output is mixed in,
//! so that a copied store cannot be guessed at elsewhere. A commitment to the key stands in the
//! record, so that no record opens under two passphrases.

use argon2::{Algorithm, Argon2, Block, Params};
use chacha20poly1305::{
    Key, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire, encode},
    label,
    secret::Secret,
};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

const LONGEST_PASSPHRASE: usize = 1024;

/// How costly a guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cost {
    /// Memory in KiB.
    #[n(0)]
    pub memory: u32,
    /// Passes over the memory.
    #[n(1)]
    pub passes: u32,
}

impl Cost {
    /// The least that is accepted: 19 MiB and two passes (OWASP's minimum for Argon2id).
    pub const FLOOR: Self = Self { memory: 19 * 1024, passes: 2 };

    /// The most that is computed: a record from elsewhere must not take the device's memory.
    pub const CEILING: Self = Self { memory: 256 * 1024, passes: 16 };

    /// What new records get: 64 MiB and three passes (RFC 9106's second recommendation, with one
    /// lane, because a worker has one thread).
    pub const USUAL: Self = Self { memory: 64 * 1024, passes: 3 };

    const fn check(self) -> Result<(), DecodeError> {
        let is_allowed = self.memory >= Self::FLOOR.memory
            && self.memory <= Self::CEILING.memory
            && self.passes >= Self::FLOOR.passes
            && self.passes <= Self::CEILING.passes;
        if is_allowed {
            Ok(())
        } else {
            Err(DecodeError::Value(
                "the cost of guessing the passphrase is below the floor, or beyond all bounds",
            ))
        }
    }
}

/// What the wrapped secret is for: a record cannot take the place of one for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Use {
    /// The key under which a profile's vault is sealed.
    #[n(0)]
    Vault,
    /// The key of a vault whose enrolment is not finished; it is dropped after an hour.
    #[n(1)]
    PendingVault,
}

/// Why a secret was not wrapped or unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// The record is none, or its parameters are not allowed.
    #[error("the stored record cannot be used: {0}")]
    Malformed(#[from] DecodeError),
    /// Nothing, or too much of it.
    #[error("a passphrase has 1 to {LONGEST_PASSPHRASE} bytes")]
    Length,
    /// The record is for something else.
    #[error("the stored record is for something else")]
    OtherUse,
    /// The browser's own key was used for the record and is not there, or the other way round.
    #[error("the record belongs to another browser profile")]
    OtherBrowser,
    /// One error for both (`LBX-PASS-4`).
    #[error("the passphrase is wrong, or the stored record was altered")]
    WrongOrAltered,
    /// There is not enough memory for the computation.
    #[error("this device does not have enough free memory to check the passphrase")]
    Memory,
}

/// A secret wrapped under a passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WrappedSecret {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    usage: Use,
    #[n(3)]
    cost: Cost,
    #[cbor(n(4), with = "minicbor::bytes")]
    salt: [u8; 16],
    #[n(5)]
    uses_browser_key: bool,
    #[n(6)]
    commitment: Bytes32,
    #[cbor(n(7), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[n(8)]
    ciphertext: Bytes,
}

impl Wire for WrappedSecret {
    const LIMITS: Limits = Limits { bytes: 512, depth: 2, items: 13 };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        self.cost.check()
    }
}

struct Keys {
    wrapping: Zeroizing<[u8; 32]>,
    commitment: Zeroizing<[u8; 32]>,
}

relay_auth::wiped!(Keys { wrapping, commitment });

impl WrappedSecret {
    /// Wraps `secret`. `browser_key` is what the browser's own key makes of [`Self::salt`], where
    /// there is such a key; it has to be computed for the salt given here.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn wrap(
        secret: &Secret,
        usage: Use,
        passphrase: &str,
        cost: Cost,
        salt: [u8; 16],
        browser_key: Option<&Secret>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, PassphraseError> {
        cost.check()?;
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        let mut wrapped = Self {
            version: Version,
            suite: Suite,
            usage,
            cost,
            salt,
            uses_browser_key: browser_key.is_some(),
            commitment: Bytes32([0; 32]),
            nonce,
            ciphertext: Bytes::default(),
        };
        let keys = wrapped.keys(passphrase, browser_key)?;
        wrapped.commitment = Bytes32(*keys.commitment);
        let key: &Key = (&*keys.wrapping).into();
        wrapped.ciphertext = XChaCha20Poly1305::new(key)
            .encrypt(&XNonce::from(nonce), Payload { msg: secret.expose(), aad: &wrapped.header() })
            .map_err(|_| PassphraseError::Memory)?
            .into();
        Ok(wrapped)
    }

    /// Unwraps the secret.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn unwrap(
        &self,
        usage: Use,
        passphrase: &str,
        browser_key: Option<&Secret>,
    ) -> Result<Secret, PassphraseError> {
        if self.usage != usage {
            return Err(PassphraseError::OtherUse);
        }
        if self.uses_browser_key != browser_key.is_some() {
            return Err(PassphraseError::OtherBrowser);
        }
        let keys = self.keys(passphrase, browser_key)?;
        if !bool::from(keys.commitment.ct_eq(&self.commitment.0)) {
            return Err(PassphraseError::WrongOrAltered);
        }
        let key: &Key = (&*keys.wrapping).into();
        let plaintext = XChaCha20Poly1305::new(key)
            .decrypt(
                &XNonce::from(self.nonce),
                Payload { msg: self.ciphertext.as_ref(), aad: &self.header() },
            )
            .map(Zeroizing::new)
            .map_err(|_| PassphraseError::WrongOrAltered)?;
        let mut secret = Secret::from([0; 32]);
        if plaintext.len() != Secret::LENGTH {
            return Err(PassphraseError::WrongOrAltered);
        }
        secret.expose_mut().copy_from_slice(&plaintext);
        Ok(secret)
    }

    /// The salt, for the browser's own key to be applied to.
    #[must_use]
    pub const fn salt(&self) -> &[u8; 16] {
        &self.salt
    }

    /// Whether the browser's own key is needed.
    #[must_use]
    pub const fn uses_browser_key(&self) -> bool {
        self.uses_browser_key
    }

    /// What is authenticated besides the secret.
    fn header(&self) -> Vec<u8> {
        let salt = Bytes::from(&self.salt[..]);
        encode(&(self.version, self.suite, self.usage, self.cost, salt, self.uses_browser_key))
    }

    fn keys(&self, passphrase: &str, browser_key: Option<&Secret>) -> Result<Keys, PassphraseError> {
        let stretched = stretch(passphrase, self.cost, &self.salt)?;
        let extracted = Hkdf::<Sha256>::new(browser_key.map(|key| &key.expose()[..]), &stretched[..]);
        let header = self.header();
        let mut keys = Keys { wrapping: Zeroizing::new([0; 32]), commitment: Zeroizing::new([0; 32]) };
        // 32 bytes are within what HKDF-SHA256 can give (8,160).
        let expanded = extracted
            .expand(&label::PASSPHRASE.with_encoded(&header), &mut keys.wrapping[..])
            .and_then(|()| {
                extracted
                    .expand(&label::PASSPHRASE_COMMITMENT.with_encoded(&header), &mut keys.commitment[..])
            });
        expanded.map_err(|_| PassphraseError::Memory)?;
        Ok(keys)
    }
}

fn stretch(passphrase: &str, cost: Cost, salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>, PassphraseError> {
    if passphrase.is_empty() || passphrase.len() > LONGEST_PASSPHRASE {
        return Err(PassphraseError::Length);
    }
    // One passphrase, however the keyboard composes its accents (RFC 8265 §4.2).
    // Room for all of it at once: growing would leave copies behind. NFC at most triples UTF-8.
    let mut composed = Zeroizing::new(String::with_capacity(3 * passphrase.len()));
    composed.extend(passphrase.nfc());
    let passphrase = composed;
    let params = Params::new(cost.memory, cost.passes, 1, Some(32))
        .map_err(|_| DecodeError::Value("the cost of the passphrase cannot be computed"))?;
    let count = params.block_count();
    let mut blocks: Vec<Block> = Vec::new();
    blocks.try_reserve_exact(count).map_err(|_| PassphraseError::Memory)?;
    blocks.resize(count, Block::default());
    let mut stretched = Zeroizing::new([0; 32]);
    let result = Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_into_with_memory(passphrase.as_bytes(), salt, &mut stretched[..], &mut blocks);
    // The library leaves its memory as it is.
    for block in &mut blocks {
        block.zeroize();
    }
    result.map_err(|_| PassphraseError::Memory)?;
    Ok(stretched)
}
