//! The sign-in of a session, with services that are honest and with services that lie.

use api::{
    Code, Octets16, Octets32,
    directory::{
        OwnEntriesRequest, SessionTicketAnswer, SessionTicketRequest, SignInAnswer, SignInRequest,
        SignInStage,
    },
    sessions::{OpenSession, SessionEntry, SessionList},
};
use client_mailbox::{
    enrolment::{EnrolmentError, Lie, Returned, Visit},
    http::AnswerError,
    recovery::Found,
    relay::Signer,
    session,
};
use crypto_core::{
    citizen::{Purpose, SignIn},
    recovery::RecoveryCode,
};
use relay_auth::cbor::Wire as _;

use crate::{
    fake_relay::verify,
    journey::{DIRECTORY, Journey, RELAY, SUBJECT, ok, own_entries, parameter, returned, sent},
    recovered::{paper, refused},
    world::{ANN, BOB, NOW, TestRng, id_claims, id_token},
};

/// Somebody with a code at a device that is not theirs, and the services.
struct Guest {
    journey: Journey,
    code: RecoveryCode,
    visit: Visit,
}

impl Guest {
    fn begin() -> Self {
        let (journey, enrolled) = Journey::enrolled();
        let (code, found) = paper(&journey, &enrolled);
        Self { visit: Visit::begin(&found, NOW, &mut TestRng(40)), journey, code }
    }

    fn url(&self) -> String {
        self.visit.authorise_url(&self.journey.trust)
    }

    /// What ScotAccount sends the other window back with.
    fn returned(&self) -> Returned {
        returned(&format!("?code=c&state={}", parameter(&self.url(), "state")))
    }

    /// The directory's honest answer.
    fn answer(&self) -> SignInAnswer {
        SignInAnswer {
            sign_in: Octets32([4; 32]),
            id_token: id_token(&id_claims(SUBJECT, &parameter(&self.url(), "nonce"))),
            directory_id: Octets16(*ANN.id().as_bytes()),
            enrolled: true,
            confirmed: true,
        }
    }

    fn redeemed(&mut self, answer: &SignInAnswer) -> Result<(), EnrolmentError> {
        self.visit.redeemed(&self.journey.trust, &ok(answer), NOW)
    }

    /// Somebody who has signed in.
    fn signed_in() -> Self {
        let mut guest = Self::begin();
        let answer = guest.answer();
        guest.redeemed(&answer).unwrap();
        guest
    }

    fn shown(&mut self) -> Result<(), EnrolmentError> {
        self.visit.entries_shown(&ok(&own_entries(&self.journey.chain)))
    }
}

/// `LBX-SESSION-2` to `LBX-SESSION-4`
#[test]
fn one_sign_in_leads_to_a_session_for_a_key_of_its_own() {
    let mut guest = Guest::begin();
    let url = guest.url();
    assert_eq!(parameter(&url, "scope"), "openid");
    let request = guest.visit.redeem(&guest.journey.trust, &guest.returned(), NOW).unwrap();
    let request: SignInRequest = sent(&request, &format!("{DIRECTORY}/v1/sign-ins"));
    assert_eq!((request.stage, request.sign_in), (SignInStage::Account, None));
    assert_eq!((request.code.as_str(), request.code_verifier.len()), ("c", 43));
    let answer = guest.answer();
    guest.redeemed(&answer).unwrap();

    let trust = &guest.journey.trust;
    let request: OwnEntriesRequest =
        sent(&guest.visit.entries(trust).unwrap(), &format!("{DIRECTORY}/v1/sign-ins/entries"));
    assert_eq!(request.sign_in, Octets32([4; 32]));
    guest.shown().unwrap();

    let trust = &guest.journey.trust;
    let asked: SessionTicketRequest =
        sent(&guest.visit.ticket(trust).unwrap(), &format!("{DIRECTORY}/v1/sign-ins/session"));
    let bound = SignIn::from_bytes(asked.bound.as_ref()).unwrap();
    let key = guest.visit.key().verifying_key();
    assert_eq!((bound.purpose, bound.previous, bound.identity_key), (Purpose::Session, None, key));
    assert_eq!(bound.nonce(), parameter(&url, "nonce"));
    let signature: [u8; 64] = asked.signature.0.try_into().unwrap();
    assert!(bound.verifies_collection(&[4; 32], &signature.into()));
    // It is no key of the mailbox's.
    assert_ne!(key, guest.journey.keys.request().verifying_key());
    assert_ne!(key, guest.journey.keys.identity().verifying_key());

    let answer = SessionTicketAnswer { ticket: vec![7; 176].into() };
    let ticket = guest.visit.ticket_given(&ok(&answer)).unwrap();
    let rng = &mut TestRng(41);
    let open = session::open(&ticket, &guest.code, trust, NOW, rng).unwrap();
    assert_eq!((open.method, open.url.clone()), ("POST", format!("{RELAY}/v1/recovery/session")));
    verify(&guest.code.keys().unwrap().request().verifying_key(), &open);
    let opening: OpenSession = minicbor::decode(&open.body).unwrap();
    assert_eq!(opening.ticket.0, ticket);
    let end = session::end_own(&guest.visit.key(), trust, NOW, rng).unwrap();
    assert_eq!((end.method, end.url.clone()), ("DELETE", format!("{RELAY}/v1/session")));
    verify(&key, &end);
}

