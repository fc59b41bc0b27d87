//! Every cryptographic rule of Letterbox.
//!
//! A public body seals a letter to a key that the directory proves to be the citizen's; the
//! citizen's devices open it and verify who wrote it. The relay in between stores bytes.
//!
//! | who | does | module |
//! |---|---|---|
//! | body | looks a person up and verifies every proof before it seals | [`directory`], [`citizen`], [`evidence`] |
//! | body | writes, signs, pads and seals a letter | [`letter`], [`envelope`] |
//! | device | opens it, verifies the body's signature, files it | [`letter`], [`body`], [`archive`] |
//! | device | keeps its keys under a passphrase, everything else under its keys | [`passphrase`], [`local`] |
//! | citizen | comes back from a code on paper when every device is gone | [`recovery`] |
//!
//! Nothing here reads a clock, draws randomness, or touches a network or a disk: time and
//! randomness come in as arguments. The rules have ids (`LBX-…`) that `docs/protocol.md` explains.
//! Types that say *verified* can only be made by the check that they are named after.
//!
//! Mistakes that others made, and why they cannot happen here, are in [`manual`].

#![forbid(unsafe_code)]

// minicbor's derived code names this crate.
extern crate alloc;

pub mod archive;
pub mod attachment;
pub mod body;
pub mod citizen;
pub mod directory;
pub mod envelope;
pub mod evidence;
pub mod inbox_key;
pub mod jwt;
pub mod letter;
pub mod local;
pub mod manual;
pub mod padding;
pub mod passphrase;
pub mod person;
pub mod recovery;
mod sealing;
pub mod seed;
mod text;
pub mod trust;
