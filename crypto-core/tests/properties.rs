//! What is encoded is decoded again, whatever it holds.

use akd_core::{
    AkdValue, AzksElement, AzksValue, Direction, LookupProof, MembershipProof, NodeLabel, NonMembershipProof,
    SiblingProof,
};
use crypto_core::{
    archive::{FiledLetter, Item, ObjectId, Place, SealedObject},
    body::{BodyEntry, BodyId, BodyKey, BodyStatus, SignedBodyEntry},
    citizen::{ChangeKind, DirectoryId, Entry, EntryStatus, InboxKey, Purpose, SignIn, SignedEntry},
    directory::{
        Absence, Answer, CitizenProof, Epoch, HeadProof, Maturity, PersonList, PersonProof, Presence,
    },
    evidence::{AddressEvidence, Evidence},
    local::SealedRecord,
    passphrase::{Cost, Use, WrappedSecret},
    person::Attributes,
    recovery::{ArchiveRoot, Bundle, MOST_INBOX_SEEDS, MOST_ROOTS, RecoveryCode},
    seed::Seed,
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
};
use relay_auth::{
    cbor::{Bytes, Bytes32, Suite, Version, Wire, encode},
    receipt::{ChainHead, Deposit, Receipt, SignedReceipt},
    secret::Secret,
};

use crate::{
    recovery::code,
    world::{TestRng, config, inbox_key, key, signed, statement},
};

fn comes_back<T: Wire + PartialEq + core::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let bytes = value.to_bytes();
    prop_assert_eq!(&T::from_bytes(&bytes).unwrap(), value);
    // Any other last byte is refused, or is another value with this one encoding.
    let mut altered = bytes.clone();
    if let Some(last) = altered.last_mut() {
        *last ^= 1;
    }
    if let Ok(other) = T::from_bytes(&altered) {
        prop_assert_eq!(other.to_bytes(), altered);
    }
    Ok(())
}

fn bytes32() -> impl Strategy<Value = Bytes32> {
    any::<[u8; 32]>().prop_map(Bytes32)
}

/// Hashes in order, each once, in fours.
fn devices() -> impl Strategy<Value = Vec<Bytes32>> {
    (1..=8_usize).prop_flat_map(|fours| {
        proptest::collection::btree_set(any::<[u8; 32]>(), fours * 4..=fours * 4)
            .prop_map(|hashes| hashes.into_iter().map(Bytes32).collect())
    })
}

prop_compose! {
    fn entry()(
        id: [u8; 16], previous in bytes32(), change in 0..4_u8, identity: u8, evidence in bytes32(),
        closed: bool, keys in 1..=4_u8, rotate_after: u32, life: u32, devices in devices(),
        recovery_key in bytes32(), archive_head in option::of(bytes32()), salt in bytes32(),
    ) -> Entry {
        let change = [ChangeKind::First, ChangeKind::ByDevice, ChangeKind::Recovery, ChangeKind::Reset][usize::from(change)];
        let inbox_keys = (0..keys).map(|number| InboxKey {
            key: inbox_key(identity.wrapping_add(number)).public_key().clone(),
            rotate_after: rotate_after.into(),
            not_after: u64::from(rotate_after) + u64::from(life),
        });
        Entry {
            version: Version, suite: Suite, directory_id: DirectoryId::from(id),
            status: if closed { EntryStatus::Closed } else { EntryStatus::Active },
            change, previous: (change != ChangeKind::First).then_some(previous),
            identity_key: key(identity).verifying_key(), evidence,
            inbox_keys: if closed { Vec::new() } else { inbox_keys.collect() },
            devices, recovery_key, archive_head, salt,
        }
    }
}

prop_compose! {
    fn evidence()(
        purpose in 0..5_u8, previous in option::of(bytes32()), salt in bytes32(), id_token in "[A-Za-z0-9_.-]{0,900}",
        claims_token in "[A-Za-z0-9_.-]{0,900}", address in option::of(bytes32()),
    ) -> Evidence {
        let purpose = [Purpose::Enrol, Purpose::Recover, Purpose::Reset, Purpose::AddDevice, Purpose::Contest][usize::from(purpose)];
        Evidence { version: Version, suite: Suite, purpose, previous, salt, id_token, claims_token, address }
    }
}

