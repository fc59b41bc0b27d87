//! What comes from the operating system: the time and randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use rand_core::UnwrapErr;

/// Now, Unix seconds. A clock before 1970 counts as 1970: every head of the directory is then from the
/// future, and nothing is sealed.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The system's randomness. A system without any is no place to seal letters on: it ends the process.
pub(crate) const fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
