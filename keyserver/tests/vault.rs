//! A vault: the keys of a citizen's first device, and what it does to enrol with them, or to come back.

use api::{
    Octets, Octets16, Octets32,
    directory::{
        CollectRequest, Collected, OwnEntries, OwnEntriesRequest, PublishRequest, Published, SignInAnswer,
        SignInRequest, SignInStage,
    },
};
use axum::{body::Body, http::Request};
use crypto_core::{
    citizen::{
        ChangeKind, DeviceOpening, DirectoryId, Entry, EntryStatus, History, InboxKey, Purpose, SignIn,
        SignedEntry, device_commitment, recovery_key_hash,
    },
    directory::{Head, HeadProof, OwnListings, Presence, verify_own_entry},
    evidence::{AddressEvidence, Evidence, address_commitment, verify_sign_in},
    inbox_key::InboxPrivateKey,
};
use relay_auth::{
    cbor::{Bytes32, Suite, Version, Wire as _, encode},
    secret::Secret,
    signing::SigningKey,
    voucher::Voucher,
};

use crate::{
    identity_provider::{Grant, Person},
    support::{DAY, Directory, NOW, attributes, key, posting, tickets},
};

/// What the recovery code gives a vault, and the entry in force that it follows.
#[derive(Clone, Copy)]
pub(crate) struct Former {
    /// Of the identity key.
    pub(crate) seed: u8,
    pub(crate) previous: Bytes32,
}

/// The keys of one device, all made from one seed.
#[derive(Clone)]
pub(crate) struct Vault {
    pub(crate) person: Person,
    pub(crate) seed: u8,
    pub(crate) id: DirectoryId,
    pub(crate) sign_in: Option<Octets32>,
    /// Of a vault that comes back; none where it enrols.
    pub(crate) former: Option<Former>,
}

impl Vault {
    pub(crate) fn new(person: Person, seed: u8) -> Self {
        Self { person, seed, id: DirectoryId::from([seed; 16]), sign_in: None, former: None }
    }

    /// A vault with keys of its own that comes back with this one's recovery code; `newest` is the
    /// entry in force.
    pub(crate) fn recovering(&self, seed: u8, newest: &SignedEntry) -> Self {
        let former = Former { seed: self.seed, previous: newest.hash().into() };
        Self { seed, sign_in: None, former: Some(former), ..self.clone() }
    }

    fn purpose(&self) -> Purpose {
        if self.former.is_some() { Purpose::Recover } else { Purpose::Enrol }
    }

    fn previous(&self) -> Option<Bytes32> {
        self.former.map(|former| former.previous)
    }

    pub(crate) fn identity(&self) -> SigningKey {
        key(self.seed)
    }

    pub(crate) fn device(&self) -> SigningKey {
        key(self.seed + 1)
    }

    pub(crate) fn access_key(&self) -> SigningKey {
        key(self.seed + 2)
    }

    pub(crate) fn inbox_key(&self) -> InboxPrivateKey {
        inbox_key(self.seed)
    }

    fn salt(&self, stage: SignInStage) -> Bytes32 {
        let stage = match stage {
            SignInStage::Account => 0,
            SignInStage::Identity => 1,
            SignInStage::Address => 2,
        };
        Bytes32([self.seed.wrapping_mul(3).wrapping_add(stage); 32])
    }

    /// To what a sign-in is bound.
    pub(crate) fn bound(&self, stage: SignInStage) -> SignIn {
        SignIn {
            purpose: self.purpose(),
            directory_id: self.id,
            previous: self.previous(),
            identity_key: self.identity().verifying_key(),
            salt: self.salt(stage),
        }
    }

    /// What the person allows at a stage.
    pub(crate) fn grant(&self, stage: SignInStage) -> Grant {
        let scope = match stage {
            SignInStage::Account => "openid",
            SignInStage::Identity => "scotaccount.gpg45.medium",
            SignInStage::Address => "scotaccount.address",
        };
        Grant { person: self.person, scope, nonce: self.bound(stage).nonce(), verifier: self.verifier() }
    }

    pub(crate) fn verifier(&self) -> String {
        format!("verifier-{:0>40}", self.seed)
    }

    /// The request with the code that comes back from ScotAccount.
    pub(crate) fn redeeming(&self, stage: SignInStage, code: String) -> SignInRequest {
        SignInRequest {
            stage,
            code,
            code_verifier: self.verifier(),
            directory_id: Octets16(*self.id.as_bytes()),
            sign_in: self.sign_in,
        }
    }

