//! In a recovery: which entry is in force, and that the code that was typed still leads to it.

use api::{
    Octets32,
    directory::{OwnEntries, OwnEntriesRequest},
};
use crypto_core::{
    citizen::{History, SignedEntry},
    directory::LookupError,
    recovery::archive_head_commitment,
    trust::VerifiedTrust,
};
use relay_auth::cbor::{Bytes32, DecodeError, Limits, Wire as _};

use crate::{
    enrolment::{EnrolmentError, Lie, Next, sign_in::Enrolment, step::Step},
    http::{self, HttpRequest, HttpResponse},
    keys::DeviceKeys,
};

/// The most entries of a chain. Whoever looks a person up takes no longer one.
pub(super) const MOST_ENTRIES: usize = 256;

/// The entries before the one that is to be made: there has to be room for it.
const SHOWN: Limits = Limits {
    bytes: (MOST_ENTRIES - 1) * (SignedEntry::LIMITS.bytes + 3) + 4,
    depth: 2,
    items: MOST_ENTRIES as u32 + 1,
};

impl Enrolment {
    /// Asks for the entries of the person who signed in: for [`Enrolment::entries_shown`], and once
    /// more, when everything is confirmed, for [`Enrolment::sign`].
    ///
    /// # Errors
    /// [`EnrolmentError::OutOfTurn`].
    pub fn entries(&self, trust: &VerifiedTrust) -> Result<HttpRequest, EnrolmentError> {
        let is_needed = self.is_recovery()
            && matches!(self.step, Step::Entries | Step::Confirmed | Step::ConfirmedWithAddress);
        let handle = self.sign_in.filter(|_| is_needed).ok_or(EnrolmentError::OutOfTurn)?;
        let request = OwnEntriesRequest { sign_in: Octets32(handle.0) };
        Ok(http::post(&trust.file().directory.url, "/v1/sign-ins/entries", &request)?)
    }

    /// Takes the entries that the directory shows: a whole chain of this person whose last entry has
    /// the identity key that the code kept. The sign-ins that follow are bound to that entry.
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing changed.
    pub fn entries_shown(&mut self, response: &HttpResponse) -> Result<Next, EnrolmentError> {
        if self.step != Step::Entries {
            return Err(EnrolmentError::OutOfTurn);
        }
        let history = self.in_force(&shown(response)?)?;
        self.previous = Some(Bytes32(*history.last().hash()));
        self.step = Step::Identity;
        Ok(self.next_step())
    }

    /// The entries before the one that is to be made: none before the first. For a recovery the
    /// directory shows them once more, and the bundle that was found has to be the one to which the
    /// last of them commits.
    pub(super) fn entries_before(
        &self,
        keys: &DeviceKeys,
        response: Option<&HttpResponse>,
    ) -> Result<Vec<SignedEntry>, EnrolmentError> {
        let Some(former) = keys.former() else { return Ok(Vec::new()) };
        let chain = shown(response.ok_or(EnrolmentError::OutOfTurn)?)?;
        let history = self.in_force(&chain)?;
        // LBX-BUNDLE-3: what the relay gave is not older than the entry in force.
        let found = archive_head_commitment(None, &former.bundle_digest(), &former.bundle_salt());
        if history.last().entry().archive_head != Some(Bytes32(found)) {
            return Err(EnrolmentError::OlderBundle);
        }
        Ok(chain)
    }

    /// Verifies a chain that was shown. It goes on from what was shown before, and ends at an entry
    /// with the former identity key.
    fn in_force(&self, chain: &[SignedEntry]) -> Result<History, EnrolmentError> {
        let history = verified(self, chain)?;
        let last = history.last();
        if let Some(Bytes32(previous)) = self.previous
            && !history.changes().iter().any(|change| change.hash == previous)
        {
            return Err(Lie::Published(LookupError::ForkedHistory).into());
        }
        if Some(last.entry().identity_key) != self.former_identity {
            return Err(EnrolmentError::CodeReplaced);
        }
        // Another device changed the entry since: the sign-ins are bound to one that is not in force.
        if self.previous.is_some_and(|previous| previous.0 != *last.hash()) {
            return Err(EnrolmentError::EntryChanged);
        }
        Ok(history)
    }
}

/// Verifies a whole chain of the person.
pub(super) fn verified(enrolment: &Enrolment, chain: &[SignedEntry]) -> Result<History, Lie> {
    Ok(History::verify(enrolment.directory_id, chain).map_err(LookupError::History)?)
}

pub(super) fn shown(response: &HttpResponse) -> Result<Vec<SignedEntry>, EnrolmentError> {
    let OwnEntries { entries } = response.decoded(SHOWN)?;
    let chain: Result<_, DecodeError> =
        entries.iter().map(|entry| SignedEntry::from_bytes(entry.as_ref())).collect();
    Ok(chain.map_err(|error| Lie::Published(error.into()))?)
}
