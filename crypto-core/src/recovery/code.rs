//! The recovery code: what a citizen keeps on paper (`LBX-CODE-1` to `LBX-CODE-3`).
//!
//! 20 random bytes as Bech32m (BIP 350). Its alphabet was chosen for copying by hand, and its
//! checksum finds up to four wrong characters for certain. 160 random bits cannot be tried through,
//! so the keys are derived without stretching.

use core::fmt;

use bech32::{Bech32m, ByteIterExt as _, Fe32, Fe32IterExt as _, Hrp, primitives::decode::CheckedHrpstring};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{DecodeError, Suite, Version},
    label::{self, Label},
    secret::Secret,
    signing::SigningKey,
};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::inbox_key::InboxPrivateKey;

/// The human-readable part. It is checked, but not written down: every code would begin alike.
const PART: Hrp = Hrp::parse_unchecked("letterbox");

/// The human-readable part with the separator after it.
const START: &str = "letterbox1";

/// The first byte of what is encoded, before the secret.
const VERSION: u8 = 1;

const SECRET_LENGTH: usize = 20;

const GROUP_LENGTH: usize = 4;

/// 34 for version and secret, 6 for the checksum.
const CHARACTERS: usize = RecoveryCode::GROUPS * GROUP_LENGTH;

/// Why what was typed is not a recovery code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too few characters, or too many.
    #[error("a recovery code has ten groups of four characters: look for one that is missing or too many")]
    Length,
    /// A character that no code has and that looks like none that a code has.
    #[error("a recovery code has letters and digits only: look for another sign in it")]
    Character,
    /// At least one character is another than the one on paper, or two changed places.
    #[error("the recovery code has a mistake in it: compare each character with the paper")]
    Checksum,
    /// Made by a newer program.
    #[error("this program is too old for the recovery code: load the newest one")]
    Version,
}

/// What stands on paper. Wiped when dropped; never printed by accident; compared in constant time.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode([u8; SECRET_LENGTH]);

impl RecoveryCode {
    /// How many groups of four characters a code has.
    pub const GROUPS: usize = 10;

    /// A random code.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut code = Self([0; SECRET_LENGTH]);
        rng.fill_bytes(&mut code.0);
        code
    }

    /// A second copy, wiped on its own.
    #[must_use]
    pub const fn duplicate(&self) -> Self {
        Self(self.0)
    }

    /// The code as it is shown: ten groups of four capitals and digits (`LBX-CODE-1`).
    #[must_use]
    pub fn groups(&self) -> Zeroizing<Vec<String>> {
        let characters = self.characters();
        let groups = characters.as_bytes().chunks(GROUP_LENGTH);
        let shown = |group: &[u8]| -> String {
            group.iter().map(|byte| char::from(byte.to_ascii_uppercase())).collect()
        };
        Zeroizing::new(groups.map(shown).collect())
    }

    /// Reads a code as people write it (`LBX-CODE-2`).
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let text = normalised(text, START, CHARACTERS)?;
        // Length and characters are checked; what the library can still find is a wrong checksum.
        let checked = CheckedHrpstring::new::<Bech32m>(&text).map_err(|_| CodeError::Checksum)?;
        let mut bytes = checked.byte_iter();
        if bytes.next() != Some(VERSION) {
            return Err(CodeError::Version);
        }
        // The last two bits say nothing and are zero (BIP 173), so that one code has one text.
        if checked.validate_segwit_padding().is_err() {
            return Err(CodeError::Checksum);
        }
        let mut code = Self([0; SECRET_LENGTH]);
        for (place, byte) in code.0.iter_mut().zip(bytes) {
            *place = byte;
        }
        Ok(code)
    }

    /// Whether `typed` is the group at `place`, counted from 0, read as forgivingly as a whole code.
    #[must_use]
    pub fn is_group(&self, place: usize, typed: &str) -> bool {
        let characters = self.characters();
        let group = characters.as_bytes().chunks(GROUP_LENGTH).nth(place);
        let typed = normalised(typed, "", GROUP_LENGTH);
        group.zip(typed.ok()).is_some_and(|(group, typed)| group.ct_eq(typed.as_bytes()).into())
    }

    /// The keys of this code (`LBX-CODE-3`).
    ///
    /// # Errors
    /// Does not fail for any code; the signature leaves nothing to a panic.
    pub fn keys(&self) -> Result<RecoveryKeys, DecodeError> {
        Ok(RecoveryKeys {
            seal: InboxPrivateKey::from_seed(&self.derive(label::RECOVERY_SEAL)?)?,
            request: SigningKey::from_seed(&self.derive(label::RECOVERY_REQUEST)?),
        })
    }

    fn derive(&self, label: Label) -> Result<Secret, DecodeError> {
        let mut secret = Secret::from([0; 32]);
        // 32 bytes are within what HKDF-SHA256 can give (8,160).
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(&label.with(&(Version, Suite)), secret.expose_mut())
            .map_err(|_| DecodeError::Value("a recovery code that has no keys"))?;
        Ok(secret)
    }

    /// All forty characters, in small letters.
    fn characters(&self) -> Zeroizing<String> {
        // Room for all of it at once, and no text of the library's in between: growing and copying
        // would leave the code behind.
        let mut characters = Zeroizing::new(String::with_capacity(CHARACTERS));
        let symbols = core::iter::once(VERSION).chain(self.0.iter().copied()).bytes_to_fes();
        characters.extend(symbols.with_checksum::<Bech32m>(&PART).chars().skip(START.len()));
        characters
    }
}

