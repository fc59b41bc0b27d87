//! Opening mailboxes and changing who may ask.

use api::{Code, Octets, mailboxes::OpenMailbox};
use axum::http::StatusCode;
use relay_auth::{
    access::SignedAccessList,
    cbor::{Wire as _, encode},
    hostile::variants,
    id::MailboxId,
    signing::SigningKey,
};

use crate::support::{
    NOW, Relay, access_key, access_list, depositing, device, key, list, opening, permit, post, seal,
    sealed_permit, voucher,
};

#[tokio::test]
async fn a_voucher_opens_a_mailbox_and_asking_again_changes_nothing() {
    let relay = Relay::opened().await;
    assert_eq!(relay.letters("").await.last, 0);
    relay.set_time(NOW + 1000);
    let again = relay.send(opening(&voucher(1, NOW + 60), &list(1, &[device()]))).await;
    assert_eq!(again.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_spent_voucher_does_not_take_another_list() {
    let relay = Relay::opened().await;
    relay.refused(opening(&voucher(1, NOW + 60), &list(1, &[key(8)])), Code::VoucherSpent).await;
    relay.refused(opening(&voucher(2, NOW + 60), &list(1, &[device()])), Code::MailboxOpen).await;
}

#[tokio::test]
async fn vouchers_that_are_late_foreign_or_of_another_kind_are_refused() {
    let relay = Relay::start();
    let list = list(1, &[device()]);
    relay.refused(opening(&voucher(1, NOW - 1), &list), Code::VoucherExpired).await;
    relay.refused(opening(&sealed_permit(1), &list), Code::VoucherInvalid).await;
    relay.refused(opening(b"", &list), Code::VoucherInvalid).await;
    for (name, hostile) in variants(&voucher(1, NOW + 60)).into_iter().step_by(7) {
        let answer = relay.send(opening(&hostile, &list)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
    }
}

#[tokio::test]
async fn a_list_by_another_key_or_for_another_mailbox_opens_nothing() {
    let relay = Relay::start();
    let forged = SignedAccessList::sign(&access_list(1, &[device()]), &key(99)).to_bytes();
    relay.refused(opening(&voucher(1, NOW + 60), &forged), Code::AccessListRefused).await;
    let mut other = access_list(1, &[device()]);
    other.mailbox = MailboxId::from([2; 16]);
    let other = SignedAccessList::sign(&other, &access_key()).to_bytes();
    relay.refused(opening(&voucher(1, NOW + 60), &other), Code::AccessListRefused).await;
    // The voucher is not spent by any of this.
    relay.open_mailbox().await;
}

#[tokio::test]
async fn hostile_bodies_open_nothing() {
    let relay = Relay::start();
    let body = encode(&OpenMailbox {
        voucher: Octets(voucher(1, NOW + 60)),
        access_list: Octets(list(1, &[device()])),
    });
    for (name, hostile) in variants(&body) {
        let answer = relay.send(post("/v1/mailboxes", "application/cbor", &hostile)).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{name}");
    }
    relay.refused(post("/v1/mailboxes", "text/plain", &body), Code::UnsupportedMediaType).await;
    relay.refused(post("/v1/mailboxes", "application/cbor", &[0; 2601]), Code::TooLarge).await;
}

#[tokio::test]
async fn a_removed_device_is_refused_and_the_new_one_is_not() {
    let relay = Relay::opened().await;
    let change = |list: &[u8], by: &SigningKey| relay.signed("PUT", "/v1/mailbox/access", list, by);
    let two = list(2, &[key(8)]);
    assert_eq!(relay.send(change(&two, &device())).await.status(), StatusCode::NO_CONTENT);
    relay.refused(relay.get("/v1/mailbox/letters"), Code::SignatureInvalid).await;
    let by_new = relay.signed("GET", "/v1/mailbox/letters", b"", &key(8));
    assert_eq!(relay.send(by_new).await.status(), StatusCode::OK);

    // The list in force, sent again, is no error; an older one or another one with its counter is.
    assert_eq!(relay.send(change(&two, &key(8))).await.status(), StatusCode::NO_CONTENT);
    relay.refused(change(&list(1, &[device()]), &key(8)), Code::AccessListStale).await;
    relay.refused(change(&list(2, &[device()]), &key(8)), Code::AccessListStale).await;
    let forged = SignedAccessList::sign(&access_list(3, &[device()]), &key(8)).to_bytes();
    relay.refused(change(&forged, &key(8)), Code::AccessListRefused).await;
    for (name, hostile) in variants(&list(3, &[device()])).into_iter().step_by(5) {
        let answer = relay.send(change(&hostile, &key(8))).await;
        assert!(answer.status().is_client_error(), "{name}");
    }
}

#[tokio::test]
async fn an_inbox_key_that_is_not_listed_any_more_takes_no_letters() {
    let relay = Relay::opened().await;
    let mut without = access_list(2, &[device()]);
    without.inbox_keys.clear();
    let without = SignedAccessList::sign(&without, &access_key()).to_bytes();
    let change = relay.signed("PUT", "/v1/mailbox/access", &without, &device());
    assert_eq!(relay.send(change).await.status(), StatusCode::NO_CONTENT);
    relay.refused(depositing(&seal(&permit(1), 7), b"sealed"), Code::RecipientKeyChanged).await;
}
