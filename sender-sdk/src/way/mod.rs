//! The states of a letter's way. Each is made by the check before it and by nothing else.

mod found;
mod proven;
mod sealed;

pub use self::{
    found::{Found, Recipient},
    proven::Proven,
    sealed::Sealed,
};
