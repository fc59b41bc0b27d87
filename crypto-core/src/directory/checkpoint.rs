//! The log's head: a C2SP checkpoint in a signed note, cosigned by witnesses (`LBX-LOG-2` to
//! `LBX-LOG-4`).
//!
//! Formats: C2SP `signed-note`, `tlog-checkpoint` and `tlog-cosignature` (`cosignature/v1`). The
//! log cosigns its own checkpoints as well, because its plain signature has no time: this is how a
//! reader without witnesses sees that a head is old. Extension lines are not used and refused.

use base64ct::{Base64, Encoding as _};
use relay_auth::signing::{Signature, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

const LONGEST_NOTE: usize = 8 * 1024;
const MOST_SIGNATURES: usize = 32;
const PLAIN: u8 = 0x01; // Ed25519 signature of a note
const COSIGNATURE: u8 = 0x04; // cosignature/v1 with Ed25519
const EM_DASH: &str = "\u{2014} ";

/// Why a checkpoint was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a checkpoint in a signed note.
    #[error("the directory sent a head that is not a checkpoint")]
    Malformed,
    /// Of another log.
    #[error("the head is of another directory")]
    OtherOrigin,
    /// Not signed by the log, or the log's time is missing.
    #[error("the head is not signed by the directory")]
    NotSigned,
    /// A signature under a known name and key does not hold.
    #[error("a signature on the directory's head does not hold")]
    Forged,
    /// Fewer witnesses than the trust file demands.
    #[error("the head is confirmed by {found} witnesses, and {needed} are needed")]
    TooFewWitnesses {
        /// Witnesses whose cosignature holds.
        found: usize,
        /// Witnesses that the trust file demands.
        needed: usize,
    },
}

/// The log's name and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    /// The origin line, such as `directory.letterbox.example/log`; also the name of the key.
    pub origin: String,
    /// The public key.
    pub key: VerifyingKey,
}

/// A witness's name and key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The name of its key.
    pub name: String,
    /// The public key.
    pub key: VerifyingKey,
}

/// A verified checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many leaves the log has.
    pub size: u64,
    /// The root over them.
    pub root: [u8; 32],
    /// When it was confirmed last: the oldest among the log's own time and the newest times that
    /// make the quorum. A head that is fresh by this time was confirmed by all of them lately.
    pub confirmed: u64,
    /// By when it existed for certain: the latest among the oldest times that make the quorum. The
    /// log's own time does not count where there are witnesses, because it could be set back.
    pub existed_by: u64,
}

struct SignatureLine<'a> {
    name: &'a str,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Checkpoint {
    /// Verifies a signed note: the log's signature and time, and cosignatures of at least `quorum`
    /// different witnesses.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn verify(
        note: &[u8],
        log: &LogKey,
        witnesses: &[Witness],
        quorum: usize,
    ) -> Result<Self, CheckpointError> {
        let (text, lines) = parse_note(note).ok_or(CheckpointError::Malformed)?;
        let (origin, size, root) = parse_text(text).ok_or(CheckpointError::Malformed)?;
        if origin != log.origin {
            return Err(CheckpointError::OtherOrigin);
        }
        let plain = signature_of(&lines, &log.origin, &log.key, PLAIN).ok_or(CheckpointError::NotSigned)?;
        let signature: [u8; 64] = plain.try_into().map_err(|_| CheckpointError::Forged)?;
        if !log.key.verifies_bytes(text.as_bytes(), &signature.into()) {
            return Err(CheckpointError::Forged);
        }
        let own_time = cosigned_at(&lines, &log.origin, &log.key, text)?.ok_or(CheckpointError::NotSigned)?;

        let mut times = Vec::new();
        let mut counted: Vec<&VerifyingKey> = vec![&log.key];
        for witness in witnesses {
            // A key counts once, under whatever names it is listed; the log's own key never.
            if !counted.contains(&&witness.key)
                && let Some(time) = cosigned_at(&lines, &witness.name, &witness.key, text)?
            {
                counted.push(&witness.key);
                times.push(time);
            }
        }
        if times.len() < quorum {
            return Err(CheckpointError::TooFewWitnesses { found: times.len(), needed: quorum });
        }
        // The quorum's newest times decide: an old cosignature beside enough new ones does no harm.
        times.sort_unstable();
        times.reverse();
        let confirmed = times.iter().take(quorum).copied().fold(own_time, u64::min);
        // One lying witness may be among the oldest; a quorum of them is not.
        let existed_by = times.iter().rev().take(quorum).copied().max().unwrap_or(own_time);
        Ok(Self { size, root, confirmed, existed_by })
    }
}

/// A key that signs the log's checkpoints.
#[derive(Debug)]
pub struct LogSigner<'a> {
    /// The origin, see [`LogKey`].
    pub origin: &'a str,
    /// The private key.
    pub key: &'a SigningKey,
}

