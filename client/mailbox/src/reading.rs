//! What a session reads with (`LBX-SESSION-8`): in memory, and nowhere else.
//!
//! ```text
//! code ─▶ Found ─ Visit, ticket, session open ─▶ Reading ─▶ Inbox::reading ─▶ letters
//! ```
//!
//! Of the recovery bundle only what opens letters is left. What would take the mailbox over, the identity
//! key, goes when the session begins, and so does the code.

use crypto_core::{
    citizen::DirectoryId,
    inbox_key::InboxPrivateKey,
    recovery::{ArchiveRoot, Bundle},
    seed::Seed,
};
use relay_auth::{secret::Secret, signing::SigningKey};

use crate::{enrolment::Visit, inbox::Opens, recovery::Found, relay::Signs};

/// The keys of an open session. Wiped when dropped; never printed.
pub struct Reading {
    owner: DirectoryId,
    /// The newest first.
    inbox: Vec<Seed>,
    /// The newest first.
    roots: Vec<ArchiveRoot>,
    /// Signs what the session asks of the relay.
    key: Seed,
}

redacted!(Reading);

relay_auth::wiped!(Reading { inbox, roots, key });

impl Reading {
    /// Of a session that the relay has opened for the key of `visit`, which began with `found`. Whatever
    /// else was found with the code is wiped.
    #[must_use]
    pub fn of(found: Found, visit: Visit) -> Self {
        let Bundle { directory_id, inbox, roots, .. } = found.bundle;
        Self { owner: directory_id, inbox, roots, key: visit.into_key() }
    }

    /// Whose mailbox it is.
    #[must_use]
    pub const fn owner(&self) -> DirectoryId {
        self.owner
    }
}

impl Signs for Reading {
    fn request_key(&self) -> SigningKey {
        self.key.signing_key()
    }
}

impl Opens for Reading {
    fn inbox_keys(&self) -> Vec<InboxPrivateKey> {
        self.inbox.iter().filter_map(|seed| InboxPrivateKey::from_seed(seed.secret()).ok()).collect()
    }

    fn archive_roots(&self) -> Vec<(u64, &Secret)> {
        self.roots.iter().map(|root| (root.generation, root.root.secret())).collect()
    }

    fn files_under(&self) -> Option<(u64, &Secret)> {
        None
    }
}
