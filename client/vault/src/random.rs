//! Randomness of the browser (`crypto.getRandomValues`).

use getrandom::{SysRng, rand_core::UnwrapErr};

/// Whether the browser gives randomness. Asked once, before anything else: a browser that gives it
/// once gives it always, so that [`source`] has nothing to fail on afterwards.
pub(crate) fn is_there() -> bool {
    getrandom::fill(&mut [0; 32]).is_ok()
}

pub(crate) fn source() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A number from 0 up to, but not including, `below`, close enough to even for waiting times.
pub(crate) fn number(below: u32) -> u32 {
    getrandom::u32().unwrap_or(0) % below.max(1)
}
