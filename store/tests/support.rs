//! What several tests need.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc,
};

use store::{Engine, Options, StoreError};

/// The process that crash tests kill.
pub(crate) const WRITER: &str = env!("CARGO_BIN_EXE_store-writer");

/// Whether a test for which this machine has no means is a failure.
pub(crate) fn is_required() -> bool {
    env::var("LETTERBOX_REQUIRE_POWER_CUT").is_ok_and(|value| value == "1")
}

pub(crate) fn options() -> Options {
    Options { cache_bytes: 32 << 20, reserve_bytes: 0, ..Options::default() }
}

pub(crate) fn open(folder: &Path) -> Engine {
    Engine::open(folder, options()).unwrap()
}

/// Keeps the committer inside a transaction until the answer is dropped, so that everything that is
/// written meanwhile becomes one group.
pub(crate) async fn hold(engine: &Engine) -> mpsc::Sender<()> {
    let (entered, inside) = tokio::sync::oneshot::channel();
    let (release, gate) = mpsc::channel::<()>();
    let engine = engine.clone();
    tokio::spawn(async move {
        let held = engine.write(move |_view| {
            let _ = entered.send(());
            let _ = gate.recv();
            Ok::<_, StoreError>(())
        });
        held.await
    });
    inside.await.unwrap();
    release
}

/// A mount point that is unmounted however the test ends.
pub(crate) struct Mounted(pub(crate) PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // Quietly: where all went well, it is unmounted already.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}
