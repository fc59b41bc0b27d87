//! Checks a store that no service has open.

use std::{fmt, fs, path::Path};

use crate::{
    KEY_LIMIT, StoreError, VALUE_LIMIT,
    chunks::{self, Header},
    folder::Folder,
    keys::{self, Stored},
    layers,
};

/// How much memory sled may use while a store is checked, exported or imported, in bytes.
pub(crate) const CACHE_BYTES: u64 = 64 << 20;

/// How many faults are written down one by one; the rest is counted.
const LISTED: usize = 1000;

/// What a check found. Its text names keys, which may say more than a log should.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// How many rows there are.
    pub rows: u64,
    /// How many long values there are, damaged ones included.
    pub long_values: u64,
    /// How many bytes of keys and values, without what sled needs around them.
    pub bytes: u64,
    /// How many faults there are.
    pub faults: u64,
    /// The first thousand of them, in words.
    pub listed: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults == 0
    }

    fn fault(&mut self, what: String) {
        self.faults += 1;
        if self.listed.len() < LISTED {
            self.listed.push(what);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, long_values, bytes, faults, listed } = self;
        write!(out, "{rows} rows, {long_values} long values, {bytes} bytes, {faults} faults")?;
        listed.iter().try_for_each(|what| write!(out, "\n{what}"))
    }
}

/// Reads every row of the store in `path`: keys and values within their limits, long values whole,
/// no chunk without its header, nothing in a file of its own. Changes no row (opening the store lets
/// sled finish its recovery).
///
/// # Errors
/// [`StoreError::InUse`] while a service has it open; [`StoreError::Corrupt`] if sled cannot open or
/// read it at all; [`StoreError::Io`].
pub fn fsck(path: impl AsRef<Path>) -> Result<Report, StoreError> {
    let path = path.as_ref();
    let folder = Folder::open_existing(path, CACHE_BYTES)?;
    let mut report = Report::default();
    for row in folder.db.iter() {
        let (stored, value) = row.map_err(|error| StoreError::sled("read from the store", error))?;
        report.bytes += (stored.len() + value.len()) as u64;
        check_row(&folder.db, &mut report, &stored, &value)?;
    }
    let large = fs::read_dir(path.join("blobs")).map_or(0, Iterator::count);
    if large > 0 {
        report.fault(format!("{large} pages in files of their own under blobs/"));
    }
    Ok(report)
}

fn check_row(db: &sled::Db, report: &mut Report, stored: &[u8], value: &[u8]) -> Result<(), StoreError> {
    let Some(parsed) = Stored::parse(stored) else {
        report.fault(format!("a key that is none of ours: {}", hex(stored)));
        return Ok(());
    };
    let key = parsed.key();
    if key.len() > KEY_LIMIT || value.len() > VALUE_LIMIT {
        report.fault(format!("{} is over the limits: {} and {} bytes", hex(key), key.len(), value.len()));
    }
    match parsed {
        Stored::Row { .. } => report.rows += 1,
        Stored::Part { index: 0, .. } => {
            report.long_values += 1;
            match chunks::join(key, |stored| layers::lookup(db, &[], stored)) {
                Ok(_) => {}
                Err(StoreError::Corrupt { what }) => report.fault(format!("{}: {what}", hex(key))),
                Err(other) => return Err(other),
            }
        }
        Stored::Part { index, .. } => {
            let header = layers::lookup(db, &[], &keys::part(key, 0))?;
            let belongs = match header.as_deref().map(Header::parse) {
                Some(Ok(header)) => index <= header.chunks(),
                // A damaged header was reported for itself.
                Some(Err(_)) => true,
                None => false,
            };
            if !belongs {
                report.fault(format!("{}: chunk {index} belongs to no value", hex(key)));
            }
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Options};

    #[test]
    fn every_kind_of_damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(folder.path(), Options { reserve_bytes: 0, ..Options::default() }).unwrap();
        engine
            .write_blocking(|view| {
                view.insert(b"row", b"value")?;
                view.insert_long(b"missing", &[1; 9000])?;
                view.insert_long(b"orphan", &[2; 9000])?;
                view.insert_long(b"header", &[3; 9000])?;
                view.insert_long(b"whole", &[4; 9000])
            })
            .unwrap();
        drop(engine);
        let report = fsck(folder.path()).unwrap();
        assert!(report.is_sound(), "{report}");
        assert_eq!((report.rows, report.long_values), (1, 4));

        let opened = Folder::open(folder.path(), CACHE_BYTES).unwrap();
        opened.db.remove(keys::part(b"missing", 3)).unwrap();
        opened.db.insert(keys::part(b"orphan", 6), vec![2_u8; 10]).unwrap();
        opened.db.insert(keys::part(b"header", 0), vec![0_u8]).unwrap();
        opened.db.insert(keys::row(b"large"), vec![0_u8; VALUE_LIMIT + 1]).unwrap();
        opened.db.insert("?", "foreign").unwrap();
        drop(opened);
        let report = fsck(folder.path()).unwrap();
        assert_eq!(report.faults, 5, "{report}");
        let said = |key: &[u8]| report.listed.iter().any(|what| what.contains(&hex(key)));
        for key in [&b"missing"[..], b"orphan", b"header", b"large", b"?"] {
            assert!(said(key), "{} is not in {report}", hex(key));
        }
        assert!(!said(b"whole"));
    }
}
