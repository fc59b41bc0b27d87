//! A full disk refuses what is new, keeps what is there, and serves again when there is room.
//!
//! It needs root, to mount a small file system; without it the test is skipped, unless
//! `LETTERBOX_REQUIRE_POWER_CUT=1`.

use std::{fs, path::Path, process::Command};

use store::{BlobError, BlobId, Blobs, Engine, LONG_LIMIT, Options, StoreError};

use crate::support::{Mounted, is_required, options};

const MIB: u64 = 1 << 20;

/// Mounts a file system of 32 MiB, or says why it cannot.
fn mount_small(folder: &Path) -> Result<(), String> {
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=32m", "tmpfs"]).arg(folder).output();
    match mount {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("no tmpfs here: {}", String::from_utf8_lossy(&output.stderr))),
        Err(cause) => Err(format!("no mount command here: {cause}")),
    }
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_new_and_keeps_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = Mounted(folder.path().to_owned());
    if let Err(why) = mount_small(&mounted.0) {
        assert!(!is_required(), "the full-disk test was skipped although it is required: {why}");
        return eprintln!("skipped: {why}");
    }
    let filler = mounted.0.join("filler");
    fs::write(&filler, vec![1_u8; 12 << 20]).unwrap();
    let engine =
        Engine::open(mounted.0.join("rows"), Options { reserve_bytes: 6 * MIB, ..options() }).unwrap();
    let blobs = Blobs::open(mounted.0.join("blobs"), 6 * MIB).unwrap();
    let small = BlobId::new([1; 16]);
    blobs.append(small, 0, b"abc".to_vec()).await.unwrap();

    let mut kept = 0_u32;
    let refused = loop {
        let number = kept.to_be_bytes();
        match engine.write(move |view| view.insert_long(&number, &vec![number[3]; LONG_LIMIT])).await {
            Ok(()) => kept += 1,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, StoreError::Full), "{refused}");
    assert!(kept > 0);
    assert_eq!(engine.failed(), None);
    let large = vec![2_u8; 1 << 20];
    for (id, offset) in [(small, 3), (BlobId::new([2; 16]), 0)] {
        let refused = blobs.append(id, offset, large.clone()).await;
        assert!(matches!(refused, Err(BlobError::Store(StoreError::Full))), "{refused:?}");
    }
    assert_eq!(fs::read_dir(mounted.0.join("blobs/partial")).unwrap().count(), 1);

    // What was acknowledged is there, and can be removed.
    for number in 0..kept {
        let value = engine.get_long(&number.to_be_bytes()).unwrap();
        assert_eq!(value, Some(vec![number.to_be_bytes()[3]; LONG_LIMIT]));
    }
    // What is whole can be adopted: that needs no room.
    blobs.adopt(small, 3).await.unwrap();
    blobs.settle(small).await.unwrap();
    assert_eq!(blobs.list().await.unwrap(), [small]);
    engine.write(|view| view.remove_long(&0_u32.to_be_bytes())).await.unwrap();
    assert_eq!(engine.get_long(&0_u32.to_be_bytes()).unwrap(), None);

    fs::remove_file(filler).unwrap();
    engine.write(|view| view.insert(b"room", b"again")).await.unwrap();
    blobs.append(BlobId::new([2; 16]), 0, large).await.unwrap();
    assert_eq!(engine.get(b"room").unwrap(), Some(b"again".to_vec()));
    // Closed before the file system goes.
    drop((engine, blobs));
}
