//! Requests to the relay, as the relay sees them.

use api::mailboxes::OpenMailbox;
use client_mailbox::relay::{self, Signer};
use crypto_core::archive::ObjectId;
use relay_auth::{access::SignedAccessList, cbor::Wire as _, request::Parameters, signing::VerifyingKey};

use crate::{
    device::Device,
    fake_relay::{Relay, header, verify},
    journey::RELAY,
    world::{NOW, TestRng},
};

fn device_key(device: &Device) -> VerifyingKey {
    device.journey.keys.request().verifying_key()
}

#[test]
fn every_request_of_a_device_is_signed_by_its_request_key() {
    let device = Device::new();
    let signer = Signer { keys: &device.journey.keys, trust: &device.journey.trust, now: NOW };
    let rng = &mut TestRng(1);
    let id = ObjectId::from([0xab; 16]);
    let requests = [
        (relay::letters(7, Some(1), &signer, rng), "/v1/mailbox/letters?after=7&limit=1"),
        (relay::letters(0, None, &signer, rng), "/v1/mailbox/letters?after=0&limit=64"),
        (relay::archive(3, &signer, rng), "/v1/mailbox/archive?after=3"),
        (relay::archive_object(&id, &signer, rng), "/v1/mailbox/archive/abababababababababababababababab"),
        (relay::events(&signer, rng), "/v1/mailbox/events"),
    ];
    let mut nonces = Vec::new();
    for (request, target) in requests {
        let request = request.unwrap();
        assert_eq!((request.method, request.url.as_str()), ("GET", format!("{RELAY}{target}").as_str()));
        assert!(request.body.is_empty());
        verify(&device_key(&device), &request);
        nonces.push(Parameters::parse(header(&request, "signature-input")).unwrap().nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 5);
}

#[test]
fn a_letter_is_filed_by_a_signed_request_with_the_same_content_each_time() {
    let mut device = Device::new();
    let mut relay = Relay::new();
    relay.deposit(device.sealed(1, "one"));
    let _ = device.list(&relay.page(0)).unwrap();
    let signer = Signer { keys: &device.journey.keys, trust: &device.journey.trust, now: NOW };
    let filing = device.inbox.filings().next().unwrap();
    let send = |seed| relay::file(filing, &signer, &mut TestRng(seed)).unwrap();
    let (first, again) = (send(1), send(2));
    assert_eq!((first.method, first.url.as_str()), ("POST", format!("{RELAY}/v1/mailbox/archive").as_str()));
    assert_eq!(header(&first, "content-type"), "application/cbor");
    verify(&device_key(&device), &first);
    assert_eq!(first.body, again.body);
    assert_ne!(header(&first, "signature"), header(&again, "signature"));
}

#[test]
fn a_mailbox_is_opened_for_this_device_and_its_inbox_key() {
    let device = Device::new();
    let keys = &device.journey.keys;
    let open = || relay::open_mailbox(&device.enrolled, keys, &device.journey.trust).unwrap();
    assert_eq!((open().method, open().url), ("POST", format!("{RELAY}/v1/mailboxes")));
    // The same request again, so that a lost answer does no harm.
    assert_eq!(open(), open());
    let opening: OpenMailbox = minicbor::decode(&open().body).unwrap();
    assert_eq!(opening.voucher.as_ref(), device.enrolled.voucher());
    let list = SignedAccessList::from_bytes(opening.access_list.as_ref()).unwrap();
    let list = list.verify(device.enrolled.mailbox(), &keys.access().verifying_key(), 0).unwrap();
    assert_eq!(list.request_keys, [keys.request().verifying_key()]);
    assert_eq!(list.inbox_keys, [keys.inbox_keys()[0].public_key().id()]);
    assert_eq!(list.next_access_key, keys.next_access().verifying_key());
    assert_ne!(list.next_access_key, keys.access().verifying_key());
}
