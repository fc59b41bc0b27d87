//! Identifiers that the relay knows: 16 bytes each, random unless said otherwise.
//!
//! They print as `[redacted]`: a mailbox number in a log is a person in a log.

use core::fmt;

/// Defines a 16-byte identifier whose `Debug` does not show it.
#[macro_export]
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, $crate::id::Encode, $crate::id::Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] [u8; 16]);

        impl $name {
            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// A random identifier.
            pub fn generate(rng: &mut impl $crate::id::Randomness) -> Self {
                let mut bytes = [0; 16];
                rng.fill_bytes(&mut bytes);
                Self(bytes)
            }
        }

        impl From<[u8; 16]> for $name {
            fn from(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        }

        impl ::core::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::id::redacted(stringify!($name), formatter)
            }
        }
    };
}

#[doc(hidden)]
pub use minicbor::{Decode, Encode};
#[doc(hidden)]
pub use rand_core::CryptoRng as Randomness;

/// Writes `Name([redacted])`.
#[doc(hidden)]
pub fn redacted(name: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(formatter, "{name}([redacted])")
}

identifier! {
    /// The number of a mailbox at the relay.
    MailboxId
}

identifier! {
    /// The id of an inbox key: the first 16 bytes of the labelled hash of the public key.
    InboxKeyId
}

identifier! {
    /// The id of a permit; it is spent by one deposit.
    PermitId
}

identifier! {
    /// The id of a voucher; it is spent by opening one mailbox.
    VoucherId
}

identifier! {
    /// The id of an attachment's sealed bytes at the relay.
    BlobId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_do_not_show_in_logs() {
        assert_eq!(format!("{:?}", MailboxId::from([0xab; 16])), "MailboxId([redacted])");
    }
}
