//! What the owner of an entry is shown.

use crypto_core::{
    citizen::DirectoryId,
    directory::{Pin, Presence},
    person::Attributes,
};
use relay_auth::cbor::Wire as _;

use super::{Accounts, Enrolled, PublishError, Published, vouchers::KeptVoucher};
use crate::{directory::Snapshot, store::StoreFailure};

impl Accounts {
    /// The newest state of a citizen, with its proofs.
    pub(super) async fn show(
        &self,
        citizen: DirectoryId,
        enrolled: &Enrolled,
        known: Option<Pin>,
        now: u64,
    ) -> Result<Published, PublishError> {
        let voucher = self.voucher(citizen, enrolled, now).await?;
        let snapshot = self.directory.snapshot(known).await?;
        let with_postcode = match enrolled.person.postcode() {
            Some(_) => Some(listing(&snapshot, &enrolled.person).await?),
            None => None,
        };
        Ok(Published {
            head: snapshot.head().to_bytes(),
            presence: proven(&snapshot, &citizen.directory_label()).await?,
            without_postcode: listing(&snapshot, &enrolled.person.without_postcode()).await?,
            with_postcode,
            mailbox: enrolled.mailbox,
            voucher: voucher.sealed.as_ref().to_vec(),
        })
    }

    /// The voucher that is kept, or a new one in place of one that the relay would not take.
    async fn voucher(
        &self,
        citizen: DirectoryId,
        enrolled: &Enrolled,
        now: u64,
    ) -> Result<KeptVoucher, PublishError> {
        let kept = self.records.voucher(citizen).await?;
        let is_good = |kept: &KeptVoucher| self.vouchers.is_good(kept, enrolled.access_key, now);
        if let Some(kept) = kept.filter(is_good) {
            return Ok(kept);
        }
        let voucher = self.vouchers.make(enrolled.mailbox, enrolled.access_key, now);
        self.records.keep_voucher(citizen, &voucher).await?;
        Ok(voucher)
    }
}

async fn listing(snapshot: &Snapshot, person: &Attributes) -> Result<Presence, PublishError> {
    proven(snapshot, &person.directory_label()).await
}

async fn proven(snapshot: &Snapshot, label: &[u8]) -> Result<Presence, PublishError> {
    let presence = snapshot.presence(label).await?;
    Ok(presence
        .ok_or_else(|| StoreFailure::damaged("what an entry was published with is not in the tree"))?)
}
