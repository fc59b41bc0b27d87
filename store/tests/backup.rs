//! An export holds the store whole, and anything less is not taken for one.

use std::{fs, path::Path};

use store::{StoreError, View, export, fsck, import};

use crate::support::open;

fn filled(folder: &Path) -> Vec<u8> {
    let engine = open(folder);
    let fill = |view: &mut View| -> Result<(), StoreError> {
        for number in 0..50_u8 {
            view.insert(&[number], &[number; 100])?;
            view.insert_long(&[number, 255], &vec![number; 20_000])?;
        }
        view.insert(b"", b"a key may be empty")
    };
    engine.write_blocking(fill).unwrap();
    drop(engine);
    let mut bytes = Vec::new();
    assert_eq!(export(folder, &mut bytes).unwrap(), 51 + 50 * 11);
    bytes
}

#[test]
fn an_imported_store_is_the_one_that_was_exported() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = filled(&folder.path().join("first"));
    let second = folder.path().join("second");
    assert_eq!(import(&bytes[..], &second).unwrap(), 51 + 50 * 11);
    let report = fsck(&second).unwrap();
    assert!(report.is_sound(), "{report}");
    let mut again = Vec::new();
    export(&second, &mut again).unwrap();
    assert!(again == bytes);
    let engine = open(&second);
    assert_eq!(engine.get_long(&[7, 255]).unwrap(), Some(vec![7; 20_000]));
    assert_eq!(engine.get(b"").unwrap(), Some(b"a key may be empty".to_vec()));
}

#[test]
fn a_damaged_export_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = filled(&folder.path().join("first"));
    let target = folder.path().join("target");
    let refused = |bytes: &[u8], what: &str| {
        let result = import(bytes, &target);
        assert!(matches!(result, Err(StoreError::Corrupt { .. })), "{what}: {result:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{what}");
    };
    for at in [0, 20, bytes.len() / 2, bytes.len() - 38, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        refused(&altered, &format!("altered at {at}"));
    }
    for length in [0, 10, 17, bytes.len() / 2, bytes.len() - 1] {
        refused(&bytes[..length], &format!("cut at {length}"));
    }
}

#[test]
fn an_import_never_touches_a_folder_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = filled(&folder.path().join("first"));
    let result = import(&bytes[..], folder.path());
    assert!(matches!(result, Err(StoreError::Io { .. })), "{result:?}");
}
