//! What is remembered, as it is kept.

use crypto_core::citizen::{DirectoryId, History, HistoryError, SignedEntry};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{DecodeError, Limits, Start, Version, Wire},
    signing::VerifyingKey,
};

/// As many as an answer of the directory may have.
const MOST_ENTRIES: usize = 256;

/// The trust file that was used last.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KnownTrust {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// Who signed it.
    #[n(1)]
    pub deployment: VerifyingKey,
    /// When it was issued, Unix seconds.
    #[n(2)]
    pub issued: u64,
}

impl Wire for KnownTrust {
    const LIMITS: Limits = Limits { bytes: 64, depth: 1, items: 4 };
}

/// Whom a person's details led to: the entries from the first on, as they were proven.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KnownRecipient {
    /// Always 1.
    #[n(0)]
    pub version: Version,
    /// The citizen.
    #[n(1)]
    pub directory_id: DirectoryId,
    /// The signed entries.
    #[n(2)]
    pub chain: Vec<SignedEntry>,
}

impl Wire for KnownRecipient {
    const LIMITS: Limits = Limits { bytes: 2_560 * 1024, depth: 7, items: 16_384 };
    const START: Start = Start::Version;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.chain.len() > MOST_ENTRIES {
            return Err(DecodeError::Value("too many entries are remembered of a person"));
        }
        self.chain.iter().try_for_each(Wire::validate)
    }
}

impl KnownRecipient {
    /// Walks the chain again, from its first entry.
    pub(crate) fn verify(&self) -> Result<History, HistoryError> {
        History::verify(self.directory_id, &self.chain)
    }
}
