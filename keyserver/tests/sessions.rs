//! Leave to read one's own mailbox, for a device that is none of its devices (`LBX-SESSION-2`).

use api::{
    Code, Octets16, Octets32,
    directory::{SessionTicketAnswer, SessionTicketRequest, SignInAnswer, SignInRequest, SignInStage},
};
use crypto_core::citizen::{DirectoryId, Purpose, SignIn};
use relay_auth::{
    cbor::{Bytes32, Wire as _},
    hostile::variants,
    permit::Permit,
    session::SessionTicket,
    signing::SigningKey,
    ticket::TicketError,
    voucher::Voucher,
};

use crate::{
    identity_provider::{ANN, BOB, Grant, Person},
    support::{Directory, NOW, key, post, posting, tickets},
    vault::{Vault, publishing},
};

const PATH: &str = "/v1/sign-ins/session";

/// Somebody at a device that is not theirs.
struct Guest {
    person: Person,
    /// Of the mailbox to which the recovery code leads.
    id: DirectoryId,
    purpose: Purpose,
    key: SigningKey,
    sign_in: Option<Octets32>,
}

impl Guest {
    fn new(person: Person, mailbox: &Vault) -> Self {
        Self { person, id: mailbox.id, purpose: Purpose::Session, key: key(90), sign_in: None }
    }

    fn bound(&self) -> SignIn {
        SignIn {
            purpose: self.purpose,
            directory_id: self.id,
            previous: None,
            identity_key: self.key.verifying_key(),
            salt: Bytes32([91; 32]),
        }
    }

    /// Signs in, one stage, and hands on the code.
    async fn sign_in(&mut self, directory: &Directory) -> SignInAnswer {
        let verifier = "guest".repeat(10);
        let nonce = self.bound().nonce();
        let grant = Grant { person: self.person, scope: "openid", nonce, verifier: verifier.clone() };
        let request = SignInRequest {
            stage: SignInStage::Account,
            code: directory.provider.allow(grant),
            code_verifier: verifier,
            directory_id: Octets16(*self.id.as_bytes()),
            sign_in: None,
        };
        let answer = directory.ok(posting("/v1/sign-ins", &request)).await;
        let answer: SignInAnswer = minicbor::decode(&answer).unwrap();
        self.sign_in = Some(answer.sign_in);
        answer
    }

    fn asking(&self) -> SessionTicketRequest {
        self.asking_for(&self.bound(), &self.key)
    }

    fn asking_for(&self, bound: &SignIn, by: &SigningKey) -> SessionTicketRequest {
        let sign_in = self.sign_in.unwrap();
        let signature = bound.sign_collection(&sign_in.0, by).as_bytes().to_vec().into();
        SessionTicketRequest { sign_in, bound: bound.to_bytes().into(), signature }
    }

    async fn is_refused(&self, directory: &Directory, asked: &SessionTicketRequest) {
        directory.refused(posting(PATH, asked), Code::SignInUnknown).await;
    }
}

/// What the relay reads in the answer.
async fn ticket(directory: &Directory, guest: &Guest) -> SessionTicket {
    let answer = directory.ok(posting(PATH, &guest.asking())).await;
    let answer: SessionTicketAnswer = minicbor::decode(&answer).unwrap();
    let sealed = answer.ticket.as_ref();
    assert_eq!(tickets().open::<Permit>(sealed), Err(TicketError::Forged));
    assert_eq!(tickets().open::<Voucher>(sealed), Err(TicketError::Forged));
    tickets().open(sealed).unwrap()
}

#[tokio::test]
async fn one_stage_of_signing_in_gives_leave_to_read_ones_own_mailbox() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let (_, published) = vault.enrol(&directory).await;
    let mut guest = Guest::new(ANN, &vault);
    let answer = guest.sign_in(&directory).await;
    assert!(answer.enrolled);
    let first = ticket(&directory, &guest).await;
    assert_eq!(first.mailbox.as_bytes(), &published.mailbox.0);
    assert_eq!(first.session_key, guest.key.verifying_key());
    assert_eq!(first.not_after, NOW + 300);
    // The number of the mailbox stands nowhere in what the guest gets.
    let answer = directory.ok(posting(PATH, &guest.asking())).await;
    assert!(!answer.windows(16).any(|bytes| bytes == published.mailbox.0));
    // Who lost the ticket gets another one, for the same key, and not beyond the hour of the sign-in.
    directory.set_time(NOW + 3500);
    let later = ticket(&directory, &guest).await;
    assert_eq!((later.session_key, later.not_after), (first.session_key, NOW + 3600));
    directory.set_time(NOW + 3601);
    guest.is_refused(&directory, &guest.asking()).await;
}