prop_compose! {
    fn body()(
        id in "[a-z0-9]{2,30}", suspended: bool, previous in option::of(bytes32()), name in "[A-Z][a-zé ]{0,40}",
        gaelic in option::of("[A-Z][a-zà ]{0,40}"), keys in vec((any::<u8>(), any::<u32>(), any::<u32>()), 0..8),
        reply in option::of(any::<u8>()), hosts in vec("[a-z0-9]{1,20}\\.example", 0..16),
    ) -> BodyEntry {
        BodyEntry {
            version: Version, suite: Suite, id: BodyId::new(&id).unwrap(),
            status: if suspended { BodyStatus::Suspended } else { BodyStatus::Active },
            previous, name, name_in_gaelic: gaelic, domain: format!("{id}.example"),
            keys: keys.into_iter().map(|(seed, from, life)| BodyKey {
                key: key(seed).verifying_key(), not_before: from.into(), not_after: u64::from(from) + u64::from(life),
            }).collect(),
            reply_key: reply.map(|seed| inbox_key(seed).public_key().clone()), hosts,
        }
    }
}

prop_compose! {
    fn element()(label_val: [u8; 32], label_len in 0..=256_u32, value: [u8; 32]) -> AzksElement {
        AzksElement { label: NodeLabel { label_val, label_len }, value: AzksValue(value) }
    }
}

prop_compose! {
    fn path()(node in element(), steps in vec((element(), element(), any::<bool>()), 0..40)) -> MembershipProof {
        let sibling_proofs = steps.into_iter().map(|(parent, sibling, left)| SiblingProof {
            label: parent.label, siblings: [sibling],
            direction: if left { Direction::Left } else { Direction::Right },
        });
        MembershipProof { label: node.label, hash_val: node.value, sibling_proofs: sibling_proofs.collect() }
    }
}

prop_compose! {
    fn gap()(label in element(), left in element(), right in element(), path in path()) -> NonMembershipProof {
        NonMembershipProof {
            label: label.label, longest_prefix: path.label, longest_prefix_children: [left, right],
            longest_prefix_membership_proof: path,
        }
    }
}

prop_compose! {
    fn presence()(
        epoch: u64, version: u64, value in vec(any::<u8>(), 1..200), vrf in vec(any::<u8>(), 240),
        existence_proof in path(), marker_proof in path(), freshness_proof in gap(), nonce: [u8; 32],
    ) -> Presence {
        Presence::from_akd(&LookupProof {
            epoch, version, value: AkdValue(value), existence_vrf_proof: vrf[..80].to_vec(), existence_proof,
            marker_vrf_proof: vrf[80..160].to_vec(), marker_proof, freshness_vrf_proof: vrf[160..].to_vec(),
            freshness_proof, commitment_nonce: nonce.to_vec(),
        }).unwrap()
    }
}

prop_compose! {
    fn absence()(vrf in vec(any::<u8>(), 80), gap in gap()) -> Absence {
        Absence::from_akd(&vrf, &gap).unwrap()
    }
}

prop_compose! {
    fn head()(
        note in vec(any::<u8>(), 0..600), number: u64, root: [u8; 32], vrf_key: [u8; 32],
        inclusion in vec(bytes32(), 0..40), consistency in vec(bytes32(), 0..40),
    ) -> HeadProof {
        HeadProof { checkpoint: note.into(), epoch: Epoch::new(number, root, &vrf_key), inclusion, consistency }
    }
}

fn citizen() -> impl Strategy<Value = CitizenProof> {
    let address =
        (bytes32(), "[A-Za-z0-9_.-]{0,200}").prop_map(|(salt, token)| AddressEvidence { salt, token });
    let maturity = (head(), presence()).prop_map(|(head, presence)| Maturity { head, presence });
    let entries = (
        presence(),
        vec(entry().prop_map(|entry| SignedEntry::by_identity(&entry, &key(1))), 0..3),
        evidence(),
        option::of(maturity),
        option::of(address),
    )
        .prop_map(|(presence, chain, evidence, maturity, address)| CitizenProof::Entries {
            presence,
            chain,
            evidence,
            maturity,
            address,
        });
    prop_oneof![entries, absence().prop_map(CitizenProof::Keyless)]
}

