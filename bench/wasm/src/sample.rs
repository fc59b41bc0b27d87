//! What is worked with, as a file between two programs.

use serde::{Deserialize, Serialize};

/// An answer of a directory and a sealed letter, with everything that is needed to verify, open and seal.
/// Bytes are in base64url without padding. The keys in it were made for one run and are nobody's.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// How many people the directory had.
    pub people: u32,
    /// When it was taken, Unix seconds. What is verified is verified as at that time, so that a sample
    /// does not grow old.
    pub time: u64,
    /// The signed trust file, as its text.
    pub trust: String,
    /// The attributes that were asked for.
    pub asked: String,
    /// The directory's answer.
    pub answer: String,
    /// The signed entry of the public body that writes.
    pub body: String,
    /// The seed of its signing key.
    pub body_seed: String,
    /// The seed of the inbox key of the person who was asked for.
    pub inbox_seed: String,
    /// A letter of [`crate::TEXT_BYTES`] to that person.
    pub envelope: String,
}