impl PartialEq for RecoveryCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for RecoveryCode {}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecoveryCode([redacted])")
    }
}

impl<C> Encode<C> for RecoveryCode {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.bytes(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for RecoveryCode {
    fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let bytes = decoder.bytes()?;
        if bytes.len() != SECRET_LENGTH {
            return Err(minicbor::decode::Error::message("not 20 bytes"));
        }
        let mut code = Self([0; SECRET_LENGTH]);
        code.0.copy_from_slice(bytes);
        Ok(code)
    }
}

/// What follows from a code. Wiped when dropped; never printed.
#[derive(Debug)]
pub struct RecoveryKeys {
    seal: InboxPrivateKey,
    request: SigningKey,
}

relay_auth::wiped!(RecoveryKeys { seal, request });

impl RecoveryKeys {
    /// The key to which the bundle is sealed. A salted hash of its public half stands in the entry.
    #[must_use]
    pub const fn seal(&self) -> &InboxPrivateKey {
        &self.seal
    }

    /// The key that signs recovery requests to the relay, and the restart list (`LBX-ACCESS-2`).
    #[must_use]
    pub const fn request(&self) -> &SigningKey {
        &self.request
    }

    /// The same key, where the other one is not needed.
    #[must_use]
    pub fn into_request(self) -> SigningKey {
        self.request
    }
}

/// The characters that `typed` means, in small letters, after `start`. Refused unless there are
/// `count` of them (`LBX-CODE-2`).
fn normalised(typed: &str, start: &str, count: usize) -> Result<Zeroizing<String>, CodeError> {
    let length = start.len() + count;
    // Never longer than this, so that it does not grow and leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(length));
    text.push_str(start);
    for character in typed.chars().filter(|character| !stands_between(*character)) {
        let character = meant(character).ok_or(CodeError::Character)?;
        if text.len() == length {
            return Err(CodeError::Length);
        }
        text.push(character);
    }
    if text.len() == length { Ok(text) } else { Err(CodeError::Length) }
}

/// What people and programs put between characters: spaces and line ends, dots, hyphens and dashes.
fn stands_between(character: char) -> bool {
    character.is_whitespace() || matches!(character, '.' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// The character of the alphabet that is meant. It has no O, I, 1 or B, so each of them can only
/// stand for what it looks like.
fn meant(character: char) -> Option<char> {
    let character = match character.to_ascii_lowercase() {
        'o' => '0',
        'i' | '1' => 'l',
        'b' => '8',
        other => other,
    };
    Fe32::from_char(character).is_ok().then_some(character)
}