prop_compose! {
    fn answer()(
        head in head(), person in prop_oneof![presence().prop_map(PersonProof::Listed), absence().prop_map(PersonProof::Absent)],
        citizen in option::of(citizen()), permits in vec(vec(any::<u8>(), 0..256), 0..4),
    ) -> Answer {
        let permits = permits.into_iter().map(Bytes::from).collect();
        Answer { version: Version, suite: Suite, head, person, citizen, permits }
    }
}

prop_compose! {
    fn filed()(
        body in body(), sequence: u64, time: u64, digest in bytes32(), head: [u8; 32], permit: [u8; 16],
        label in "[A-Za-z ]{1,100}", text in "\\PC{0,500}",
    ) -> Option<FiledLetter> {
        let letter = crypto_core::letter::Letter { label, text, ..crate::world::letter() };
        letter.validate().ok()?;
        let signed = signed(&statement(&letter), &crate::world::body_key());
        let receipt = Receipt {
            version: Version, suite: Suite, permit: permit.into(), digest, blobs: Vec::new(), time,
            head: ChainHead::from(head),
        };
        Some(FiledLetter {
            signed: Wire::from_bytes(&signed).ok()?,
            sender: SignedBodyEntry::new(&body).approve(&key(1)),
            deposit: Deposit { sequence, time, digest, blobs: Vec::new() },
            receipt: SignedReceipt::sign(&receipt, &key(3)),
        })
    }
}

