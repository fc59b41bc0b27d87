//! A first entry: everything is checked that a public body will check, and that the one who publishes
//! it has just signed in as the person it is about.

use core::slice;

use crypto_core::{
    citizen::{Entry, History, Purpose, VerifiedEntry},
    evidence::{Evidence, IdentityProvider},
    person::Attributes,
};
use relay_auth::{cbor::Wire as _, id::MailboxId};

use super::{Account, Accounts, Enrolled, Publication, PublishError, Published, check_usable};
use crate::{
    evidence, matching, randomness,
    sign_ins::{SignInError, session::Session},
    store::{Change, KeptEvidence},
};

impl Accounts {
    pub(super) async fn first(
        &self,
        entry: &Entry,
        publication: &Publication,
        now: u64,
    ) -> Result<Published, PublishError> {
        let handle = publication.sign_in.as_ref().ok_or(SignInError::Unknown)?;
        let session = self.sign_ins.session(handle, now).await?;
        let signed = slice::from_ref(&publication.entry);
        let history = History::verify(entry.directory_id, signed).map_err(PublishError::Entry)?;
        check_usable(history.last(), now)?;
        let (kept, person) = self.evidenced(history.last(), Purpose::Enrol, publication, &session).await?;
        self.enrol(publication, &session, &kept, person, now).await
    }

    /// The evidence for an entry that brings an identity key, if it holds and was made of this sign-in;
    /// and under whose details the citizen is listed by it.
    pub(super) async fn evidenced(
        &self,
        entry: &VerifiedEntry,
        purpose: Purpose,
        publication: &Publication,
        session: &Session,
    ) -> Result<(KeptEvidence, Attributes), PublishError> {
        let kept = KeptEvidence {
            evidence: Evidence::from_bytes(&publication.evidence)?,
            address: publication.address.clone(),
        };
        evidence::check_tokens(&kept, session)?;
        let check = |provider: &IdentityProvider| evidence::person(entry, purpose, &kept, session, provider);
        let person = self.sign_ins.provider().checked(check).await??;
        Ok((kept, person))
    }

    /// Publishes a first entry that was checked.
    async fn enrol(
        &self,
        publication: &Publication,
        session: &Session,
        kept: &KeptEvidence,
        person: Attributes,
        now: u64,
    ) -> Result<Published, PublishError> {
        let handle = publication.sign_in.as_ref().ok_or(SignInError::Unknown)?;
        let citizen = publication.entry.unverified()?.directory_id;
        let publisher = self.directory.publisher().await;
        // From here on nobody else publishes. Who has which account is looked at now, not before.
        let own = self.records.account_of(&session.subject).await?;
        if let Some(own) = own.as_ref().filter(|own| own.enrolled.is_some()) {
            drop(publisher);
            // The same request twice at once.
            return self.again(own, publication, now).await?.ok_or(PublishError::AlreadyEnrolled);
        }
        let is_own = own.as_ref().is_some_and(|own| own.citizen == citizen);
        // Set aside for this person, or free: not another one, and not another person's.
        let is_free = own.is_none() && self.records.account(citizen).await?.is_none();
        if !(is_own || is_free) {
            return Err(PublishError::OtherId);
        }
        let enrolled = Enrolled {
            mailbox: MailboxId::generate(&mut randomness::system()),
            access_key: publication.access_key,
            person,
            entries: 1,
        };
        let before = own.as_ref().and_then(|own| own.listed.as_ref());
        let mut updates = matching::listing(&publisher, &enrolled.person, before, citizen).await?;
        updates.push((citizen.directory_label(), publication.entry.hash().to_vec()));
        let account = Account {
            citizen,
            provisioned: own.and_then(|own| own.provisioned),
            enrolled: Some(enrolled.clone()),
            listed: None,
        };
        let voucher = self.vouchers.make(enrolled.mailbox, enrolled.access_key, now);
        let rows = self.records.rows(&Change::Enrolled {
            subject: &session.subject,
            account: &account,
            entry: &publication.entry,
            kept,
            voucher: &voucher,
            sign_in: (handle, session),
        })?;
        publisher.publish(updates, rows).await?;
        metrics::counter!("letterbox_entries_published_total", "change" => "first").increment(1);
        self.show(citizen, &enrolled, publication.known, now).await
    }
}
