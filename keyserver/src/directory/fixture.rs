//! A core on a fresh store, for the tests of this module.

use std::path::Path;

use relay_auth::{secret::Secret, signing::SigningKey};
use service::clock::Clock;
use store::{Engine, Options};

use crate::directory::{Core, DirectoryKeys};

pub(super) fn engine(folder: &Path) -> Engine {
    let options = Options { cache_bytes: 16 << 20, reserve_bytes: 0, ..Options::default() };
    Engine::open(folder, options).unwrap()
}

pub(super) fn core(folder: &Path) -> Core {
    let keys = DirectoryKeys {
        vrf: Secret::from([31; 32]),
        log: SigningKey::from_seed(&Secret::from([32; 32])),
        origin: "directory.letterbox.example/log".to_owned(),
    };
    Core::new(engine(folder), keys, Clock::new(|| 1_800_000_000)).unwrap()
}
