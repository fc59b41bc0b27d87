//! The name of a blob.

use std::fmt::{self, Write as _};

/// The name of a blob: 16 random bytes, drawn by the caller, used once. Knowing one may be enough to
/// ask for the blob, so it is not printed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId([u8; 16]);

impl BlobId {
    /// Takes 16 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The name of its file: 32 hexadecimal digits.
    pub(crate) fn name(&self) -> String {
        self.0.iter().fold(String::with_capacity(32), |mut name, byte| {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
            name
        })
    }

    /// The id that has this name, if any has.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let id = Self(u128::from_str_radix(name, 16).ok()?.to_be_bytes());
        // Only the one spelling that name() gives it.
        (id.name() == name).then_some(id)
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BlobId([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_name_and_is_not_printed() {
        let id = BlobId::new([0x3f; 16]);
        assert_eq!(id.name(), "3f".repeat(16));
        assert_eq!(BlobId::from_name(&id.name()), Some(id));
        for name in ["", "3f", &"3F".repeat(16), &format!("+{}", "3f".repeat(15)), &"3f".repeat(17)] {
            assert_eq!(BlobId::from_name(name), None, "{name}");
        }
        assert!(!format!("{id:?}").contains("3f"));
    }
}
