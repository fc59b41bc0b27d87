//! Letters to citizens, for public bodies.
//!
//! A letter is sealed to a key that the directory *proves* to be the person's, and deposited at the
//! relay, which stores bytes and signs for them. Nothing is sealed on a promise: each state of a
//! letter's way is a type, and only the check that it is named after makes it.
//!
//! ```text
//! Letter ─ find ─▶ Found ─ prove ─▶ Proven ─ upload, seal ─▶ Sealed ─ deposit ─▶ Delivery
//!                             │
//!                             └▶ Obstacle: no mailbox, not ready, resetting, ambiguous, expired
//! ```
//!
//! [`Sender::send`] goes the whole way, and looks up and seals again if the person's key changes
//! meanwhile. An [`Obstacle`] is a proven answer, a [`SendError`] is none: print a letter for the
//! first, never for the second.
//!
//! ```no_run
//! use sender_sdk::{File, Letter, Outcome, Person, Sender, Settings};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // Made by `letterbox keys new`.
//! let sender = Sender::connect(Settings::read("example-council.toml")?).await?;
//! let person = Person::new("Màiri", "MacDonald", "1985-03-14", Some("EH1 1AA"))?;
//! let letter = Letter::to(person)
//!     .subject("Your council tax for 2027")
//!     .summary("You owe £120. Pay by 1 April.")
//!     .text("Dear Ms MacDonald,\n\nyour **council tax** is due on 1 April.")
//!     .attach(File::open("council-tax-2027.pdf")?.labelled("How your council tax is worked out"));
//! match sender.send(&letter).await? {
//!     Outcome::Delivered(delivery) => println!("stored at {} (Unix seconds)", delivery.time),
//!     Outcome::NotSealed(obstacle) => println!("not sent: {obstacle}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What the directory says is not believed, and there is no option to believe it:
//!
//! ```compile_fail
//! # async fn example(sender: &sender_sdk::Sender, letter: &sender_sdk::Letter) {
//! let found = sender.find(letter.recipient()).await.unwrap();
//! found.seal(letter); // an answer is proven first: there is no such method
//! # }
//! ```
//!
//! # Files
//! A file is sealed while it is read and uploaded in parts, so that a large one takes a few MiB of
//! memory. It must not be changed meanwhile: half of one file and half of another is never sent.
//! [`Sender::send_with_progress`] says how far it is.
//!
//! # What is remembered
//! A [`State`] keeps the directory's log as it was seen last and the entries of people who were
//! written to, so that a directory which tells two stories is caught. Keep it, and back it up.
//!
//! # What the keys file is worth
//! Whoever has it can write letters in the body's name. It belongs to one account of one machine.

#![forbid(unsafe_code)]

// minicbor's derived code names this crate.
extern crate alloc;

mod directory;
mod error;
mod file;
mod letter;
mod outcome;
mod registry;
mod relay;
mod sender;
mod settings;
mod state;
mod system;
mod transport;
mod trust;
mod upload;
mod way;
mod wire;

pub use crypto_core::{
    body::BodyId,
    directory::LookupError,
    letter::{Action, ActionCode, Amount, LetterId, ThreadId, WriteError},
    person::{Attributes as Person, PersonError},
    trust::{TrustError, key_text, parse_key},
};
pub use relay_auth::{
    receipt::ReceiptError,
    signing::{SigningKey, VerifyingKey},
};

pub use crate::{
    error::{ConnectError, SendError},
    file::{File, FileError},
    letter::{Letter, LetterError},
    outcome::{Delivery, Obstacle, Outcome},
    registry::{RegistryFault, StandingError},
    sender::Sender,
    settings::{KeysFile, KeysFileError, Settings, SettingsError, TrustSource},
    state::{FileState, KnownRecipient, KnownTrust, State, StateError},
    transport::{AddressError, Patience, Peer, Refusal, TransportError},
    trust::TrustFault,
    upload::{Progress, UploadError},
    way::{Found, Proven, Recipient, Sealed},
};
