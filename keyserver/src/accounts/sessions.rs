//! Leave to read one's own mailbox for a while, on a device that keeps nothing (`LBX-SESSION-2`).
//!
//! A session needs no entry and publishes none: nothing that anybody else verifies changes. So one stage
//! of signing in is enough, which says who it is. It has to be for this purpose, for the mailbox of the
//! person who signed in, and for the key of the session, whose holder asks. The answer is a ticket that
//! nobody but the relay opens: the number of the mailbox is not told to a device that has the recovery
//! code and is somebody else's.

use crypto_core::citizen::{Purpose, SignIn};
use relay_auth::signing::Signature;

use super::Accounts;
use crate::sign_ins::{SignInError, session::Handle};

/// For how long the relay takes a ticket, in seconds. Who lost the answer asks again.
const TICKET_LIFE: u64 = 5 * 60;

impl Accounts {
    /// The sealed ticket for a session of the person who signed in.
    ///
    /// # Errors
    /// [`SignInError::Unknown`] for everything that does not fit: which part it was is for nobody to
    /// try out. [`SignInError::Store`].
    pub async fn session_ticket(
        &self,
        handle: &Handle,
        bound: &SignIn,
        signature: &Signature,
        now: u64,
    ) -> Result<Vec<u8>, SignInError> {
        let session = self.sign_ins.session(handle, now).await?;
        let is_bound = bound.purpose == Purpose::Session
            && session.account_nonce == Some(bound.nonce())
            && bound.verifies_collection(handle.expose(), signature);
        if !is_bound {
            return Err(SignInError::Unknown);
        }
        let own = self.records.account_of(&session.subject).await?;
        // Whoever found somebody else's code signs in as themselves.
        let own = own.filter(|own| own.citizen == bound.directory_id);
        let enrolled = own.and_then(|own| own.enrolled).ok_or(SignInError::Unknown)?;
        let not_after = now.saturating_add(TICKET_LIFE).min(session.ends());
        Ok(self.vouchers.session(enrolled.mailbox, bound.identity_key, not_after))
    }
}