#[tokio::test]
async fn nobody_gets_leave_to_read_somebody_elses_mailbox() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    vault.enrol(&directory).await;
    Vault::new(BOB, 40).enrol(&directory).await;
    // Bob found Ann's code.
    let mut bob = Guest::new(BOB, &vault);
    let answer = bob.sign_in(&directory).await;
    assert_ne!(answer.directory_id, Octets16(*vault.id.as_bytes()));
    bob.is_refused(&directory, &bob.asking()).await;
    // With his own mailbox's id, the sign-in is another one.
    let own = SignIn { directory_id: DirectoryId::from(answer.directory_id.0), ..bob.bound() };
    bob.is_refused(&directory, &bob.asking_for(&own, &bob.key)).await;
}

#[tokio::test]
async fn somebody_without_a_mailbox_has_none_to_read() {
    let directory = Directory::start().await;
    let mut guest = Guest::new(ANN, &Vault::new(ANN, 10));
    assert!(!guest.sign_in(&directory).await.enrolled);
    guest.is_refused(&directory, &guest.asking()).await;
}

#[tokio::test]
async fn a_sign_in_gives_a_ticket_for_its_own_key_and_purpose_only() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    vault.enrol(&directory).await;
    let mut guest = Guest::new(ANN, &vault);
    guest.sign_in(&directory).await;
    let bound = guest.bound();
    let other_key = SignIn { identity_key: key(92).verifying_key(), ..bound.clone() };
    let other_salt = SignIn { salt: Bytes32([92; 32]), ..bound.clone() };
    let other_purpose = SignIn { purpose: Purpose::Recover, ..bound.clone() };
    // Whoever found the handle has another key, or has not the one that was bound.
    for asked in [
        guest.asking_for(&other_key, &key(92)),
        guest.asking_for(&bound, &key(92)),
        guest.asking_for(&other_salt, &guest.key),
        guest.asking_for(&other_purpose, &guest.key),
        SessionTicketRequest { sign_in: Octets32([93; 32]), ..guest.asking() },
    ] {
        guest.is_refused(&directory, &asked).await;
    }
    // A sign-in for something else does not serve, though all else fits.
    for purpose in [Purpose::Enrol, Purpose::Recover, Purpose::AddDevice] {
        let mut other = Guest { purpose, ..Guest::new(ANN, &vault) };
        other.sign_in(&directory).await;
        other.is_refused(&directory, &other.asking()).await;
        // Nor for this, when it is said to be.
        let said = SignIn { purpose: Purpose::Session, ..other.bound() };
        other.is_refused(&directory, &other.asking_for(&said, &other.key)).await;
    }
    ticket(&directory, &guest).await;
}

#[tokio::test]
async fn a_sign_in_for_a_session_publishes_nothing() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let (first, _) = vault.enrol(&directory).await;
    let mut back = vault.recovering(20, &crate::vault::entry_of(&first));
    let collected = back.sign_in(&directory).await;
    let recovery = back.publication(&collected);
    let mut guest = Guest::new(ANN, &vault);
    guest.sign_in(&directory).await;
    let with_the_guests = api::directory::PublishRequest { sign_in: guest.sign_in, ..recovery.clone() };
    directory.refused(publishing(&with_the_guests), Code::SignInIncomplete).await;
    directory.ok(publishing(&recovery)).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    vault.enrol(&directory).await;
    let mut guest = Guest::new(ANN, &vault);
    guest.sign_in(&directory).await;
    let good = relay_auth::cbor::encode(&guest.asking());
    for (name, hostile) in variants(&good).into_iter().step_by(3) {
        let answer = directory.send(post(PATH, &hostile)).await;
        assert!(answer.status().is_client_error(), "{name}");
    }
    let short = SessionTicketRequest { signature: vec![1; 63].into(), ..guest.asking() };
    directory.refused(posting(PATH, &short), Code::Malformed).await;
}
