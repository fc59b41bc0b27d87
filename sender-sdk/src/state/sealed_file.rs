//! One remembered thing in one file: whole or not at all, and authenticated.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, Bytes32, Limits, Start, Version, Wire},
    hex,
    label::{self, Label},
    secret::Secret,
};
use sha2::Sha256;

/// The largest file that is read, in bytes.
pub(super) const LARGEST: usize = 2_600 * 1024;

/// How the name of a file ends that is being written.
pub(super) const NEW: &str = ".new";

#[derive(Encode, Decode)]
struct SealedRecord {
    #[n(0)]
    version: Version,
    #[n(1)]
    record: Bytes,
    /// HMAC-SHA256 (RFC 2104) under the folder's key over label, the file's name and the record.
    #[n(2)]
    code: Bytes32,
}

impl Wire for SealedRecord {
    const LIMITS: Limits = Limits { bytes: LARGEST, depth: 1, items: 4 };
    const START: Start = Start::Version;
}

/// A record with its authentication code.
pub(super) fn seal(key: &Secret, name: &str, record: &[u8]) -> Vec<u8> {
    let record = Bytes::from(record);
    let code: [u8; 32] = code(key, name, &record).finalize().into_bytes().into();
    SealedRecord { version: Version, record, code: code.into() }.to_bytes()
}

/// The record, if it is what was written under this name.
pub(super) fn open(key: &Secret, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let SealedRecord { record, code: found, .. } = SealedRecord::from_bytes(sealed).ok()?;
    code(key, name, &record).verify_slice(&found.0).ok()?;
    Some(record.as_ref().to_vec())
}

/// A file's name that tells nothing without the folder's key: 32 hexadecimal digits.
pub(super) fn name(key: &Secret, named: &[u8]) -> String {
    let hash = mac(key, label::SENDER_FILE_NAME, &(Bytes::from(named),)).finalize().into_bytes();
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    hex::encode(&short)
}

/// Reads a file of at most `most` bytes and one.
pub(super) fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts a file in the place of an older one. After a crash there is the old one or the new one, and
/// when this returns, the new one is on the disk.
pub(super) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = folder.join(format!("{name}{NEW}"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, folder.join(name))?;
    File::open(folder)?.sync_all()
}

fn code(key: &Secret, name: &str, record: &Bytes) -> Hmac<Sha256> {
    mac(key, label::SENDER_RECORD, &(name, record))
}

fn mac<T: Encode<()>>(key: &Secret, label: Label, fields: &T) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key.expose())
        .expect("HMAC takes a key of any length")
        .chain_update(label.with(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_under_its_own_name_and_key_only() {
        let key = Secret::from([1; 32]);
        let sealed = seal(&key, "trust", b"record");
        assert_eq!(open(&key, "trust", &sealed).unwrap(), b"record");
        assert!(open(&key, "log", &sealed).is_none());
        assert!(open(&Secret::from([2; 32]), "trust", &sealed).is_none());
        for place in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert!(open(&key, "trust", &altered).is_none(), "byte {place}");
        }
    }

    #[test]
    fn names_differ_by_key_and_by_what_they_name() {
        let key = Secret::from([1; 32]);
        assert_eq!(name(&key, b"ann"), name(&key, b"ann"));
        assert_ne!(name(&key, b"ann"), name(&key, b"bob"));
        assert_ne!(name(&key, b"ann"), name(&Secret::from([2; 32]), b"ann"));
        assert_eq!(name(&key, b"ann").len(), 32);
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        replace(folder.path(), "trust", b"one").unwrap();
        replace(folder.path(), "trust", b"two").unwrap();
        assert_eq!(read(&folder.path().join("trust"), 10).unwrap(), b"two");
        assert!(!folder.path().join("trust.new").exists());
    }
}
