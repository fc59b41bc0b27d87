//! [`Records`] on the embedded engine, which the directory's tree shares.
//!
//! # Rows
//!
//! The first byte of a key says what it is; those below 0x10 are the tree's and the log's. *Subject*
//! and *citizen* are keyed hashes (32 bytes), *sealed* is as `sealing.rs` says. Long values are
//! marked with an asterisk.
//!
//! | key | value |
//! |---|---|
//! | `10` subject | sealed: the citizen's id |
//! | `11` citizen | sealed *: the account |
//! | `12` citizen, number | *: an entry, numbered from 0 |
//! | `13` citizen, hash of evidence | sealed *: the evidence |
//! | `14` citizen, hash of evidence | sealed *: the confirmed address with its salt |
//! | `15` citizen | sealed *: the voucher, and until when it is taken |
//! | `16` hash of handle | sealed *: a sign-in under way |
//! | `17` end, hash of handle | that the sign-in ends then |
//! | `18` end, request key, nonce | a nonce; it can go then |
//! | `19` day, body | how many people the body has looked up on that day |
//! | `1a` body | how many entries it has |
//! | `1b` body, 0, number | *: an entry, numbered from 0 |

mod accounts;
mod bodies;
mod check;
mod keys;
mod requests;
mod sign_ins;

use std::fmt;

use ::store::{Engine, StoreError};
use async_trait::async_trait;
use crypto_core::{
    body::{BodyId, SignedBodyEntry},
    citizen::{DirectoryId, SignedEntry},
};
use minicbor::{Decode, Encode};
use relay_auth::{cbor::encode, secret::Secret};
use zeroize::Zeroizing;

pub use self::check::RecordFindings;
use super::{Change, Denied, KeptEvidence, Records, StoreFailure, index::Index, sealing::Sealing};
use crate::{
    accounts::{Account, vouchers::KeptVoucher},
    bodies::requests::Proven,
    directory::RowWrite,
    sign_ins::session::{Handle, Session},
};

/// The keys of the rows.
#[derive(Debug)]
pub struct RecordKeys {
    /// Names rows about a person.
    pub index: Secret,
    /// Seals them.
    pub sealing: Secret,
}

relay_auth::wiped!(RecordKeys { index, sealing });

/// The directory's records in the folder of its engine.
pub struct Embedded {
    engine: Engine,
    index: Index,
    sealing: Sealing,
}

impl Embedded {
    /// Records on an open engine.
    #[must_use]
    pub fn new(engine: Engine, keys: RecordKeys) -> Self {
        Self { engine, index: Index::new(keys.index), sealing: Sealing::new(&keys.sealing) }
    }

    /// Encodes and seals the value of a row.
    fn sealed<T: Encode<()>>(&self, row: &[u8], value: &T) -> Result<Vec<u8>, StoreFailure> {
        self.sealing.seal(row, &Zeroizing::new(encode(value)))
    }

    /// Opens and decodes the value of a row.
    fn opened<T: for<'b> Decode<'b, ()>>(&self, row: &[u8], sealed: &[u8]) -> Result<T, StoreFailure> {
        read(&self.sealing.open(row, sealed)?)
    }

    /// The value of a long row that is sealed.
    fn find_sealed<T: for<'b> Decode<'b, ()>>(&self, row: &[u8]) -> Result<Option<T>, StoreFailure> {
        self.engine.get_long(row)?.map(|sealed| self.opened(row, &sealed)).transpose()
    }

    /// Writes a long row.
    async fn write_long(&self, row: Vec<u8>, value: Vec<u8>) -> Result<(), StoreFailure> {
        self.engine.write(move |view| view.insert_long(&row, &value).map_err(StoreFailure::from)).await
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Embedded")
    }
}

/// Decodes what a row holds.
fn read<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, StoreFailure> {
    minicbor::decode(bytes)
        .map_err(|_| StoreFailure::damaged("a row is not what this version of the directory writes"))
}

