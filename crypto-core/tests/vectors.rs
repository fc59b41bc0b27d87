//! The published vectors: what `docs/vectors/` says is what the code does.

/// stub
pub(crate) fn signed_letter() -> Vec<u8> { vec![] }
