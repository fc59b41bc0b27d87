//! Letters, version 1: what a public body writes and a citizen reads.
//!
//! ```text
//! Letter ─ sign ─▶ SignedLetter ─ pad, seal ─▶ Envelope        at the body
//! Envelope ─ open ─▶ OpenedLetter ─ verify ─▶ VerifiedLetter   on the device
//! ```
//!
//! The body signs a statement that names the letter, the recipient, the key, itself and the time,
//! so that a letter cannot be passed on as if it were for another, or shown as from another
//! (`LBX-LETTER-2`). The device compares each of these with what it knows. Nothing of a letter is
//! shown before its signature holds, and there is no switch to change that.

mod content;
mod fingerprint;
mod statement;

pub use content::{
    Action, ActionCode, Alternative, AlternativeKind, Amount, Attachment, AttachmentKey, Inline, Letter,
    LetterId, ThreadId,
};
pub use statement::{
    LetterError, OpenedLetter, SealedLetter, Sender, SignedLetter, VerifiedLetter, WriteError,
};
