//! The way back with a recovery code, with services that are honest.

use std::collections::BTreeMap;

use api::{
    Code, Octets32,
    archive::ArchiveObject,
    directory::PublishRequest,
    recovery::{RecoveryPut, RecoveryRestart},
};
use client_mailbox::{
    enrolment::{Enrolled, Enrolment, EnrolmentError, Next, Redeem, SignedEnrolment, Stage},
    http::HttpRequest,
    inbox::Inbox,
    recovery::{self, By},
    relay::Signer,
};
use crypto_core::{
    archive::{ObjectId, Place, SealedObject},
    citizen::{ChangeKind, History, Purpose},
    evidence::Evidence,
};
use relay_auth::{
    access::SignedAccessList,
    cbor::{Bytes32, Wire as _},
    hostile,
};

use crate::{
    device::{Device, NO_ALARM},
    fake_relay::{Relay, verify},
    journey::{Journey, RELAY, ok},
    recovered::{back, back_again, kept, paper, refused},
    world::{ANN, NOW, TestRng},
};

/// The generation of the root under which an object lies.
fn generation(device: &Device, object: &ArchiveObject) -> Option<u64> {
    let sealed = SealedObject::from_bytes(object.object.as_ref()).unwrap();
    let (owner, id, counter) = (device.id(), ObjectId::from(object.id.0), object.counter);
    let opened = device.journey.keys.archive_roots().find(|(generation, root)| {
        sealed.open(&Place { owner, generation: *generation, id, counter }, root).is_ok()
    });
    opened.map(|(generation, _)| generation)
}

#[test]
fn a_code_brings_back_what_was_filed_and_what_was_waiting() {
    let (mut old, mut relay) = (Device::new(), Relay::new());
    relay.deposit(old.sealed(1, "one"));
    relay.deposit(old.sealed(2, "two"));
    assert_eq!(old.synchronise(&mut relay), NO_ALARM);
    relay.deposit(old.sealed(3, "waiting"));

    // Nothing is left of the device but the code.
    let (code, found) = paper(&old.journey, &old.enrolled);
    let old_key = old.journey.keys.inbox_keys()[0].public_key().id();
    let mut journey = old.journey.back(&found, &code);
    journey.confirm();
    let (_, enrolled) = journey.finish();
    let inbox = Inbox::new(&enrolled);
    let mut device = Device { journey, enrolled, inbox, disk: BTreeMap::new(), ..old };
    assert_ne!(device.journey.keys.inbox_keys()[0].public_key().id(), old_key);

    relay.deposit(device.sealed(4, "new"));
    assert_eq!(device.synchronise(&mut relay), NO_ALARM);
    assert_eq!(device.labels(), ["new", "waiting"]);
    assert_eq!(device.look_through(&relay), Ok(vec![]));
    assert_eq!(device.labels(), ["new", "waiting", "two", "one"]);
    // What is filed now is sealed under the new root.
    let filed: Vec<_> = relay.changes.iter().map(|entry| &relay.objects[&entry.id.0]).collect();
    let generations: Vec<_> = filed.into_iter().map(|object| generation(&device, object)).collect();
    assert_eq!(generations, [Some(1), Some(1), Some(2), Some(2)]);
    device.journey.keys.finish();
    device.reload();
    assert_eq!(device.look_through(&relay), Ok(vec![]));
}

