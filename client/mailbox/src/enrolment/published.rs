//! What the directory shows of the entry: at once, and at each unlock from then on.

use api::directory::Published;
use crypto_core::{
    citizen::{DirectoryId, History},
    directory::{Head, HeadProof, LookupError, OwnListings, Pin, Presence, verify_own_entry},
    person::Attributes,
    trust::VerifiedTrust,
};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Bytes, DecodeError, Limits, Start, Suite, Version, Wire},
    id::MailboxId,
};

use crate::{
    enrolment::{EnrolmentError, Lie, SignedEnrolment},
    http::{HttpRequest, HttpResponse},
    keys::DeviceKeys,
};

/// A head, three proofs, a number and a voucher.
const PUBLISHED: Limits = Limits { bytes: 4 * 64 * 1024, depth: 1, items: 8 };

const LONGEST_VOUCHER: usize = 256;

impl SignedEnrolment {
    /// Takes the directory's answer and verifies that the entry stands there: under this person's id,
    /// with as many versions as the chain has entries, and under their details with and without the
    /// postcode (`LBX-DIR-12`).
    ///
    /// # Errors
    /// [`EnrolmentError`]. The signed entry is kept: it may be published for all that.
    pub fn published(
        &self,
        trust: &VerifiedTrust,
        response: &HttpResponse,
        now: u64,
    ) -> Result<Enrolled, EnrolmentError> {
        let (published, pin) = self.verify(trust, None, response, now)?;
        Ok(Enrolled {
            version: Version,
            suite: Suite,
            signed: self.clone(),
            mailbox: MailboxId::from(published.mailbox.0),
            voucher: published.voucher.0.into(),
            pin,
        })
    }

    fn verify(
        &self,
        trust: &VerifiedTrust,
        pin: Option<&Pin>,
        response: &HttpResponse,
        now: u64,
    ) -> Result<(Published, Pin), EnrolmentError> {
        let published: Published = response.decoded(PUBLISHED)?;
        let pin = self.prove(&published, trust, pin, now).map_err(Lie::Published)?;
        Ok((published, pin))
    }

    fn prove(
        &self,
        published: &Published,
        trust: &VerifiedTrust,
        pin: Option<&Pin>,
        now: u64,
    ) -> Result<Pin, LookupError> {
        let trust = trust.trust();
        let head = HeadProof::from_bytes(published.head.as_ref())?;
        let head = Head::verify(&head, trust, pin, now)?;
        let presence = Presence::from_bytes(published.presence.as_ref())?;
        let with_postcode =
            published.with_postcode.as_ref().map(|proof| Presence::from_bytes(proof.as_ref()));
        let listings = OwnListings {
            without_postcode: Presence::from_bytes(published.without_postcode.as_ref())?,
            with_postcode: with_postcode.transpose()?,
        };
        let history = History::verify(self.directory_id, &self.chain)?;
        verify_own_entry(&history, &presence, &self.attributes, &listings, trust, &head)?;
        Ok(head.pin())
    }
}

/// A device whose entry is published and proven. It holds a name and an address: stored sealed.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Enrolled {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    signed: SignedEnrolment,
    #[n(3)]
    mailbox: MailboxId,
    #[n(4)]
    voucher: Bytes,
    #[n(5)]
    pin: Pin,
}

redacted!(Enrolled);

impl Wire for Enrolled {
    const LIMITS: Limits = Limits {
        bytes: SignedEnrolment::LIMITS.bytes + LONGEST_VOUCHER + 1024,
        depth: SignedEnrolment::LIMITS.depth + 1,
        items: SignedEnrolment::LIMITS.items + 16,
    };
    const START: Start = Start::VersionAndSuite;

    fn validate(&self) -> Result<(), DecodeError> {
        if self.voucher.as_ref().len() > LONGEST_VOUCHER {
            return Err(DecodeError::Value("a voucher is too long"));
        }
        self.signed.validate()
    }
}

impl Enrolled {
    /// The id of this person in the directory.
    #[must_use]
    pub const fn directory_id(&self) -> DirectoryId {
        self.signed.directory_id
    }

    /// The number of the mailbox at the relay.
    #[must_use]
    pub const fn mailbox(&self) -> MailboxId {
        self.mailbox
    }

    /// Name, birth date and, where it is confirmed, the postcode, in canonical form.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.signed.attributes
    }

    /// What opens the mailbox, sealed for the relay.
    #[must_use]
    pub fn voucher(&self) -> &[u8] {
        self.voucher.as_ref()
    }

    /// The sealed recovery bundle to which the entry commits, for the relay.
    #[must_use]
    pub fn bundle(&self) -> &[u8] {
        self.signed.bundle()
    }

    /// What is remembered of the directory's log. Everything later has to extend it.
    #[must_use]
    pub const fn pin(&self) -> &Pin {
        &self.pin
    }

    /// Remembers a later state of the log, which was verified to extend [`Enrolled::pin`]. An earlier
    /// one changes nothing.
    pub fn advance(&mut self, pin: Pin) {
        if pin.size > self.pin.size {
            self.pin = pin;
        }
    }

    /// Asks for the entry as the directory shows it now: the same request that published it.
    ///
    /// # Errors
    /// [`EnrolmentError::Request`].
    pub fn check(&self, trust: &VerifiedTrust, keys: &DeviceKeys) -> Result<HttpRequest, EnrolmentError> {
        self.signed.request(trust, keys, None, Some(&self.pin))
    }

    /// Takes the answer to [`Enrolled::check`]: that the entry is still the newest and still listed,
    /// under a log that extends the one that was seen before. Store it afterwards.
    ///
    /// # Errors
    /// [`EnrolmentError`]; nothing changed.
    pub fn checked(
        &mut self,
        trust: &VerifiedTrust,
        response: &HttpResponse,
        now: u64,
    ) -> Result<(), EnrolmentError> {
        let (published, pin) = self.signed.verify(trust, Some(&self.pin), response, now)?;
        if MailboxId::from(published.mailbox.0) != self.mailbox {
            return Err(Lie::OtherId.into());
        }
        self.voucher = published.voucher.0.into();
        self.advance(pin);
        Ok(())
    }
}
