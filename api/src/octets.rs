//! Byte strings. They print their length alone: a body must not end up in a log.

use core::fmt;

use minicbor::{Decode, Encode};
use utoipa::ToSchema;

/// A byte string of any length.
#[derive(Clone, Default, PartialEq, Eq, Encode, Decode, ToSchema)]
#[cbor(transparent)]
#[schema(value_type = String, format = Binary)]
pub struct Octets(#[cbor(with = "minicbor::bytes")] pub Vec<u8>);

impl fmt::Debug for Octets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Octets({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Octets {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Octets {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, ToSchema)]
        #[cbor(transparent)]
        #[schema(value_type = String, format = Binary)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; $length]);

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }

        impl From<[u8; $length]> for $name {
            fn from(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }
        }
    };
}

fixed! {
    /// 16 bytes: an identifier.
    Octets16, 16
}

fixed! {
    /// 32 bytes: a hash.
    Octets32, 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_do_not_show_in_logs() {
        assert_eq!(format!("{:?}", Octets(vec![0xab; 3])), "Octets(3 bytes)");
        assert_eq!(format!("{:?}", Octets16([0xab; 16])), "Octets16([redacted])");
    }
}