#[test]
fn each_request_of_a_recovery_is_signed_by_its_key() {
    let (journey, enrolled) = Journey::enrolled();
    let (code, found) = paper(&journey, &enrolled);
    let rng = &mut TestRng(1);
    let typed = code.keys().unwrap().request().verifying_key();
    let fetch = recovery::fetch(&code, &journey.trust, NOW, rng).unwrap();
    assert_eq!((fetch.method, fetch.url.clone()), ("GET", format!("{RELAY}/v1/recovery")));
    assert!(fetch.body.is_empty());
    verify(&typed, &fetch);

    let mut journey = journey.back(&found, &code);
    journey.confirm();
    let (signed, enrolled) = journey.finish();
    let keys = &journey.keys;
    let signer = Signer { keys, trust: &journey.trust, now: NOW };
    let new = keys.recovery_request_key();
    let put = |request: &HttpRequest| {
        let RecoveryPut { key, bundle } = minicbor::decode(&request.body).unwrap();
        (key, bundle.0)
    };

    let announce = recovery::announce(&signed, &signer, rng).unwrap().unwrap();
    assert_eq!((announce.method, announce.url.clone()), ("PUT", format!("{RELAY}/v1/recovery")));
    verify(&typed, &announce);
    assert_eq!(put(&announce), (Octets32(*new.as_bytes()), signed.bundle().to_vec()));

    let keep = recovery::keep(&enrolled, &signer, rng).unwrap();
    assert_eq!((keep.method, keep.url.clone()), ("PUT", format!("{RELAY}/v1/mailbox/recovery")));
    verify(&keys.request().verifying_key(), &keep);
    assert_eq!(put(&keep), put(&announce));

    // LBX-ACCESS-2
    for (by, asks) in [(By::Typed, typed), (By::New, new)] {
        let look = recovery::look(by, &signer, rng).unwrap().unwrap();
        assert_eq!((look.method, look.url.clone()), ("GET", format!("{RELAY}/v1/recovery")));
        verify(&asks, &look);
        let restart = recovery::restart(&enrolled, by, 6, &signer, rng).unwrap().unwrap();
        assert_eq!((restart.method, restart.url.clone()), ("POST", format!("{RELAY}/v1/recovery/restart")));
        verify(&asks, &restart);
        let RecoveryRestart { access_list, key, bundle } = minicbor::decode(&restart.body).unwrap();
        // Whoever asks, the new code comes with it.
        assert_eq!((key, bundle.0), put(&announce));
        let list = SignedAccessList::from_bytes(access_list.as_ref()).unwrap();
        let list = list.verify(enrolled.mailbox(), &new, 6).unwrap();
        assert_eq!((list.counter, list.request_keys), (7, vec![keys.request().verifying_key()]));
        assert_eq!(list.inbox_keys, [keys.inbox_keys()[0].public_key().id()]);
        assert_eq!(list.next_access_key, keys.next_access().verifying_key());
    }
    assert_eq!(recovery::access_counter(&kept(b"sealed", 6)), Ok(Some(6)));
    let unknown = refused(Code::SignatureInvalid);
    assert_eq!(recovery::access_counter(&unknown), Ok(None));
    assert!(recovery::access_counter(&refused(Code::Unavailable)).is_err());
}

#[test]
fn a_first_enrolment_puts_nothing_out() {
    let mut journey = Journey::confirmed();
    let (signed, enrolled) = journey.finish();
    let signer = Signer { keys: &journey.keys, trust: &journey.trust, now: NOW };
    let rng = &mut TestRng(1);
    assert_eq!(recovery::announce(&signed, &signer, rng), Ok(None));
    for by in [By::Typed, By::New] {
        assert_eq!(recovery::look(by, &signer, rng), Ok(None));
        assert_eq!(recovery::restart(&enrolled, by, 1, &signer, rng), Ok(None));
    }
    assert!(!journey.enrolment.is_recovery());
    assert_eq!(journey.enrolment.entries(&journey.trust), Err(EnrolmentError::OutOfTurn));
    // The code is on paper from the first day.
    let code = journey.keys.recovery_code().unwrap();
    assert!(recovery::found(&kept(enrolled.bundle(), 1), &code).is_ok());
}

#[test]
fn the_entry_of_a_recovery_is_as_the_protocol_says() {
    let mut journey = back();
    let first = journey.chain[0].clone();
    journey.confirm();
    let (signed, enrolled) = journey.finish();
    let history = History::verify(ANN.id(), &journey.chain).unwrap();
    let change = history.changes().last().unwrap();
    assert_eq!((change.kind, change.previous), (ChangeKind::Recovery, Some(Bytes32(first.hash()))));
    assert_eq!(change.identity_key, journey.keys.identity().verifying_key());
    assert_ne!(change.identity_key, first.unverified().unwrap().identity_key);
    let entry = history.last().entry();
    let inbox: Vec<_> = entry.inbox_keys.iter().map(|key| key.key.id()).collect();
    assert_eq!(inbox, [journey.keys.inbox_keys()[0].public_key().id()]);

    let request = signed.publish(&journey.trust, &journey.keys).unwrap();
    let request: PublishRequest = minicbor::decode(&request.body).unwrap();
    let evidence = Evidence::from_bytes(request.evidence.as_ref()).unwrap();
    assert_eq!((evidence.purpose, evidence.previous), (Purpose::Recover, Some(Bytes32(first.hash()))));
    assert_eq!(request.access_key, Octets32(*journey.keys.access().verifying_key().as_bytes()));
    // At the next unlock the directory shows a chain of two.
    let mut later = enrolled;
    let pin = *later.pin();
    let published = journey.published(&ANN.attributes(), Some(&pin));
    assert_eq!(later.checked(&journey.trust, &ok(&published), NOW), Ok(()));
}

