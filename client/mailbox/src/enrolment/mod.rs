//! Enrolment: from nothing to an entry in the directory that is proven to be this device's.
//!
//! ```text
//! start ─▶ Account ─▶ Identity ─▶ Address ─▶ confirmed ─ passphrase ─▶ collect ─▶ sign ─▶ publish
//!            │ every ID token is verified here       │ tokens, evidence, address     │ own entry
//! ```
//!
//! The person goes to ScotAccount three times: to sign in, to release name and birth date, to
//! release the address. Each time is a flow of its own with a fresh state, salt and PKCE verifier
//! (RFC 7636), and its `nonce` binds ScotAccount's word to the identity key of this device
//! (`LBX-BIND-1` to `LBX-BIND-4`). The directory redeems the code, because it is ScotAccount's
//! client; what it gets back is verified here, so that neither can put another key in this one's
//! place.
//!
//! A device that comes back with a recovery code goes the same way. Between the first time and the
//! second it is shown the entries of the person who signed in; what follows is bound to the entry in
//! force, and the new entry is signed by the former identity key as well.
//!
//! Somebody who only reads for a while, on a device that keeps nothing, signs in once and publishes
//! nothing ([`Visit`]).
//!
//! [`Enrolment`] holds no private key and can lie open between the redirects; the keys lie sealed
//! under the passphrase, which is asked for again once everything is confirmed.

mod entries;
mod errors;
mod flow;
mod published;
mod redeem;
mod returned;
mod sign;
mod sign_in;
mod signed;
mod step;
mod visit;

pub use errors::{EnrolmentError, Lie};
pub use published::Enrolled;
pub use redeem::{Next, Redeem};
pub use returned::Returned;
pub use sign_in::Enrolment;
pub use signed::SignedEnrolment;
pub use step::Stage;
pub use visit::Visit;
