//! Public bodies.

use api::{
    Code,
    directory::{RegisteredBody, Registry},
};
use crypto_core::{
    body::{self, BodyEntry, BodyId, BodyStatus, SignedBodyEntry},
    directory::{Head, HeadProof, Presence},
};
use letterbox_keyserver::bodies::LISTED_FOR;
use relay_auth::{cbor::Wire as _, hostile::variants};

use crate::{
    identity_provider::{ANN, BOB},
    support::{
        Directory, approved, attributes, body_entry, body_key, get, key, operator_keys, operators, post,
        question,
    },
    vault::Vault,
};

const PATH: &str = "/v1/bodies";

fn other_body() -> BodyEntry {
    let mut entry = body_entry();
    entry.id = BodyId::new("another-board").unwrap();
    entry.keys[0].key = key(211).verifying_key();
    entry
}

/// The registry as a device verifies it.
async fn verified(directory: &Directory) -> Vec<body::RegisteredBody> {
    let registry = directory.registry().await;
    let proof = HeadProof::from_bytes(registry.head.as_ref()).unwrap();
    let head = Head::verify(&proof, &directory.trust(), None, directory.now()).unwrap();
    let verify = |listed: &RegisteredBody| {
        let entries: Vec<_> =
            listed.entries.iter().map(|entry| SignedBodyEntry::from_bytes(entry.as_ref()).unwrap()).collect();
        let presence = Presence::from_bytes(listed.presence.as_ref()).unwrap();
        body::RegisteredBody::verify(&entries, &presence, &head, &directory.trust()).unwrap()
    };
    registry.bodies.iter().map(verify).collect()
}

#[tokio::test]
async fn the_registry_is_listed_whole_and_proven() {
    let directory = Directory::start().await;
    assert!(verified(&directory).await.is_empty());
    directory.register(&approved(&body_entry())).await;
    directory.register(&approved(&other_body())).await;
    let ids = |bodies: &[body::RegisteredBody]| -> Vec<String> {
        bodies.iter().map(|body| body.newest().entry().id.as_str().to_owned()).collect()
    };
    assert_eq!(ids(&verified(&directory).await), ["another-board", "example-council"]);
    // The same again, from what was made for this epoch, and after a restart.
    assert_eq!(verified(&directory).await.len(), 2);
    let directory = directory.restart().await;
    assert_eq!(ids(&verified(&directory).await), ["another-board", "example-council"]);
}

#[tokio::test]
async fn one_list_serves_all_readers_while_epochs_come_that_change_no_body() {
    let directory = Directory::with_body().await;
    let epoch = |listed: &Registry| HeadProof::from_bytes(listed.head.as_ref()).unwrap().epoch.number;
    let first = directory.registry().await;
    Vault::new(ANN, 10).enrol(&directory).await;
    let second = directory.registry().await;
    assert_eq!(epoch(&second), epoch(&first));
    assert_eq!(second.bodies[0].presence.as_ref(), first.bodies[0].presence.as_ref());
    assert_eq!(verified(&directory).await.len(), 1);

    // Nobody is shown an older head than one that they saw.
    let newest = HeadProof::from_bytes(&directory.ok(get("/v1/head")).await).unwrap();
    let pin = Head::verify(&newest, &directory.trust(), None, directory.now()).unwrap().pin();
    assert!(pin.size > epoch(&first));
    let hex: String = pin.root.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let asked = get(&format!("/v1/registry?size={}&root={hex}", pin.size));
    let third: Registry = minicbor::decode(&directory.ok(asked).await).unwrap();
    assert_eq!(epoch(&third), pin.size);

    // It is not kept for long, and a body that is registered is listed at once.
    Vault::new(BOB, 20).enrol(&directory).await;
    assert_eq!(epoch(&directory.registry().await), pin.size);
    directory.set_time(directory.now() + LISTED_FOR);
    assert!(epoch(&directory.registry().await) > pin.size);
    directory.register(&approved(&other_body())).await;
    assert_eq!(verified(&directory).await.len(), 2);
}

#[tokio::test]
async fn what_a_reader_remembers_is_proven_against_a_list_that_is_kept_as_well() {
    let directory = Directory::with_body().await;
    let proof = HeadProof::from_bytes(&directory.ok(get("/v1/head")).await).unwrap();
    let pin = Head::verify(&proof, &directory.trust(), None, directory.now()).unwrap().pin();
    Vault::new(ANN, 10).enrol(&directory).await;
    let kept = directory.registry().await;
    let hex: String = pin.root.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let asked = get(&format!("/v1/registry?size={}&root={hex}", pin.size));
    let listed: Registry = minicbor::decode(&directory.ok(asked).await).unwrap();
    let proof = HeadProof::from_bytes(listed.head.as_ref()).unwrap();
    assert_eq!(proof.checkpoint, HeadProof::from_bytes(kept.head.as_ref()).unwrap().checkpoint);
    assert!(Head::verify(&proof, &directory.trust(), Some(&pin), directory.now()).is_ok());
    let other = format!("/v1/registry?size={}&root={}", pin.size, "00".repeat(32));
    directory.refused(get(&other), Code::UnknownLog).await;
}

#[tokio::test]
async fn two_different_operators_approve_an_entry_or_it_is_refused() {
    let directory = Directory::start().await;
    let [one, two, _] = operators();
    let entry = SignedBodyEntry::new(&body_entry());
    let hostile = [
        entry.clone(),
        entry.clone().approve(&one),
        entry.clone().approve(&one).approve(&one),
        entry.clone().approve(&one).approve(&key(99)),
        entry.clone().approve(&body_key()).approve(&key(99)),
    ];
    for signed in hostile {
        directory.refused(post(PATH, &signed.to_bytes()), Code::BodyNotApproved).await;
    }
    let stranger = directory.signed("/v1/lookups", b"", &body_key());
    directory.refused(stranger, Code::SignatureInvalid).await;
    directory.register(&entry.approve(&one).approve(&two)).await;
}