#[test]
fn a_recovery_that_waits_for_the_entries_is_stored_and_goes_on() {
    let mut journey = back();
    hostile::assert_strict(&journey.enrolment);
    let first = journey.returned();
    journey.sign_in();
    hostile::assert_strict(&journey.enrolment);
    journey.enrolment = Enrolment::from_bytes(&journey.enrolment.to_bytes()).unwrap();
    let before = journey.enrolment.clone();
    assert!(before.is_recovery() && before.is_expired(NOW + 3601) && !before.keeps_keys());
    assert_eq!((before.stage(), before.next_step()), (None, Next::Entries));
    // Going back in the browser sends nothing, and there is nothing to go to or to collect.
    let again = journey.enrolment.redeem(&journey.trust, &first, NOW);
    assert_eq!(again, Ok(Redeem::Continue(Next::Entries)));
    assert_eq!(journey.enrolment.authorise_url(&journey.trust), Err(EnrolmentError::OutOfTurn));
    let collected = journey.enrolment.collect(&journey.trust, &journey.keys);
    assert_eq!(collected, Err(EnrolmentError::OutOfTurn));
    assert_eq!(journey.enrolment, before);

    let chain = journey.chain.clone();
    assert_eq!(journey.show(&chain), Ok(Next::Authorise));
    assert_eq!(journey.enrolment.stage(), Some(Stage::Identity));
    hostile::assert_strict(&journey.enrolment);
    assert_eq!(journey.show(&chain), Err(EnrolmentError::OutOfTurn));
    let shown = journey.enrolment.redeem(&journey.trust, &first, NOW);
    assert_eq!(shown, Ok(Redeem::Continue(Next::Authorise)));
}

#[test]
fn a_recovery_that_is_begun_again_is_a_recovery() {
    let mut journey = back();
    journey.confirm();
    journey.sign(&journey.collected()).unwrap();
    journey.enrolment.begin_again(NOW, &mut TestRng(9));
    assert!(journey.enrolment.is_recovery() && journey.enrolment.keeps_keys());
    hostile::assert_strict(&journey.enrolment);
    journey.confirm();
    let (_, enrolled) = journey.finish();
    assert_eq!(enrolled.directory_id(), ANN.id());
}

#[test]
fn each_recovery_makes_a_new_code_that_leads_to_the_next() {
    let mut journey = back_again();
    journey.confirm();
    let (_, enrolled) = journey.finish();
    assert_eq!(journey.chain.len(), 3);
    let (_, found) = paper(&journey, &enrolled);
    let generations: Vec<_> = found.bundle.roots.iter().map(|root| root.generation).collect();
    assert_eq!((generations, found.bundle.inbox.len()), (vec![3, 2, 1], 3));
}

#[test]
fn what_is_stored_of_a_recovery_has_one_encoding_and_shows_nothing() {
    let mut journey = back();
    journey.confirm();
    hostile::assert_strict(&journey.enrolment);
    hostile::assert_strict(&journey.keys);
    let (signed, enrolled) = journey.finish();
    hostile::assert_strict(&signed);
    hostile::assert_strict(&enrolled);
    assert_eq!(SignedEnrolment::from_bytes(&signed.to_bytes()).unwrap(), signed);
    assert_eq!(Enrolled::from_bytes(&enrolled.to_bytes()).unwrap(), enrolled);
    assert_eq!(
        format!("{:?} {signed:?} {enrolled:?}", journey.enrolment),
        "Enrolment(Signed) SignedEnrolment([redacted]) Enrolled([redacted])"
    );
}
