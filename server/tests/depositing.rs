//! Deposits.

use api::Code;
use axum::http::{Request, StatusCode};
use relay_auth::{
    hostile::variants,
    id::{InboxKeyId, MailboxId},
    permit::Permit,
};

use crate::support::{NOW, Relay, depositing, generous, permit, put, seal, sealed_permit, voucher};

#[tokio::test]
async fn a_deposit_gives_a_receipt_and_repeating_it_gives_the_same_bytes() {
    let relay = Relay::opened().await;
    let receipt = relay.deposit(1, b"sealed").await;
    assert_eq!((receipt.permit, receipt.time), (permit(1).id, NOW));
    let (_, first) = relay.ask(depositing(&sealed_permit(1), b"sealed")).await;
    relay.set_time(NOW + 1000);
    let (status, late) = relay.ask(depositing(&sealed_permit(1), b"sealed")).await;
    assert_eq!((status, late), (StatusCode::OK, first));
    assert_eq!(relay.letters("").await.last, 1);
}

#[tokio::test]
async fn a_spent_permit_takes_no_other_bytes() {
    let relay = Relay::opened().await;
    relay.deposit(1, b"sealed").await;
    relay.refused(depositing(&sealed_permit(1), b"other"), Code::PermitSpent).await;
}

#[tokio::test]
async fn permits_that_are_late_foreign_altered_or_of_another_kind_are_refused() {
    let relay = Relay::opened().await;
    let late = Permit { not_after: NOW - 1, ..permit(1) };
    relay.refused(depositing(&seal(&late, 7), b"sealed"), Code::PermitExpired).await;
    let from_the_future = Permit { not_after: NOW + 25 * 60 * 60, ..permit(1) };
    relay.refused(depositing(&seal(&from_the_future, 7), b"sealed"), Code::Unavailable).await;
    relay.refused(depositing(&seal(&permit(1), 8), b"sealed"), Code::PermitInvalid).await;
    relay.refused(depositing(&voucher(1, NOW + 60), b"sealed"), Code::PermitInvalid).await;
    let good = sealed_permit(1);
    for (name, hostile) in variants(&good).into_iter().step_by(3) {
        let answer = relay.send(depositing(&hostile, b"sealed")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
    }
    for place in 0..good.len() {
        let mut altered = good.clone();
        altered[place] ^= 1;
        let answer = relay.send(depositing(&altered, b"sealed")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "byte {place}");
    }
    let without = Request::post("/v1/deposits").header("content-type", "application/octet-stream");
    relay.refused(without.body("sealed".into()).unwrap(), Code::PermitInvalid).await;
    assert_eq!(relay.letters("").await.last, 0);
}

#[tokio::test]
async fn a_key_that_the_mailbox_does_not_accept_is_told_as_changed() {
    let relay = Relay::opened().await;
    let other = Permit { inbox_key: InboxKeyId::from([8; 16]), ..permit(1) };
    relay.refused(depositing(&seal(&other, 7), b"sealed"), Code::RecipientKeyChanged).await;
    // A mailbox that is not open looks the same.
    let nowhere = Permit { mailbox: MailboxId::from([5; 16]), ..permit(1) };
    relay.refused(depositing(&seal(&nowhere, 7), b"sealed"), Code::RecipientKeyChanged).await;
}

#[tokio::test]
async fn an_envelope_has_between_one_byte_and_64_kib() {
    let relay = Relay::opened().await;
    relay.deposit(1, &[7; 65_536]).await;
    relay.refused(depositing(&sealed_permit(2), &[7; 65_537]), Code::TooLarge).await;
    relay.refused(depositing(&sealed_permit(2), b""), Code::Malformed).await;
    let listed = relay.letters("").await;
    assert_eq!(listed.letters[0].envelope.as_ref().unwrap().0, vec![7; 65_536]);
}

#[tokio::test]
async fn a_full_mailbox_spends_no_permit() {
    let relay = Relay::with(generous(), 2);
    relay.open_mailbox().await;
    relay.deposit(1, b"one").await;
    relay.deposit(2, b"two").await;
    relay.refused(depositing(&sealed_permit(3), b"three"), Code::MailboxFull).await;
    let filed = relay.putting(&put(1, 0, 1, b"object", &[1]));
    assert_eq!(relay.send(filed).await.status(), StatusCode::NO_CONTENT);
    relay.deposit(3, b"three").await;
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_restart() {
    let relay = Relay::opened().await;
    let receipt = relay.deposit(1, b"sealed").await;
    let relay = relay.restart();
    assert_eq!(relay.deposit(1, b"sealed").await, receipt);
    relay.refused(depositing(&sealed_permit(1), b"other"), Code::PermitSpent).await;
    let listed = relay.letters("").await;
    assert_eq!((listed.last, listed.head.0), (1, *receipt.head.as_bytes()));
    assert_eq!(listed.letters[0].envelope.as_ref().unwrap().0, b"sealed");
}