#[async_trait]
impl Records for Embedded {
    async fn account_of(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        accounts::of_subject(self, subject)
    }

    async fn account(&self, citizen: DirectoryId) -> Result<Option<Account>, StoreFailure> {
        accounts::find(self, citizen)
    }

    async fn chain(&self, account: &Account) -> Result<Vec<SignedEntry>, StoreFailure> {
        accounts::chain(self, account)
    }

    async fn evidence(
        &self,
        citizen: DirectoryId,
        hash: &[u8; 32],
    ) -> Result<Option<KeptEvidence>, StoreFailure> {
        accounts::evidence(self, citizen, hash)
    }

    async fn voucher(&self, citizen: DirectoryId) -> Result<Option<KeptVoucher>, StoreFailure> {
        self.find_sealed(&keys::voucher(&self.index.citizen(citizen)))
    }

    async fn keep_voucher(&self, citizen: DirectoryId, voucher: &KeptVoucher) -> Result<(), StoreFailure> {
        let (row, value) = accounts::voucher_row(self, citizen, voucher)?;
        self.write_long(row, value).await
    }

    async fn sign_in(&self, handle: &Handle) -> Result<Option<Session>, StoreFailure> {
        self.find_sealed(&keys::sign_in(&handle.name()))
    }

    async fn keep_sign_in(
        &self,
        handle: &Handle,
        session: &Session,
        is_new: bool,
    ) -> Result<bool, StoreFailure> {
        sign_ins::keep(self, handle, session, is_new).await
    }

    async fn bodies(&self) -> Result<Vec<(BodyId, Vec<SignedBodyEntry>)>, StoreFailure> {
        bodies::all(self)
    }

    async fn spend(&self, by: &Proven, most: u64, now: u64) -> Result<(), Denied> {
        requests::spend(self, by, most, now).await
    }

    async fn forget(&self, now: u64) -> Result<(), StoreFailure> {
        sign_ins::forget(self, now).await?;
        requests::forget(self, now).await
    }

    fn rows(&self, change: &Change<'_>) -> Result<Vec<RowWrite>, StoreFailure> {
        match change {
            Change::Begun { subject, account } => accounts::provisioned(self, subject, account),
            Change::Enrolled { subject, account, entry, kept, voucher, sign_in } => {
                let mut rows = accounts::provisioned(self, subject, account)?;
                rows.extend(accounts::first_entry(self, account, entry, kept, voucher)?);
                rows.extend(sign_ins::used_up(*sign_in));
                Ok(rows)
            }
            Change::Extended { account, entry } => accounts::further_entry(self, account, entry),
            Change::Recovered { account, entry, kept, sign_in } => {
                let mut rows = accounts::further_entry(self, account, entry)?;
                rows.extend(accounts::evidence_rows(self, account.citizen, kept)?);
                rows.extend(sign_ins::used_up(*sign_in));
                Ok(rows)
            }
            Change::Body { id, entries, entry } => bodies::further_entry(id, *entries, entry),
        }
    }

    async fn probe(&self) -> Result<(), StoreFailure> {
        let written = self
            .engine
            .write(|view| {
                let last = view.get(keys::PROBE)?.and_then(|bytes| bytes.try_into().ok());
                let next = last.map_or(0, u64::from_be_bytes).wrapping_add(1).to_be_bytes();
                view.insert(keys::PROBE, &next)?;
                Ok::<_, StoreError>(next)
            })
            .await?;
        let read = self.engine.get(keys::PROBE)?;
        // Another probe may have come between; what counts is that the row is there.
        if read.is_some_and(|read| read.len() == written.len()) {
            Ok(())
        } else {
            Err(StoreFailure::Unavailable("a row that was written cannot be read".to_owned()))
        }
    }

    async fn until_failed(&self) -> String {
        self.engine.until_failed().await
    }

    fn alarms(&self) -> Vec<String> {
        self.engine.alarms().iter().map(ToString::to_string).collect()
    }
}