#[tokio::test]
async fn an_entry_follows_the_newest_one_of_its_body() {
    let directory = Directory::start().await;
    let first = approved(&body_entry());
    directory.register(&first).await;
    let next = |name: &str, previous: Option<[u8; 32]>| {
        let previous = previous.map(Into::into);
        approved(&BodyEntry { name: name.to_owned(), previous, ..body_entry() })
    };
    directory.refused(post(PATH, &next("Other", None).to_bytes()), Code::BodyOutOfTurn).await;
    directory.refused(post(PATH, &next("Other", Some([7; 32])).to_bytes()), Code::BodyOutOfTurn).await;
    let second = next("Second", Some(first.hash()));
    directory.register(&second).await;
    // The newest again, and with other approvals, changes nothing; the first comes not back.
    directory.register(&second).await;
    let [_, two, three] = operators();
    let entry = BodyEntry { name: "Second".to_owned(), previous: Some(first.hash().into()), ..body_entry() };
    directory.register(&SignedBodyEntry::new(&entry).approve(&two).approve(&three)).await;
    directory.refused(post(PATH, &first.to_bytes()), Code::BodyOutOfTurn).await;
    directory.refused(post(PATH, &next("Fork", Some(first.hash())).to_bytes()), Code::BodyOutOfTurn).await;

    let bodies = verified(&directory).await;
    assert_eq!(bodies[0].newest().entry().name, "Second");
    assert!(bodies[0].by_hash(first.verify(&operator_keys()).unwrap().hash()).is_some());
}

#[tokio::test]
async fn a_key_belongs_to_one_body_for_ever() {
    let directory = Directory::start().await;
    let first = approved(&body_entry());
    directory.register(&first).await;
    let mut thief = other_body();
    thief.keys[0].key = body_key().verifying_key();
    directory.refused(post(PATH, &approved(&thief).to_bytes()), Code::RequestKeyTaken).await;
    let mut without = BodyEntry { previous: Some(first.hash().into()), ..body_entry() };
    without.keys[0].key = key(212).verifying_key();
    directory.register(&approved(&without)).await;
    directory.refused(post(PATH, &approved(&thief).to_bytes()), Code::RequestKeyTaken).await;
    let directory = directory.restart().await;
    directory.refused(post(PATH, &approved(&thief).to_bytes()), Code::RequestKeyTaken).await;
    // The old key does not ask any more, the new one does.
    let asked = relay_auth::cbor::encode(&question(&attributes(&ANN)));
    let old = directory.signed("/v1/lookups", &asked, &body_key());
    directory.refused(old, Code::SignatureInvalid).await;
    directory.ok(directory.signed("/v1/lookups", &asked, &key(212))).await;
}

#[tokio::test]
async fn a_suspended_body_stays_listed() {
    let directory = Directory::start().await;
    let first = approved(&body_entry());
    directory.register(&first).await;
    let previous = Some(first.hash().into());
    let suspended = BodyEntry { status: BodyStatus::Suspended, previous, ..body_entry() };
    directory.register(&approved(&suspended)).await;
    let bodies = verified(&directory).await;
    assert_eq!(bodies[0].newest().entry().status, BodyStatus::Suspended);
}

#[tokio::test]
async fn hostile_entries_register_nothing() {
    let directory = Directory::start().await;
    let good = approved(&body_entry()).to_bytes();
    for (name, hostile) in variants(&good) {
        let answer = directory.send(post(PATH, &hostile)).await;
        assert!(answer.status().is_client_error(), "{name}");
    }
    for place in (0..good.len()).step_by(3) {
        let mut altered = good.clone();
        altered[place] ^= 1;
        let answer = directory.send(post(PATH, &altered)).await;
        assert!(answer.status().is_client_error(), "byte {place}");
    }
    assert!(directory.registry().await.bodies.is_empty());
}

#[tokio::test]
async fn a_device_that_remembers_the_log_gets_a_head_that_extends_it() {
    let directory = Directory::start().await;
    let proof = HeadProof::from_bytes(&directory.ok(get("/v1/head")).await).unwrap();
    let pin = Head::verify(&proof, &directory.trust(), None, directory.now()).unwrap().pin();
    directory.register(&approved(&body_entry())).await;
    let hex: String = pin.root.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let query = format!("?size={}&root={hex}", pin.size);
    for path in ["/v1/head", "/v1/registry"] {
        let answer = directory.ok(get(&format!("{path}{query}"))).await;
        let proof = if path == "/v1/head" {
            answer.to_vec()
        } else {
            minicbor::decode::<Registry>(&answer).unwrap().head.0
        };
        let proof = HeadProof::from_bytes(&proof).unwrap();
        let head = Head::verify(&proof, &directory.trust(), Some(&pin), directory.now()).unwrap();
        assert_eq!(head.epoch(), pin.size + 1);
        let other = format!("{path}?size={}&root={}", pin.size, "00".repeat(32));
        directory.refused(get(&other), Code::UnknownLog).await;
        let hostile = ["?size=1", "?root=00", "?size=x&root=00", "?size=-1", "?other=1"];
        for query in hostile {
            directory.refused(get(&format!("{path}{query}")), Code::Malformed).await;
        }
    }
}
