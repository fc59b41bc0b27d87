//! A citizen's device without its I/O.
//!
//! ```text
//! keys ─▶ enrolment ─▶ mailbox opened ─▶ letters listed ─▶ opened, verified ─▶ filed ─▶ shown
//! ```
//!
//! | step | module |
//! |---|---|
//! | the device's private keys, and how records lie on the device | [`keys`], [`local`] |
//! | three sign-ins, the first entry, what the directory shows of it | [`enrolment`] |
//! | the way back with a recovery code | [`recovery`] |
//! | reading for a while on a device that keeps nothing, and being told of it | [`session`], [`reading`] |
//! | the registry of public bodies, mirrored whole | [`registry`] |
//! | signed requests to the relay | [`relay`], [`http`] |
//! | the chain of deposits, letters, the archive | [`inbox`] |
//! | what a screen shows of a letter | [`letter`] |
//! | an attachment, fetched, opened and checked | [`download`] |
//! | when to ask again after a failure | [`retry`] |
//! | when to ask the directory, which nobody waits for | [`looks`] |
//! | when letters lock by themselves | [`idleness`], [`settings`] |
//!
//! Nothing here reads a clock, draws randomness or touches a network or a disk. Requests come out as
//! [`http::HttpRequest`], answers go in as [`http::HttpResponse`], what is to be stored comes out as
//! [`local::Writes`]. So all of it can be tried natively, with services that lie.
//!
//! Nobody is believed: what the directory and the relay say is verified here before it changes
//! anything, and each lie has a name.

#![forbid(unsafe_code)]

// minicbor's derived code names this crate.
extern crate alloc;

/// Types that hold keys, names or letters print their own name alone.
macro_rules! redacted {
    ($($name:ident),+) => {
        $(impl core::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.write_str(concat!(stringify!($name), "([redacted])"))
            }
        })+
    };
}

pub mod download;
pub mod enrolment;
pub mod http;
pub mod idleness;
pub mod inbox;
pub mod keys;
pub mod letter;
pub mod local;
pub mod looks;
pub mod reading;
pub mod recovery;
pub mod registry;
pub mod relay;
pub mod retry;
pub mod session;
pub mod settings;
mod small;