#[test]
fn what_came_back_for_another_sign_in_or_too_late_is_not_redeemed() {
    let guest = Guest::begin();
    let trust = &guest.journey.trust;
    let redeem = |returned: &Returned, now| guest.visit.redeem(trust, returned, now);
    let strange = returned("?code=c&state=another");
    assert_eq!(redeem(&strange, NOW), Err(EnrolmentError::UnknownSignIn));
    let state = parameter(&guest.url(), "state");
    let elsewhere = returned(&format!("?code=c&state={state}&iss=https%3A%2F%2Fevil.example"));
    assert_eq!(redeem(&elsewhere, NOW), Err(EnrolmentError::UnknownSignIn));
    assert_eq!(redeem(&guest.returned(), NOW + 3601), Err(EnrolmentError::Expired));
    let cancelled = returned(&format!("?error=access_denied&state={state}"));
    assert_eq!(redeem(&cancelled, NOW), Err(EnrolmentError::Cancelled));
    assert!(redeem(&guest.returned(), NOW + 3600).is_ok());
}

#[test]
fn a_sign_in_of_somebody_else_or_for_another_key_is_found_out() {
    let mut guest = Guest::begin();
    let good = guest.answer();
    let of_another = SignInAnswer { directory_id: Octets16(*BOB.id().as_bytes()), ..good.clone() };
    assert_eq!(guest.redeemed(&of_another), Err(EnrolmentError::OtherOwner));
    let without_mailbox = SignInAnswer { enrolled: false, ..good.clone() };
    assert_eq!(guest.redeemed(&without_mailbox), Err(EnrolmentError::OtherOwner));
    // A token that another vault of the same person brought.
    let other_nonce = parameter(&Guest::elsewhere(), "nonce");
    let other_token = SignInAnswer { id_token: id_token(&id_claims(SUBJECT, &other_nonce)), ..good.clone() };
    let outcome = guest.redeemed(&other_token);
    assert!(matches!(outcome, Err(EnrolmentError::Lie(Lie::IdToken(_)))), "{outcome:?}");
    guest.redeemed(&good).unwrap();
    assert_eq!(guest.redeemed(&good), Err(EnrolmentError::OutOfTurn));
}

impl Guest {
    /// The address of another session for the same mailbox.
    fn elsewhere() -> String {
        let (journey, enrolled) = Journey::enrolled();
        let (_, found) = paper(&journey, &enrolled);
        Visit::begin(&found, NOW, &mut TestRng(50)).authorise_url(&journey.trust)
    }
}

/// `LBX-SESSION-9`
#[test]
fn a_code_that_was_replaced_and_a_bundle_of_before_open_nothing() {
    let Guest { journey, code, mut visit } = Guest::signed_in();
    let trust = &journey.trust;
    assert_eq!(visit.ticket(trust), Err(EnrolmentError::OutOfTurn));
    // The owner came back meanwhile, or before.
    let (other, enrolled) = Journey::enrolled();
    let (_, found) = paper(&other, &enrolled);
    let mut back = other.back(&found, &code);
    back.confirm();
    back.finish();
    let outcome = visit.entries_shown(&ok(&own_entries(&back.chain)));
    assert_eq!(outcome, Err(EnrolmentError::CodeReplaced));
    let cut_off = visit.entries_shown(&ok(&own_entries(&back.chain[1..])));
    assert!(matches!(cut_off, Err(EnrolmentError::Lie(Lie::Published(_)))), "{cut_off:?}");
    visit.entries_shown(&ok(&own_entries(&journey.chain))).unwrap();

    // The relay gave another bundle of the same keys.
    let mut guest = Guest::begin();
    let older = Found { digest: [1; 32], ..found };
    guest.visit = Visit::begin(&older, NOW, &mut TestRng(42));
    let answer = guest.answer();
    guest.redeemed(&answer).unwrap();
    assert_eq!(guest.shown(), Err(EnrolmentError::OlderBundle));
    assert_eq!(guest.visit.ticket(&guest.journey.trust), Err(EnrolmentError::OutOfTurn));
}

#[test]
fn a_device_lists_and_ends_the_sessions_of_its_mailbox() {
    let (journey, _) = Journey::enrolled();
    let signer = Signer { keys: &journey.keys, trust: &journey.trust, now: NOW };
    let device = journey.keys.request().verifying_key();
    let rng = &mut TestRng(43);
    let list = session::list(&signer, rng).unwrap();
    assert_eq!((list.method, list.url.clone()), ("GET", format!("{RELAY}/v1/mailbox/sessions")));
    verify(&device, &list);
    let id = Octets16([0xab; 16]);
    let entry = SessionEntry { id, opened: NOW, asked: NOW, ends: NOW + 900, end: None };
    let answer = SessionList { sessions: vec![entry] };
    assert_eq!(session::listed(&ok(&answer)), Ok(vec![entry]));
    let full = SessionList { sessions: vec![entry; 64] };
    assert_eq!(session::listed(&ok(&full)).map(|sessions| sessions.len()), Ok(64));
    let refused = session::listed(&refused(Code::SignatureInvalid));
    assert!(matches!(refused, Err(AnswerError::Refused(_))), "{refused:?}");
    let end = session::end(id, &signer, rng).unwrap();
    let address = format!("{RELAY}/v1/mailbox/sessions/{}", "ab".repeat(16));
    assert_eq!((end.method, end.url.clone()), ("DELETE", address));
    verify(&device, &end);
}
