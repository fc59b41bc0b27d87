//! Looking at every account and every public body: that what is kept about it belongs together, and
//! is what the tree proves.

use crypto_core::{
    body::{BodyId, SignedBodyEntry},
    citizen::{DirectoryId, History, SignedEntry},
    directory::PersonList,
    person::Attributes,
};
use relay_auth::cbor::Wire as _;

use super::{Embedded, accounts, bodies, keys};
use crate::{
    accounts::{Account, vouchers::KeptVoucher},
    directory::{Directory, DirectoryError, Snapshot},
    matching,
    store::StoreFailure,
};

/// How many rows are read at a time.
const PAGE: usize = 256;

/// What a check found, in numbers: they name nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RecordFindings {
    /// Accounts, those without an entry included.
    pub accounts: u64,
    /// Entries of citizens.
    pub entries: u64,
    /// Public bodies.
    pub bodies: u64,
    /// Accounts and bodies of which something is missing, damaged, or does not follow.
    pub damaged: u64,
    /// Accounts and bodies that the tree does not prove as they are kept.
    pub unproven: u64,
}

impl RecordFindings {
    /// Whether everything holds.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.damaged == 0 && self.unproven == 0
    }
}

/// What is wrong with an account or a body.
enum Fault {
    Damaged,
    Unproven,
}

impl From<StoreFailure> for Fault {
    fn from(_: StoreFailure) -> Self {
        Self::Damaged
    }
}

impl From<DirectoryError> for Fault {
    fn from(_: DirectoryError) -> Self {
        Self::Unproven
    }
}

impl Embedded {
    /// Looks at every account and every public body.
    ///
    /// # Errors
    /// [`DirectoryError::Store`].
    pub async fn check(&self, directory: &Directory) -> Result<RecordFindings, DirectoryError> {
        let snapshot = directory.snapshot(None).await?;
        let mut found = RecordFindings::default();
        let mut last: Option<Vec<u8>> = None;
        loop {
            let page = self.engine.scan(&[keys::SUBJECT], last.as_deref(), PAGE)?;
            for (row, sealed) in &page {
                found.accounts += 1;
                let outcome = self.check_account(&snapshot, row, sealed).await;
                found.count(outcome);
            }
            if page.len() < PAGE {
                break;
            }
            last = page.into_iter().next_back().map(|(row, _)| row);
        }
        let bodies = match bodies::all(self) {
            Ok(bodies) => bodies,
            Err(_) => {
                found.damaged += 1;
                Vec::new()
            }
        };
        for (id, entries) in bodies {
            found.bodies += 1;
            let outcome = check_body(&snapshot, &id, &entries).await;
            found.count(outcome);
        }
        Ok(found)
    }

    /// Says how many entries an account has.
    async fn check_account(&self, snapshot: &Snapshot, row: &[u8], sealed: &[u8]) -> Result<u64, Fault> {
        let citizen: DirectoryId = self.opened(row, sealed)?;
        let account = accounts::find(self, citizen)?.ok_or(Fault::Damaged)?;
        let chain = accounts::chain(self, &account)?;
        let Account { enrolled, listed, .. } = &account;
        let Some(enrolled) = enrolled else {
            // Provided, or set aside by a sign-in.
            if let Some(person) = listed {
                check_listing(snapshot, person, citizen).await?;
            }
            return if account.citizen == citizen { Ok(0) } else { Err(Fault::Damaged) };
        };
        let last = self.check_kept(citizen, &chain)?;
        check_newest(snapshot, &citizen.directory_label(), last.hash(), chain.len()).await?;
        check_listing(snapshot, &enrolled.person, citizen).await?;
        Ok(u64::from(enrolled.entries))
    }

    /// The last entry of a chain that holds, with what is kept beside it.
    fn check_kept<'c>(
        &self,
        citizen: DirectoryId,
        chain: &'c [SignedEntry],
    ) -> Result<&'c SignedEntry, Fault> {
        History::verify(citizen, chain).map_err(|_| Fault::Damaged)?;
        let last = chain.last().ok_or(Fault::Damaged)?;
        let evidence = last.unverified().map_err(|_| Fault::Damaged)?.evidence.0;
        let kept = accounts::evidence(self, citizen, &evidence)?.ok_or(Fault::Damaged)?;
        let voucher: Option<KeptVoucher> = self.find_sealed(&keys::voucher(&self.index.citizen(citizen)))?;
        if kept.evidence.hash() == evidence && voucher.is_some() { Ok(last) } else { Err(Fault::Damaged) }
    }
}

impl RecordFindings {
    fn count(&mut self, outcome: Result<u64, Fault>) {
        match outcome {
            Ok(entries) => self.entries += entries,
            Err(Fault::Damaged) => self.damaged += 1,
            Err(Fault::Unproven) => self.unproven += 1,
        }
    }
}

/// Entries of bodies are not counted with those of citizens.
async fn check_body(snapshot: &Snapshot, id: &BodyId, entries: &[SignedBodyEntry]) -> Result<u64, Fault> {
    let last = entries.last().ok_or(Fault::Damaged)?;
    check_newest(snapshot, &id.directory_label(), last.hash(), entries.len()).await?;
    Ok(0)
}

/// Whether the tree proves a hash as the newest value under a label, set as often as there are entries.
async fn check_newest(
    snapshot: &Snapshot,
    label: &[u8],
    hash: [u8; 32],
    entries: usize,
) -> Result<(), Fault> {
    match snapshot.proven(label).await? {
        Some((value, version)) if value == hash && version == entries as u64 => Ok(()),
        _ => Err(Fault::Unproven),
    }
}

/// Whether a person's details lead to the citizen.
async fn check_listing(snapshot: &Snapshot, person: &Attributes, citizen: DirectoryId) -> Result<(), Fault> {
    for form in matching::forms(person) {
        let (value, _) = snapshot.proven(&form.directory_label()).await?.ok_or(Fault::Unproven)?;
        let list = PersonList::from_bytes(&value).map_err(|_| Fault::Unproven)?;
        if !list.citizens.contains(&citizen) {
            return Err(Fault::Unproven);
        }
    }
    Ok(())
}