/// The text of a checkpoint, to be signed.
#[must_use]
pub fn unsigned_checkpoint(origin: &str, size: u64, root: &[u8; 32]) -> String {
    format!("{origin}\n{size}\n{}\n", Base64::encode_string(root))
}

/// A checkpoint signed by the log, with its own cosignature of `time` (Unix seconds).
#[must_use]
pub fn sign_checkpoint(log: &LogSigner<'_>, size: u64, root: &[u8; 32], time: u64) -> String {
    let text = unsigned_checkpoint(log.origin, size, root);
    let signature = log.key.sign_bytes(text.as_bytes());
    let plain = signature_line(log.origin, &log.key.verifying_key(), PLAIN, signature.as_bytes());
    format!("{text}\n{plain}{}", cosign(&text, log.origin, log.key, time))
}

/// The line with which a witness cosigns the text of a checkpoint at `time` (Unix seconds).
#[must_use]
pub fn cosign(text: &str, name: &str, key: &SigningKey, time: u64) -> String {
    let signature = key.sign_bytes(&cosigned_message(time, text));
    let bytes = [&time.to_be_bytes()[..], signature.as_bytes()].concat();
    signature_line(name, &key.verifying_key(), COSIGNATURE, &bytes)
}

fn signature_line(name: &str, key: &VerifyingKey, kind: u8, signature: &[u8]) -> String {
    let bytes = [&key_id(name, key, kind)[..], signature].concat();
    format!("{EM_DASH}{name} {}\n", Base64::encode_string(&bytes))
}

fn cosigned_message(time: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{text}").into_bytes()
}

/// C2SP `signed-note`: the first four bytes of SHA-256 over name, newline, kind and key.
fn key_id(name: &str, key: &VerifyingKey, kind: u8) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update(b"\n")
        .chain_update([kind])
        .chain_update(key.as_bytes())
        .finalize();
    let mut id = [0; 4];
    id.copy_from_slice(&hash[..4]);
    id
}

fn signature_of<'a>(
    lines: &'a [SignatureLine<'_>],
    name: &str,
    key: &VerifyingKey,
    kind: u8,
) -> Option<&'a [u8]> {
    let id = key_id(name, key, kind);
    lines.iter().find(|line| line.name == name && line.id == id).map(|line| line.bytes.as_slice())
}

/// When the key cosigned the text; an error where a cosignature of its name and id does not hold.
fn cosigned_at(
    lines: &[SignatureLine<'_>],
    name: &str,
    key: &VerifyingKey,
    text: &str,
) -> Result<Option<u64>, CheckpointError> {
    let Some(bytes) = signature_of(lines, name, key, COSIGNATURE) else { return Ok(None) };
    let Some((time, signature)) = bytes.split_first_chunk::<8>() else { return Err(CheckpointError::Forged) };
    let time = u64::from_be_bytes(*time);
    let signature: [u8; 64] = signature.try_into().map_err(|_| CheckpointError::Forged)?;
    let holds = i64::try_from(time).is_ok()
        && key.verifies_bytes(&cosigned_message(time, text), &Signature::from(signature));
    if holds { Ok(Some(time)) } else { Err(CheckpointError::Forged) }
}

/// The text with its last newline, and the signature lines.
fn parse_note(note: &[u8]) -> Option<(&str, Vec<SignatureLine<'_>>)> {
    if note.len() > LONGEST_NOTE {
        return None;
    }
    let note = core::str::from_utf8(note).ok()?;
    if note.chars().any(|sign| sign.is_control() && sign != '\n') {
        return None;
    }
    let end = note.rfind("\n\n")?;
    let (text, signatures) = (note.get(..=end)?, note.get(end + 2..)?.strip_suffix('\n')?);
    let mut lines = Vec::new();
    for line in signatures.split('\n') {
        if lines.len() == MOST_SIGNATURES {
            return None;
        }
        let (name, encoded) = line.strip_prefix(EM_DASH)?.split_once(' ')?;
        if name.is_empty() || name.contains('+') || name.chars().any(char::is_whitespace) {
            return None;
        }
        let bytes = Base64::decode_vec(encoded).ok()?;
        let (id, bytes) = bytes.split_first_chunk::<4>()?;
        lines.push(SignatureLine { name, id: *id, bytes: bytes.to_vec() });
    }
    Some((text, lines))
}

/// Origin, size and root of a checkpoint's text.
fn parse_text(text: &str) -> Option<(&str, u64, [u8; 32])> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    if origin.is_empty() || lines.next().is_some() {
        return None;
    }
    // Digits without sign or leading zero; u64::from_str would take more.
    let number: u64 = size.parse().ok()?;
    if number.to_string() != size {
        return None;
    }
    Some((origin, number, Base64::decode_vec(root).ok()?.try_into().ok()?))
}
