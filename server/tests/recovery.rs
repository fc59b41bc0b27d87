//! The way back: recovery keys, bundles, restarts.

use api::{
    Code, Octets, Octets32,
    recovery::{RecoveryBundle, RecoveryPut, RecoveryRestart},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use futures_util::StreamExt as _;
use letterbox_server::recovery::LARGEST_BUNDLE;
use relay_auth::{
    access::SignedAccessList,
    cbor::{Wire as _, encode},
    hostile::variants,
    id::{InboxKeyId, MailboxId},
    signing::SigningKey,
};

use crate::support::{
    NOW, Relay, access_key, access_list, copy, depositing, device, key, list, opening, permit, put, seal,
    sealed_permit, voucher,
};

const LETTERS: &str = "/v1/mailbox/letters";
const KEEP: &str = "/v1/mailbox/recovery";
const RECOVERY: &str = "/v1/recovery";
const RESTART: &str = "/v1/recovery/restart";

/// The code that was written down first, and the one that a recovery makes.
fn code() -> SigningKey {
    key(20)
}

fn new_code() -> SigningKey {
    key(21)
}

/// The device that a recovery puts in the old one's place.
fn new_device() -> SigningKey {
    key(8)
}

fn putting(key: &SigningKey, bundle: &[u8]) -> Vec<u8> {
    let key = Octets32(*key.verifying_key().as_bytes());
    encode(&RecoveryPut { key, bundle: Octets(bundle.to_vec()) })
}

/// The list of a restart (`LBX-ACCESS-2`): the new device, another inbox key.
fn restarting(counter: u64, by: &SigningKey) -> Vec<u8> {
    let mut list = access_list(counter, &[new_device()]);
    list.inbox_keys = vec![InboxKeyId::from([10; 16])];
    SignedAccessList::sign(&list, by).to_bytes()
}

/// A list that restarts, with the recovery key and the bundle that are to be the mailbox's.
fn with_list(list: &[u8], new: &SigningKey) -> Vec<u8> {
    let bundle: &[u8] = if new.to_seed() == code().to_seed() { b"bundle" } else { b"second" };
    encode(&RecoveryRestart {
        access_list: Octets(list.to_vec()),
        key: Octets32(*new.verifying_key().as_bytes()),
        bundle: Octets(bundle.to_vec()),
    })
}

impl Relay {
    fn keep(&self, key: &SigningKey, bundle: &[u8]) -> Request<Body> {
        self.signed("PUT", KEEP, &putting(key, bundle), &device())
    }

    fn announce(&self, by: &SigningKey, key: &SigningKey, bundle: &[u8]) -> Request<Body> {
        self.signed("PUT", RECOVERY, &putting(key, bundle), by)
    }

    fn fetch(&self, by: &SigningKey) -> Request<Body> {
        self.signed("GET", RECOVERY, b"", by)
    }

    /// A restart by the key whose list it is, which stays the mailbox's.
    fn restarted(&self, by: &SigningKey, list: &[u8]) -> Request<Body> {
        self.signed("POST", RESTART, &with_list(list, by), by)
    }

    async fn done(&self, request: Request<Body>) {
        let (status, answer) = self.ask(request).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{answer:?}");
    }

    async fn found(&self, by: &SigningKey) -> (u64, Vec<u8>) {
        let (status, answer) = self.ask(self.fetch(by)).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
        let RecoveryBundle { access_counter, bundle } = minicbor::decode(&answer).unwrap();
        (access_counter, bundle.0)
    }

    /// A relay with a mailbox whose code was written down.
    async fn with_code() -> Self {
        let relay = Self::opened().await;
        relay.done(relay.keep(&code(), b"bundle")).await;
        relay
    }
}

#[tokio::test]
async fn a_code_finds_what_was_kept_for_it() {
    let relay = Relay::with_code().await;
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
    // Kept again, as after a lost answer.
    relay.done(relay.keep(&code(), b"bundle")).await;
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
    let change = relay.signed("PUT", "/v1/mailbox/access", &list(2, &[device()]), &device());
    relay.done(change).await;
    assert_eq!(relay.found(&code()).await, (2, b"bundle".to_vec()));
}

#[tokio::test]
async fn a_device_registers_the_first_code_and_cannot_change_it() {
    let relay = Relay::with_code().await;
    relay.done(relay.announce(&code(), &new_code(), b"second")).await;
    for (other, bundle) in [(key(22), &b"third"[..]), (code(), b"garbage"), (new_code(), b"second")] {
        relay.refused(relay.keep(&other, bundle), Code::RequestKeyTaken).await;
    }
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
    assert_eq!(relay.found(&new_code()).await, (1, b"second".to_vec()));
    relay.done(relay.keep(&code(), b"bundle")).await;
}

#[tokio::test]
async fn a_second_code_stands_beside_the_first_and_a_third_takes_the_seconds_place() {
    let relay = Relay::with_code().await;
    for _ in 0..2 {
        relay.done(relay.announce(&code(), &new_code(), b"second")).await;
        assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
        assert_eq!(relay.found(&new_code()).await, (1, b"second".to_vec()));
    }
    relay.done(relay.announce(&code(), &key(22), b"third")).await;
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
    relay.refused(relay.fetch(&new_code()), Code::SignatureInvalid).await;
    assert_eq!(relay.found(&key(22)).await, (1, b"third".to_vec()));
    // The devices are not touched by any of this.
    assert_eq!(relay.letters("").await.last, 0);
}

#[tokio::test]
async fn whoever_found_a_code_cannot_push_the_owners_out_in_two_steps() {
    let relay = Relay::with_code().await;
    relay.done(relay.announce(&code(), &new_code(), b"second")).await;
    relay.done(relay.announce(&new_code(), &key(22), b"third")).await;
    // Nor put another bundle in its place.
    relay.refused(relay.announce(&new_code(), &code(), b"other"), Code::RequestKeyTaken).await;
    for (one, bundle) in [(code(), &b"bundle"[..]), (new_code(), b"second"), (key(22), b"third")] {
        assert_eq!(relay.found(&one).await, (1, bundle.to_vec()));
    }
    // Between these two there is no room for more.
    relay.done(relay.announce(&code(), &key(23), b"fourth")).await;
    for gone in [new_code(), key(22)] {
        relay.refused(relay.fetch(&gone), Code::SignatureInvalid).await;
    }
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
}

#[tokio::test]
async fn a_restart_lets_the_new_device_in_and_everybody_else_out() {
    let relay = Relay::with_code().await;
    relay.deposit(1, b"sealed").await;
    relay.done(relay.announce(&code(), &new_code(), b"second")).await;
    let list = restarting(2, &new_code());
    relay.done(relay.restarted(&new_code(), &list)).await;
    // Sent again, as after a lost answer.
    relay.done(relay.restarted(&new_code(), &list)).await;

    relay.refused(relay.get(LETTERS), Code::SignatureInvalid).await;
    relay.refused(relay.keep(&code(), b"bundle"), Code::SignatureInvalid).await;
    relay.refused(relay.fetch(&code()), Code::SignatureInvalid).await;
    let back = relay.restarted(&code(), &restarting(3, &code()));
    relay.refused(back, Code::SignatureInvalid).await;
    relay.refused(depositing(&sealed_permit(2), b"sealed"), Code::RecipientKeyChanged).await;

    let letters = relay.signed("GET", LETTERS, b"", &new_device());
    let (status, page) = relay.ask(letters).await;
    assert_eq!(status, StatusCode::OK);
    let page: api::letters::LetterPage = minicbor::decode(&page).unwrap();
    assert_eq!(page.letters[0].envelope, Some(Octets(b"sealed".to_vec())), "what waits is still there");
    assert_eq!(relay.found(&new_code()).await, (2, b"second".to_vec()));
    let mut to_the_new_key = permit(3);
    to_the_new_key.inbox_key = InboxKeyId::from([10; 16]);
    let (status, _) = relay.ask(depositing(&seal(&to_the_new_key, 7), b"sealed")).await;
    assert_eq!(status, StatusCode::OK);
    // The new device governs the mailbox as the old one did.
    let next = SignedAccessList::sign(&access_list(3, &[new_device()]), &access_key()).to_bytes();
    relay.done(relay.signed("PUT", "/v1/mailbox/access", &next, &new_device())).await;
    relay.done(relay.signed("PUT", KEEP, &putting(&new_code(), b"second"), &new_device())).await;
}

#[tokio::test]
async fn nobody_comes_between_with_another_code_when_the_mailbox_is_restarted() {
    let relay = Relay::with_code().await;
    relay.done(relay.announce(&code(), &new_code(), b"second")).await;
    // Whoever found the sheet pushes the new code out, again and again.
    relay.done(relay.announce(&code(), &key(22), b"third")).await;
    relay.refused(relay.fetch(&new_code()), Code::SignatureInvalid).await;
    // The code that was typed restarts, and brings the new one with it.
    let restart = with_list(&restarting(2, &new_code()), &new_code());
    relay.done(relay.signed("POST", RESTART, &restart, &code())).await;
    assert_eq!(relay.found(&new_code()).await, (2, b"second".to_vec()));
    for gone in [code(), key(22)] {
        relay.refused(relay.fetch(&gone), Code::SignatureInvalid).await;
    }
    // A list that was refused brings no code in either.
    let late = with_list(&restarting(2, &key(23)), &key(23));
    relay.refused(relay.signed("POST", RESTART, &late, &new_code()), Code::AccessListStale).await;
    relay.refused(relay.fetch(&key(23)), Code::SignatureInvalid).await;
}

#[tokio::test]
async fn a_restart_follows_a_list_that_a_device_changed_meanwhile() {
    let relay = Relay::with_code().await;
    assert_eq!(relay.found(&code()).await.0, 1);
    let change = relay.signed("PUT", "/v1/mailbox/access", &list(2, &[device()]), &device());
    relay.done(change).await;
    relay.refused(relay.restarted(&code(), &restarting(2, &code())), Code::AccessListStale).await;
    let (counter, _) = relay.found(&code()).await;
    relay.done(relay.restarted(&code(), &restarting(counter + 1, &code()))).await;
    relay.refused(relay.get(LETTERS), Code::SignatureInvalid).await;
}

#[tokio::test]
async fn one_code_is_enough_to_restart() {
    let relay = Relay::with_code().await;
    relay.done(relay.restarted(&code(), &restarting(2, &code()))).await;
    relay.refused(relay.get(LETTERS), Code::SignatureInvalid).await;
    assert_eq!(relay.found(&code()).await, (2, b"bundle".to_vec()));
}

#[tokio::test]
async fn what_recovery_answered_is_there_after_a_restart_of_the_relay() {
    let relay = Relay::with_code().await;
    relay.done(relay.announce(&code(), &new_code(), b"second")).await;
    let relay = relay.restart();
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
    assert_eq!(relay.found(&new_code()).await, (1, b"second".to_vec()));
    let list = restarting(2, &new_code());
    relay.done(relay.restarted(&new_code(), &list)).await;
    let relay = relay.restart();
    relay.refused(relay.get(LETTERS), Code::SignatureInvalid).await;
    relay.refused(relay.fetch(&code()), Code::SignatureInvalid).await;
    relay.done(relay.restarted(&new_code(), &list)).await;
    assert_eq!(relay.found(&new_code()).await, (2, b"second".to_vec()));
}

#[tokio::test]
async fn an_event_stream_of_an_old_device_ends_when_the_mailbox_is_restarted() {
    let relay = Relay::with_code().await;
    let answer = relay.send(relay.get("/v1/mailbox/events")).await;
    let mut stream = answer.into_body().into_data_stream();
    assert!(stream.next().await.is_some());
    relay.done(relay.restarted(&code(), &restarting(2, &code()))).await;
    assert!(stream.next().await.is_none());
}

/// `LBX-ACCESS-2`
#[tokio::test]
async fn a_list_by_another_key_or_out_of_turn_restarts_nothing() {
    let relay = Relay::with_code().await;
    relay.done(relay.announce(&code(), &new_code(), b"second")).await;
    for other in [access_key(), new_code(), device(), key(50)] {
        let forged = restarting(2, &other);
        relay.refused(relay.restarted(&code(), &forged), Code::AccessListRefused).await;
    }
    // The list in force is signed by the access key: it has restarted nothing.
    let first = list(1, &[device()]);
    relay.refused(relay.restarted(&code(), &first), Code::AccessListRefused).await;
    for counter in [1, 3, u64::MAX] {
        let out_of_turn = restarting(counter, &code());
        relay.refused(relay.restarted(&code(), &out_of_turn), Code::AccessListStale).await;
    }
    let mut elsewhere = access_list(2, &[new_device()]);
    elsewhere.mailbox = MailboxId::from([2; 16]);
    let elsewhere = SignedAccessList::sign(&elsewhere, &code()).to_bytes();
    relay.refused(relay.restarted(&code(), &elsewhere), Code::AccessListRefused).await;
    let hostile_lists = variants(&restarting(2, &code())).into_iter().step_by(5);
    let hostile_lists = hostile_lists.map(|(name, hostile)| (name, with_list(&hostile, &code())));
    let restart = with_list(&restarting(2, &code()), &code());
    for (name, hostile) in hostile_lists.chain(variants(&restart).into_iter().step_by(5)) {
        let answer = relay.send(relay.signed("POST", RESTART, &hostile, &code())).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{name}");
    }
    let huge = relay.signed("POST", RESTART, &[0; LARGEST_BUNDLE + 2300], &code());
    relay.refused(huge, Code::TooLarge).await;
    // A restart list is no list that a device may bring.
    let by_device = relay.signed("PUT", "/v1/mailbox/access", &restarting(2, &code()), &device());
    relay.refused(by_device, Code::AccessListRefused).await;

    assert_eq!(relay.letters("").await.last, 0);
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
    assert_eq!(relay.found(&new_code()).await, (1, b"second".to_vec()));
}

#[tokio::test]
async fn a_device_does_not_recover_and_a_code_does_nothing_else() {
    let relay = Relay::with_code().await;
    for stranger in [device(), access_key(), key(50)] {
        relay.refused(relay.fetch(&stranger), Code::SignatureInvalid).await;
        relay.refused(relay.announce(&stranger, &new_code(), b"x"), Code::SignatureInvalid).await;
        let list = restarting(2, &stranger);
        relay.refused(relay.restarted(&stranger, &list), Code::SignatureInvalid).await;
    }
    for stranger in [code(), access_key(), key(50)] {
        let kept = relay.signed("PUT", KEEP, &putting(&new_code(), b"x"), &stranger);
        relay.refused(kept, Code::SignatureInvalid).await;
    }
    for path in [LETTERS, "/v1/mailbox/events", "/v1/mailbox/archive"] {
        relay.refused(relay.signed("GET", path, b"", &code()), Code::SignatureInvalid).await;
    }
    let change = relay.signed("PUT", "/v1/mailbox/access", &list(2, &[device()]), &code());
    relay.refused(change, Code::SignatureInvalid).await;
    let object = encode(&put(1, 0, 1, b"object", &[]));
    let filing = relay.signed("POST", "/v1/mailbox/archive", &object, &code());
    relay.refused(filing, Code::SignatureInvalid).await;
}

#[tokio::test]
async fn a_recovery_request_works_once_even_across_a_restart_of_the_relay() {
    let relay = Relay::with_code().await;
    let body = putting(&new_code(), b"second");
    let list = restarting(2, &code());
    let requests = [
        (relay.keep(&code(), b"bundle"), putting(&code(), b"bundle"), StatusCode::NO_CONTENT),
        (relay.fetch(&code()), Vec::new(), StatusCode::OK),
        (relay.announce(&code(), &new_code(), b"second"), body, StatusCode::NO_CONTENT),
        (relay.restarted(&code(), &list), with_list(&list, &code()), StatusCode::NO_CONTENT),
    ];
    let mut again = Vec::new();
    for (request, body, expected) in requests {
        again.push((copy(&request, &body), body));
        assert_eq!(relay.send(request).await.status(), expected);
    }
    // The device that kept the bundle is out by now.
    let (by_device, _) = again.remove(0);
    relay.refused(by_device, Code::SignatureInvalid).await;
    for (request, body) in &again {
        relay.refused(copy(request, body), Code::RequestReplayed).await;
    }
    let relay = relay.restart();
    for (request, body) in &again {
        relay.refused(copy(request, body), Code::RequestReplayed).await;
    }
}

#[tokio::test]
async fn an_altered_or_late_recovery_request_is_refused() {
    let relay = Relay::with_code().await;
    let announced = relay.announce(&code(), &new_code(), b"second");
    let other_body = copy(&announced, &putting(&key(22), b"second"));
    relay.refused(other_body, Code::SignatureInvalid).await;
    let mut other_method = relay.fetch(&code());
    *other_method.method_mut() = Method::PUT;
    relay.refused(other_method, Code::SignatureInvalid).await;
    let mut other_query = relay.fetch(&code());
    *other_query.uri_mut() = "/v1/recovery?other".parse().unwrap();
    relay.refused(other_query, Code::SignatureInvalid).await;
    let (body, list) = (putting(&new_code(), b"second"), with_list(&restarting(2, &code()), &code()));
    for created in [NOW - 301, NOW + 301] {
        for (method, path, body) in [
            ("GET", RECOVERY, b"".as_slice()),
            ("PUT", RECOVERY, body.as_slice()),
            ("POST", RESTART, list.as_slice()),
        ] {
            let request = relay.signed_at(method, path, body, &code(), created);
            relay.refused(request, Code::RequestOutOfTime).await;
        }
    }
    relay.refused(relay.fetch(&new_code()), Code::SignatureInvalid).await;
    assert_eq!(relay.letters("").await.last, 0);
}

#[tokio::test]
async fn a_key_is_a_devices_or_a_codes_and_never_both() {
    let relay = Relay::with_code().await;
    let mailbox = Relay::opened().await;
    mailbox.refused(mailbox.keep(&device(), b"x"), Code::RequestKeyTaken).await;
    relay.refused(relay.announce(&code(), &device(), b"x"), Code::RequestKeyTaken).await;
    // Whoever has the code cannot alter what the code opens.
    relay.refused(relay.announce(&code(), &code(), b"x"), Code::RequestKeyTaken).await;
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));

    let both = list(2, &[device(), code()]);
    let change = relay.signed("PUT", "/v1/mailbox/access", &both, &device());
    relay.refused(change, Code::RequestKeyTaken).await;
    let both = SignedAccessList::sign(&access_list(2, &[code()]), &code()).to_bytes();
    relay.refused(relay.restarted(&code(), &both), Code::RequestKeyTaken).await;
    assert_eq!(relay.letters("").await.last, 0);
    // The same voucher and list still open the mailbox, to no effect.
    let again = opening(&voucher(1, NOW + 60), &list(1, &[device()]));
    relay.done(again).await;
    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
}