    /// Goes to ScotAccount, comes back, hands on the code, and checks the ID token.
    pub(crate) async fn stage(&mut self, directory: &Directory, stage: SignInStage) -> SignInAnswer {
        let bound = self.bound(stage);
        let code = directory.provider.allow(self.grant(stage));
        let request = posting("/v1/sign-ins", &self.redeeming(stage, code));
        let answer: SignInAnswer = minicbor::decode(&directory.ok(request).await).unwrap();
        let provider = directory.provider.trusted();
        let subject = verify_sign_in(&answer.id_token, &bound, &provider, directory.now()).unwrap();
        assert_eq!(subject, self.person.subject());
        self.sign_in = Some(answer.sign_in);
        self.id = DirectoryId::from(answer.directory_id.0);
        answer
    }

    /// Signs in, with all that ScotAccount can say of the person.
    pub(crate) async fn sign_in(&mut self, directory: &Directory) -> Collected {
        assert!(self.stage(directory, SignInStage::Account).await.confirmed);
        assert!(self.stage(directory, SignInStage::Identity).await.confirmed);
        let address = self.stage(directory, SignInStage::Address).await;
        assert_eq!(address.confirmed, self.person.postcode.is_some());
        self.collect(directory).await
    }

    /// Asks for the tokens, as the holder of the identity key.
    pub(crate) fn collection(&self) -> CollectRequest {
        let (sign_in, bound) = (self.sign_in.unwrap(), self.bound(SignInStage::Identity));
        let signature = bound.sign_collection(&sign_in.0, &self.identity());
        CollectRequest {
            sign_in,
            bound: bound.to_bytes().into(),
            signature: signature.as_bytes().to_vec().into(),
        }
    }

    pub(crate) async fn collect(&self, directory: &Directory) -> Collected {
        let request = posting("/v1/sign-ins/collect", &self.collection());
        minicbor::decode(&directory.ok(request).await).unwrap()
    }

    pub(crate) fn address(&self, collected: &Collected) -> Option<AddressEvidence> {
        let token = collected.address_token.clone()?;
        Some(AddressEvidence { salt: Bytes32([self.seed; 32]), token })
    }

    pub(crate) fn evidence(&self, collected: &Collected) -> Evidence {
        let address = self.address(collected);
        Evidence {
            version: Version,
            suite: Suite,
            purpose: self.purpose(),
            previous: self.previous(),
            salt: self.salt(SignInStage::Identity),
            id_token: collected.id_token.clone(),
            claims_token: collected.claims_token.clone(),
            address: address.map(|address| address_commitment(&address.token, address.salt.0).into()),
        }
    }

    pub(crate) fn opening(&self) -> DeviceOpening {
        DeviceOpening { device: self.device().verifying_key(), salt: Bytes32([self.seed; 32]) }
    }

    /// The first entry, or the one with which the vault comes back.
    pub(crate) fn entry(&self, evidence: &Evidence) -> Entry {
        let mut devices: Vec<Bytes32> = (0..3).map(|filler| Bytes32([filler; 32])).collect();
        devices.push(device_commitment(&self.opening()).into());
        devices.sort_unstable();
        Entry {
            version: Version,
            suite: Suite,
            directory_id: self.id,
            status: EntryStatus::Active,
            change: if self.former.is_some() { ChangeKind::Recovery } else { ChangeKind::First },
            previous: self.previous(),
            identity_key: self.identity().verifying_key(),
            evidence: evidence.hash().into(),
            inbox_keys: vec![InboxKey {
                key: self.inbox_key().public_key().clone(),
                rotate_after: NOW + 30 * DAY,
                not_after: NOW + 400 * DAY,
            }],
            devices,
            recovery_key: recovery_key_hash(inbox_key(50).public_key(), [self.seed; 32]).into(),
            archive_head: None,
            salt: Bytes32([self.seed; 32]),
        }
    }

    /// An entry by the device that follows another one, with a new inbox key.
    pub(crate) fn next_entry(&self, before: &SignedEntry, entry: &Entry, number: u8) -> Entry {
        Entry {
            change: ChangeKind::ByDevice,
            previous: Some(before.hash().into()),
            inbox_keys: vec![InboxKey {
                key: inbox_key(number).public_key().clone(),
                rotate_after: NOW + 60 * DAY,
                not_after: NOW + 401 * DAY,
            }],
            salt: Bytes32([number; 32]),
            ..entry.clone()
        }
    }

