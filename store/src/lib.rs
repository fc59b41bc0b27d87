//! Rows on one disk that are still there after the power went, and files for what is too large for
//! a row. Knows no domain.
//!
//! # What it promises
//!
//! - [`Engine::write`] answers only when everything it did is on the disk: written, flushed and
//!   fsynced. Many callers share one fsync.
//! - Transactions run one after the other, each seeing all that came before it, and each is kept
//!   whole or not at all, also across a power cut.
//! - A reader never sees what a power cut could still take away ([`Engine::read`]).
//! - After a failed flush or fsync nothing more is taken: a second fsync may succeed although the
//!   first one lost the data ("fsyncgate", 2018), so the only safe way on is to start again from
//!   what the disk has.
//!
//! # How sled is used, and why so
//!
//! sled 0.34.7 is fast and small, but as shipped it loses acknowledged data when the power goes.
//! Every rule here answers to a fault that was seen; `tests/power_cut.py` keeps them honest.
//!
//! | rule | without it |
//! |---|---|
//! | after `flush()`, `fsync` of the file `db`, through a handle kept open | `flush()` is `sync_file_range(2)`, which does not commit the file's new size: most of what was acknowledged was gone |
//! | no background flusher (`flush_every_ms(None)`) | it races with the commit, and the store could not be opened again |
//! | keys to 128 bytes, values to 2 KiB ([`KEY_LIMIT`], [`VALUE_LIMIT`]); longer ones in chunks | a page of large values goes to a file of its own under `blobs/`, which sled never syncs |
//! | `blobs/` is looked at before every answer; if it is not empty, `syncfs(2)` for every commit ([`Alarm::LargePages`]) | the same, should a page grow in a way nobody foresaw |
//! | leftover `snap.*.generating` files are removed before opening | sled takes one for a snapshot and reports corruption |
//! | a lock of our own, taken before anything is touched | removing those leftovers would race with a running process |
//! | what recovery found is fsynced before it is served | after `kill -9` the page cache still holds rows that never reached the disk |
//!
//! sled never gives space back: [`export`] and [`import`] into a new folder does.
//!
//! What a service needs to look after a store that it does not run on: [`Resting`] holds it, reads the log
//! without sled and copies the rows to be looked at; [`back_up`] and [`restore`] move rows and blobs
//! together.
//!
//! ```
//! use store::{Engine, Options, StoreError};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let engine = Engine::open(folder.path(), Options::default())?;
//! // Read, decide, write: nobody else comes between. In async code: `engine.write(..).await`.
//! let number = engine.write_blocking(|view| {
//!     let last = view.get(b"last")?.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
//!     view.insert(b"last", &(last + 1).to_be_bytes())?;
//!     Ok::<_, StoreError>(last + 1)
//! })?;
//! assert_eq!(number, 1);
//! assert_eq!(engine.get(b"last")?, Some(1_u64.to_be_bytes().to_vec()));
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod backup;
mod blob_id;
mod blobs;
mod chunks;
mod closed;
mod committer;
mod disk;
mod durable;
mod engine;
mod error;
mod folder;
mod fsck;
mod keys;
mod layers;
mod log;
mod resting;
mod unfinished;
mod view;
mod whole;

pub use backup::{export, import};
pub use blob_id::BlobId;
pub use blobs::{Blob, Blobs};
pub use disk::Alarm;
pub use durable::Reader;
pub use engine::{Engine, Options};
pub use error::{BackupError, BlobError, StoreError};
pub use fsck::{Report, fsck};
pub use log::LogReport;
pub use resting::{BlobFile, Copied, Resting};
pub use unfinished::remove_unfinished;
pub use view::View;
pub use whole::{Contents, Owner, back_up, restore};

/// The longest key, in bytes. An index page of sled holds up to 256 of them and must stay below the
/// 128 KiB at which it would be written to an unsynced file.
pub const KEY_LIMIT: usize = 128;

/// The longest value of a row, in bytes. A leaf of sled splits above 16 rows and carries about ten
/// changes before it is rewritten: some 27 values, which must stay below 128 KiB together.
pub const VALUE_LIMIT: usize = 2048;

/// The longest long value, in bytes.
pub const LONG_LIMIT: usize = 128 * 1024;

/// The most that one transaction may write, in bytes of keys and values, counted as they are
/// written (a key written twice counts twice).
pub const TRANSACTION_LIMIT: usize = 2 * 1024 * 1024;

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);