#[tokio::test]
async fn bundles_and_keys_that_make_no_sense_are_refused() {
    let relay = Relay::with_code().await;
    let largest = vec![7; LARGEST_BUNDLE];
    let larger = vec![7; LARGEST_BUNDLE + 1];
    for hostile in [b"".as_slice(), larger.as_slice()] {
        let restart = encode(&RecoveryRestart {
            access_list: Octets(restarting(2, &code())),
            key: Octets32(*code().verifying_key().as_bytes()),
            bundle: Octets(hostile.to_vec()),
        });
        relay.refused(relay.signed("POST", RESTART, &restart, &code()), Code::Malformed).await;
        relay.refused(relay.keep(&code(), hostile), Code::Malformed).await;
        relay.refused(relay.announce(&code(), &new_code(), hostile), Code::Malformed).await;
    }
    let huge = vec![7; LARGEST_BUNDLE + 100];
    relay.refused(relay.keep(&code(), &huge), Code::TooLarge).await;
    relay.refused(relay.announce(&code(), &new_code(), &huge), Code::TooLarge).await;
    let no_key = encode(&RecoveryPut { key: Octets32([0; 32]), bundle: Octets(b"x".to_vec()) });
    relay.refused(relay.signed("PUT", KEEP, &no_key, &device()), Code::Malformed).await;
    relay.refused(relay.signed("PUT", RECOVERY, &no_key, &code()), Code::Malformed).await;
    for (name, hostile) in variants(&putting(&new_code(), b"x")).into_iter().step_by(3) {
        for (path, by) in [(KEEP, device()), (RECOVERY, code())] {
            let answer = relay.send(relay.signed("PUT", path, &hostile, &by)).await;
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{name}");
        }
    }
    let mut other_type = relay.keep(&new_code(), b"x");
    other_type.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    relay.refused(other_type, Code::UnsupportedMediaType).await;
    relay.refused(relay.signed("GET", RECOVERY, b"content", &code()), Code::TooLarge).await;

    assert_eq!(relay.found(&code()).await, (1, b"bundle".to_vec()));
    relay.done(relay.announce(&code(), &new_code(), &largest)).await;
    assert_eq!(relay.found(&new_code()).await, (1, largest));
}

#[tokio::test]
async fn restarts_are_counted() {
    let relay = Relay::with_code().await;
    relay.done(relay.restarted(&code(), &restarting(2, &code()))).await;
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let (_, text) = relay.ask(request).await;
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains("letterbox_recovery_restarts_total"), "{text}");
}
