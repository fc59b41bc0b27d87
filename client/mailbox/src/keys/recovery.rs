//! What of the keys has to do with the recovery code: the way back, and what is kept for it.

use crypto_core::{
    citizen::DirectoryId,
    inbox_key::InboxPublicKey,
    recovery::{ArchiveRoot, Bundle, MOST_INBOX_SEEDS, MOST_ROOTS, RecoveryCode},
    seed::Seed,
};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes32, DecodeError, Wire as _},
    signing::{SigningKey, VerifyingKey},
};

use crate::{keys::DeviceKeys, recovery::Found};

/// What a recovery needs of the mailbox as it was: the private keys that vouch for the new ones, and
/// what the recovery bundle was known by. Wiped when dropped; never printed.
#[derive(PartialEq, Eq, Encode, Decode)]
pub struct Former {
    #[n(0)]
    directory_id: DirectoryId,
    #[n(1)]
    identity: Seed,
    /// The code that was typed.
    #[n(2)]
    code: RecoveryCode,
    #[n(3)]
    bundle_digest: Bytes32,
    #[n(4)]
    bundle_salt: Bytes32,
}

redacted!(Former);

relay_auth::wiped!(Former { identity, code });

impl Former {
    /// The identity key of the entry in force: it vouches for the new one.
    #[must_use]
    pub fn identity(&self) -> SigningKey {
        self.identity.signing_key()
    }

    /// The key of the code that was typed, which signs recovery requests to the relay.
    ///
    /// # Errors
    /// Does not fail for any code; the signature leaves nothing to a panic.
    pub fn request(&self) -> Result<SigningKey, DecodeError> {
        Ok(self.code.keys()?.into_request())
    }

    /// The digest of the recovery bundle that was found (`LBX-BUNDLE-3`).
    #[must_use]
    pub const fn bundle_digest(&self) -> [u8; 32] {
        self.bundle_digest.0
    }

    /// The salt of the commitment to it.
    #[must_use]
    pub const fn bundle_salt(&self) -> [u8; 32] {
        self.bundle_salt.0
    }

    /// Whose mailbox it is.
    #[must_use]
    pub const fn directory_id(&self) -> DirectoryId {
        self.directory_id
    }
}

impl DeviceKeys {
    /// New keys for the mailbox that was found with a code. Everything that stands for the device or
    /// the person is new; older inbox keys and archive roots are kept behind the new ones, so that
    /// letters of before are read. The oldest of more than eight or 64 are left behind.
    ///
    /// # Errors
    /// [`DecodeError`]: what was found does not hold together.
    pub fn recover(
        found: &Found,
        code: &RecoveryCode,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, DecodeError> {
        let bundle = &found.bundle;
        let newest = bundle.roots.first().ok_or(DecodeError::Value("a recovery without archive roots"))?;
        let last = DecodeError::Value("an archive whose generations are used up");
        let generation = newest.generation.checked_add(1).ok_or(last)?;
        let mut keys = Self::generate(rng);
        keys.archive.generation = generation;
        keys.older_roots = bundle.roots.iter().take(MOST_ROOTS - 1).map(duplicate).collect();
        keys.inbox.extend(bundle.inbox.iter().take(MOST_INBOX_SEEDS - 1).map(Seed::duplicate));
        keys.former = Some(Former {
            directory_id: bundle.directory_id,
            identity: bundle.identity.duplicate(),
            code: code.duplicate(),
            bundle_digest: found.digest.into(),
            bundle_salt: bundle.salt,
        });
        keys.validate()?;
        Ok(keys)
    }

    /// What a device that comes back with the recovery code needs of these keys.
    pub(crate) fn bundle(&self, directory_id: DirectoryId, salt: [u8; 32]) -> Bundle {
        let inbox = self.inbox.iter().map(Seed::duplicate).collect();
        let roots = core::iter::once(&self.archive).chain(&self.older_roots).map(duplicate).collect();
        Bundle::new(directory_id, salt, self.identity.duplicate(), inbox, roots)
    }

    /// The public half of the recovery key and the salt of its hash.
    #[must_use]
    pub fn recovery(&self) -> (InboxPublicKey, [u8; 32]) {
        (self.recovery.clone(), self.recovery_salt.0)
    }

    /// The public half of the key that signs recovery requests.
    #[must_use]
    pub const fn recovery_request_key(&self) -> VerifyingKey {
        self.recovery_request
    }

    /// The recovery code; none once the mailbox is ready, when it stands on paper alone.
    #[must_use]
    pub fn recovery_code(&self) -> Option<RecoveryCode> {
        self.code.as_ref().map(RecoveryCode::duplicate)
    }

    /// Whether the person has shown that the code is written down.
    #[must_use]
    pub const fn is_code_written_down(&self) -> bool {
        self.is_code_written_down
    }

    /// The person has shown that the code is written down.
    pub const fn code_is_written_down(&mut self) {
        self.is_code_written_down = true;
    }

    /// What a recovery needs of the mailbox as it was; none once the mailbox is ready, and for a new
    /// one.
    #[must_use]
    pub const fn former(&self) -> Option<&Former> {
        self.former.as_ref()
    }

    /// The mailbox is ready: drops the code and what a recovery needed.
    pub fn finish(&mut self) {
        (self.code, self.former) = (None, None);
    }
}

fn duplicate(root: &ArchiveRoot) -> ArchiveRoot {
    ArchiveRoot { generation: root.generation, root: root.root.duplicate() }
}
