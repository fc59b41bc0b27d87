//! 32 secret bytes: wiped when dropped, never printed, compared in constant time.

use core::fmt;

use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;
pub use zeroize::ZeroizeOnDrop;

/// A 256-bit secret: a symmetric key, or the seed of a private key.
///
/// It cannot be copied by accident; [`Secret::duplicate`] says so where a copy is needed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

impl Secret {
    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// A random secret.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut secret = Self([0; 32]);
        rng.fill_bytes(&mut secret.0);
        secret
    }

    /// The secret bytes, for a cryptographic primitive.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The secret bytes to be filled in place, so that no copy stays behind.
    pub const fn expose_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }

    /// A second copy, wiped on its own.
    #[must_use]
    pub const fn duplicate(&self) -> Self {
        Self(self.0)
    }
}

impl From<[u8; 32]> for Secret {
    fn from(mut bytes: [u8; 32]) -> Self {
        let secret = Self(bytes);
        bytes.zeroize();
        secret
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl ConstantTimeEq for Secret {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Secret {}

/// Says of a type that it is wiped when dropped, because those of its fields are that hold secrets. Where
/// one of them is not, the program does not compile.
///
/// ```
/// struct Pair {
///     public: u8,
///     private: relay_auth::secret::Secret,
/// }
///
/// relay_auth::wiped!(Pair { private });
/// ```
///
/// ```compile_fail
/// struct Pair {
///     public: u8,
///     private: [u8; 32],
/// }
///
/// relay_auth::wiped!(Pair { private });
/// ```
#[macro_export]
macro_rules! wiped {
    ($($name:ident { $($field:tt),+ })+) => {
        $(
            impl $crate::secret::ZeroizeOnDrop for $name {}

            const _: fn(&$name) = |secrets| {
                $($crate::secret::is_wiped(&secrets.$field);)+
            };
        )+
    };
}

/// Compiles for what is wiped when dropped.
pub const fn is_wiped<T: ZeroizeOnDrop + ?Sized>(_: &T) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_redacted_and_compared_by_value() {
        let secret = Secret::from([7; 32]);
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(secret, secret.duplicate());
        assert_ne!(secret, Secret::from([8; 32]));
    }
}