prop_compose! {
    fn bundle()(
        id: [u8; 16], salt: [u8; 32], identity: [u8; 32], inbox in vec(any::<[u8; 32]>(), 1..=MOST_INBOX_SEEDS),
        roots in btree_map(1..=u64::MAX, any::<[u8; 32]>(), 1..=MOST_ROOTS),
    ) -> Bundle {
        let seed = |bytes: [u8; 32]| Seed::from(Secret::from(bytes));
        let newest_first = roots.into_iter().rev();
        Bundle::new(
            DirectoryId::from(id), salt, seed(identity), inbox.into_iter().map(seed).collect(),
            newest_first.map(|(generation, root)| ArchiveRoot { generation, root: seed(root) }).collect(),
        )
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_recovery_code_comes_back(bytes: [u8; 20], between in "[ .\\-\u{2010}-\u{2015}\u{2212}\u{a0}]{0,3}") {
        let code = code(bytes);
        let typed = code.groups().join(between.as_str());
        prop_assert_eq!(&RecoveryCode::parse(&typed).unwrap(), &code);
        prop_assert_eq!(&RecoveryCode::parse(&typed.to_lowercase()).unwrap(), &code);
        for (place, group) in code.groups().iter().enumerate() {
            prop_assert!(code.is_group(place, group));
        }
        prop_assert_eq!(minicbor::decode::<RecoveryCode>(&encode(&code)).unwrap(), code);
    }

    #[test]
    fn whatever_is_typed_is_refused_or_is_the_text_of_a_code(typed in "\\PC{0,60}") {
        if let Ok(code) = RecoveryCode::parse(&typed) {
            prop_assert_eq!(&RecoveryCode::parse(&code.groups().concat()).unwrap(), &code);
        }
    }

    #[test]
    fn every_bundle_comes_back(bundle in bundle(), bytes: [u8; 20], seed: u64) {
        comes_back(&bundle)?;
        let keys = code(bytes).keys().unwrap();
        let sealed = bundle.seal(keys.seal().public_key(), &mut TestRng(seed)).unwrap();
        comes_back(&sealed)?;
        prop_assert_eq!(sealed.open(keys.seal()).unwrap(), bundle);
    }

    #[test]
    fn every_entry_comes_back(entry in entry()) {
        comes_back(&entry)?;
        comes_back(&SignedEntry::by_identity(&entry, &key(1)))?;
        comes_back(&SignedEntry::by_device(&entry, &key(2), [3; 32]))?;
        comes_back(&SignedEntry::by_recovery(&entry, &key(1), &key(2)))?;
    }

    #[test]
    fn every_sign_in_comes_back(id: [u8; 16], previous in option::of(bytes32()), identity: u8, salt in bytes32(), handle: [u8; 32]) {
        let sign_in = SignIn {
            purpose: Purpose::Enrol, directory_id: DirectoryId::from(id), previous,
            identity_key: key(identity).verifying_key(), salt,
        };
        comes_back(&sign_in)?;
        let signature = sign_in.sign_collection(&handle, &key(identity));
        prop_assert!(sign_in.verifies_collection(&handle, &signature));
        let mut other = handle;
        other[0] ^= 1;
        prop_assert!(!sign_in.verifies_collection(&other, &signature));
    }

    #[test]
    fn every_local_record_comes_back(
        name in "[a-z]{1,12}(/[0-9a-f]{32})?", content in vec(any::<u8>(), 0..9000), vault_key: [u8; 32], seed: u64,
    ) {
        let vault_key = Secret::from(vault_key);
        let sealed = SealedRecord::seal(&name, &content, &vault_key, &mut TestRng(seed)).unwrap();
        comes_back(&sealed)?;
        let opened = sealed.open(&name, &vault_key).unwrap();
        prop_assert_eq!(opened.as_slice(), content.as_slice());
        prop_assert!(sealed.open("another", &vault_key).is_err() || name == "another");
    }

    #[test]
    fn all_evidence_comes_back(evidence in evidence()) {
        comes_back(&evidence)?;
    }

    #[test]
    fn every_body_comes_back(body in body()) {
        comes_back(&body)?;
        comes_back(&SignedBodyEntry::new(&body).approve(&key(1)).approve(&key(2)))?;
    }

    #[test]
    fn everybody_comes_back(
        given in "[A-Za-zÀ-ÿ' -]{0,20}[a-z]", family in "[a-z][A-Za-zÀ-ÿ' -]{0,20}", year in 1850..2100_u16,
        month in 1..=12_u8, day in 1..=28_u8, postcode: bool, ids in proptest::collection::btree_set(any::<[u8; 16]>(), 0..16),
    ) {
        let born = format!("{year:04}-{month:02}-{day:02}");
        comes_back(&Attributes::new(&given, &family, &born, postcode.then_some("EH1 1AA")).unwrap())?;
        let citizens = ids.into_iter().map(DirectoryId::from).collect();
        comes_back(&PersonList { version: Version, suite: Suite, citizens })?;
    }

    #[test]
    fn every_proof_and_answer_comes_back(answer in answer(), presence in presence(), absence in absence(), head in head()) {
        comes_back(&presence)?;
        comes_back(&absence)?;
        comes_back(&head.epoch)?;
        comes_back(&head)?;
        comes_back(&answer)?;
    }

    #[test]
    fn every_filed_letter_comes_back_and_opens(
        filed in filed().prop_filter_map("no letter", |filed| filed), owner: [u8; 16], generation: u64, id: [u8; 16], counter: u64, root: [u8; 32], seed: u64,
    ) {
        let item = Item::Letter(filed);
        comes_back(&item)?;
        let place = Place { owner: owner.into(), generation, id: ObjectId::from(id), counter };
        let root = Secret::from(root);
        let sealed = SealedObject::seal(&item, &place, &root, &mut TestRng(seed)).unwrap();
        comes_back(&sealed)?;
        prop_assert_eq!(sealed.open(&place, &root).unwrap(), item);
        let elsewhere = Place { counter: counter.wrapping_add(1), ..place };
        prop_assert!(sealed.open(&elsewhere, &root).is_err());
    }
}

proptest! {
    // Each case costs a derivation at the floor, twice.
    #![proptest_config(ProptestConfig { cases: 8, ..config() })]

    #[test]
    fn every_wrapped_secret_comes_back(passphrase in "\\PC{1,40}", secret: [u8; 32], salt: [u8; 16], browser in option::of(any::<[u8; 32]>()), seed: u64) {
        let (secret, browser) = (Secret::from(secret), browser.map(Secret::from));
        let wrapped = WrappedSecret::wrap(&secret, Use::Vault, &passphrase, Cost::FLOOR, salt, browser.as_ref(), &mut TestRng(seed)).unwrap();
        comes_back(&wrapped)?;
        prop_assert_eq!(&wrapped.unwrap(Use::Vault, &passphrase, browser.as_ref()).unwrap(), &secret);
    }
}