    pub(crate) fn by_device(&self, entry: &Entry) -> SignedEntry {
        SignedEntry::by_device(entry, &self.device(), [self.seed; 32])
    }

    /// Such an entry, signed: by its identity key, and by the one before where the vault comes back.
    pub(crate) fn signed(&self, entry: &Entry) -> SignedEntry {
        match self.former {
            None => SignedEntry::by_identity(entry, &self.identity()),
            Some(former) => SignedEntry::by_recovery(entry, &self.identity(), &key(former.seed)),
        }
    }

    /// The request with which it is published.
    pub(crate) fn publication(&self, collected: &Collected) -> PublishRequest {
        let evidence = self.evidence(collected);
        PublishRequest {
            sign_in: self.sign_in,
            entry: self.signed(&self.entry(&evidence)).to_bytes().into(),
            evidence: evidence.to_bytes().into(),
            address: self.address(collected).map(|address| Octets(encode(&address))),
            access_key: Octets32(*self.access_key().verifying_key().as_bytes()),
            known: None,
        }
    }

    /// The request for an entry after the first.
    pub(crate) fn change(&self, entry: &SignedEntry) -> PublishRequest {
        PublishRequest {
            sign_in: None,
            entry: entry.to_bytes().into(),
            evidence: Octets::default(),
            address: None,
            access_key: Octets32(*self.access_key().verifying_key().as_bytes()),
            known: None,
        }
    }

    /// Signs in and publishes the first entry, or the one with which the vault comes back.
    pub(crate) async fn enrol(&mut self, directory: &Directory) -> (PublishRequest, Published) {
        let collected = self.sign_in(directory).await;
        let publication = self.publication(&collected);
        let published = publish(directory, &publication).await;
        (publication, published)
    }

    /// Asks for the entries of the person who signed in.
    pub(crate) fn asking_for_entries(&self) -> Request<Body> {
        posting("/v1/sign-ins/entries", &OwnEntriesRequest { sign_in: self.sign_in.unwrap() })
    }

    pub(crate) async fn own_entries(&self, directory: &Directory) -> Vec<SignedEntry> {
        let answer: OwnEntries = minicbor::decode(&directory.ok(self.asking_for_entries()).await).unwrap();
        answer.entries.iter().map(|entry| SignedEntry::from_bytes(entry.as_ref()).unwrap()).collect()
    }

    /// What the vault checks of the answer about its chain of entries (`LBX-DIR-12`).
    pub(crate) fn check_own(&self, directory: &Directory, chain: &[SignedEntry], published: &Published) {
        let proof = HeadProof::from_bytes(published.head.as_ref()).unwrap();
        let head = Head::verify(&proof, &directory.trust(), None, directory.now()).unwrap();
        let presence = |bytes: &[u8]| Presence::from_bytes(bytes).unwrap();
        let listings = OwnListings {
            without_postcode: presence(published.without_postcode.as_ref()),
            with_postcode: published.with_postcode.as_ref().map(|bytes| presence(bytes.as_ref())),
        };
        verify_own_entry(
            &History::verify(self.id, chain).unwrap(),
            &presence(published.presence.as_ref()),
            &attributes(&self.person),
            &listings,
            &directory.trust(),
            &head,
        )
        .unwrap();
    }
}

/// The entry that a request publishes.
pub(crate) fn entry_of(publication: &PublishRequest) -> SignedEntry {
    SignedEntry::from_bytes(publication.entry.as_ref()).unwrap()
}

/// What the relay reads in the answer's voucher.
pub(crate) fn voucher(published: &Published) -> Voucher {
    tickets().open(published.voucher.as_ref()).unwrap()
}

pub(crate) fn publishing(publication: &PublishRequest) -> Request<Body> {
    posting("/v1/entries", publication)
}

pub(crate) async fn publish(directory: &Directory, publication: &PublishRequest) -> Published {
    minicbor::decode(&directory.ok(publishing(publication)).await).unwrap()
}

pub(crate) fn inbox_key(number: u8) -> InboxPrivateKey {
    InboxPrivateKey::from_seed(&Secret::from([number; 32])).unwrap()
}
