//! Randomness, from the system alone.

use getrandom::SysRng;
use rand_core::{Rng as _, UnwrapErr};

/// The system's randomness. A system that gives none ends the request that asked for it: there is
/// nothing safe to go on with.
pub(crate) const fn system() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    system().fill_bytes(&mut bytes);
    bytes
}
