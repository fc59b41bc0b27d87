//! Signing in with ScotAccount.

use api::{
    Code, Octets16, Octets32,
    directory::{CollectRequest, SignInAnswer, SignInRequest, SignInStage},
};
use crypto_core::evidence::verify_sign_in;

use crate::{
    identity_provider::{ANN, BOB, DOUBTFUL, Fault, Grant},
    support::{Directory, NOW, posting},
    vault::Vault,
};

const PATH: &str = "/v1/sign-ins";

/// A code for a vault's stage, and the request that hands it on.
fn coming_back(directory: &Directory, vault: &Vault, stage: SignInStage) -> SignInRequest {
    vault.redeeming(stage, directory.provider.allow(vault.grant(stage)))
}

#[tokio::test]
async fn a_sign_in_brings_the_tokens_of_which_the_evidence_is_made() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let bound = vault.bound(SignInStage::Identity);
    let provider = directory.provider.trusted();
    assert_eq!(verify_sign_in(&collected.id_token, &bound, &provider, NOW).unwrap(), ANN.subject());
    assert!(collected.address_token.is_some());
    // The vault may lose the answer and ask again.
    assert_eq!(vault.collect(&directory).await, collected);
}

#[tokio::test]
async fn every_assertion_is_for_exactly_the_endpoint_that_is_called() {
    let directory = Directory::start().await;
    Vault::new(ANN, 10).sign_in(&directory).await;
    let token = format!("{}/token", directory.provider.issuer());
    let values = directory.provider.attributes_url();
    let expected = [&token, &token, &values, &token, &values];
    assert_eq!(directory.provider.audiences().iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn what_is_not_confirmed_without_reservation_is_said_to_be_not_confirmed() {
    let directory = Directory::start().await;
    let mut doubtful = Vault::new(DOUBTFUL, 10);
    assert!(doubtful.stage(&directory, SignInStage::Account).await.confirmed);
    assert!(!doubtful.stage(&directory, SignInStage::Identity).await.confirmed);
    let request = posting("/v1/sign-ins/collect", &doubtful.collection());
    directory.refused(request, Code::SignInIncomplete).await;

    let mut without_address = Vault::new(BOB, 20);
    without_address.stage(&directory, SignInStage::Account).await;
    assert!(without_address.stage(&directory, SignInStage::Identity).await.confirmed);
    assert!(!without_address.stage(&directory, SignInStage::Address).await.confirmed);
    assert_eq!(without_address.collect(&directory).await.address_token, None);
}

#[tokio::test]
async fn only_the_holder_of_a_persons_code_learns_that_this_person_is_enrolled() {
    let directory = Directory::start().await;
    Vault::new(ANN, 10).enrol(&directory).await;
    let again = Vault::new(ANN, 20);
    let code = directory.provider.allow(again.grant(SignInStage::Account));
    let request = posting(PATH, &again.redeeming(SignInStage::Account, code));
    let answer: SignInAnswer = minicbor::decode(&directory.ok(request).await).unwrap();
    assert!(answer.enrolled);
    assert_eq!(answer.directory_id, Octets16([10; 16]));
    // Somebody else learns of themselves alone.
    let answer = Vault::new(BOB, 30).stage(&directory, SignInStage::Account).await;
    assert!(!answer.enrolled);
    assert_eq!(answer.directory_id, Octets16([30; 16]));
}

#[tokio::test]
async fn a_code_works_once_and_with_its_own_verifier_only() {
    let directory = Directory::start().await;
    let vault = Vault::new(ANN, 10);
    let good = coming_back(&directory, &vault, SignInStage::Account);
    directory.ok(posting(PATH, &good)).await;
    directory.refused(posting(PATH, &good), Code::SignInRefused).await;

    let good = coming_back(&directory, &vault, SignInStage::Account);
    let other = SignInRequest { code_verifier: "another".repeat(7), ..good };
    directory.refused(posting(PATH, &other), Code::SignInRefused).await;
    let none = SignInRequest { code: "never-given".to_owned(), ..other };
    directory.refused(posting(PATH, &none), Code::SignInRefused).await;
}

#[tokio::test]
async fn what_cannot_be_a_code_is_not_even_tried() {
    let directory = Directory::start().await;
    let good = coming_back(&directory, &Vault::new(ANN, 10), SignInStage::Account);
    for hostile in [
        SignInRequest { code: String::new(), ..good.clone() },
        SignInRequest { code: "a b\r\n".to_owned(), ..good.clone() },
        SignInRequest { code_verifier: "short".to_owned(), ..good.clone() },
        SignInRequest { code_verifier: "&".repeat(43), ..good.clone() },
    ] {
        directory.refused(posting(PATH, &hostile), Code::Malformed).await;
    }
    assert!(directory.provider.audiences().is_empty());
    directory.ok(posting(PATH, &good)).await;
}

#[tokio::test]
async fn the_stages_of_a_sign_in_are_one_persons() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    vault.stage(&directory, SignInStage::Account).await;
    let as_bob = Grant { person: BOB, ..vault.grant(SignInStage::Identity) };
    let request = vault.redeeming(SignInStage::Identity, directory.provider.allow(as_bob));
    directory.refused(posting(PATH, &request), Code::SignInOfAnother).await;
    // The sign-in itself goes on.
    assert!(vault.stage(&directory, SignInStage::Identity).await.confirmed);
}

#[tokio::test]
async fn a_sign_in_goes_on_only_under_its_handle_and_for_an_hour() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let begun = coming_back(&directory, &vault, SignInStage::Identity);
    // Without a beginning; and a beginning with a handle.
    directory.refused(posting(PATH, &begun), Code::SignInUnknown).await;
    let strange = SignInRequest { sign_in: Some(Octets32([7; 32])), ..begun };
    directory.refused(posting(PATH, &strange), Code::SignInUnknown).await;
    let strange = SignInRequest { stage: SignInStage::Account, ..strange };
    directory.refused(posting(PATH, &strange), Code::SignInUnknown).await;

    vault.stage(&directory, SignInStage::Account).await;
    directory.set_time(NOW + 3601);
    let late = coming_back(&directory, &vault, SignInStage::Identity);
    directory.refused(posting(PATH, &late), Code::SignInUnknown).await;
    // What is over is removed, and stays unknown when the clock is set back.
    directory.app.forget().await;
    directory.set_time(NOW);
    directory.refused(posting(PATH, &late), Code::SignInUnknown).await;
}

#[tokio::test]
async fn a_provider_that_misbehaves_signs_nobody_in() {
    let directory = Directory::start().await;
    let faults = [
        Fault::OtherDescription,
        Fault::Down,
        Fault::Endless,
        Fault::Redirects,
        Fault::OtherAudience,
        Fault::OtherIssuer,
        Fault::Late,
        Fault::Forged,
    ];
    for fault in faults {
        directory.provider.misbehave(fault);
        let request = coming_back(&directory, &Vault::new(ANN, 10), SignInStage::Account);
        let problem = directory.refused(posting(PATH, &request), Code::IdentityProviderFault).await;
        assert!(!problem.detail.contains("127.0.0.1"), "{fault:?} {problem:?}");
    }
    directory.provider.misbehave(Fault::None);
    let mut vault = Vault::new(ANN, 10);
    vault.stage(&directory, SignInStage::Account).await;
    directory.provider.misbehave(Fault::OtherSubject);
    let request = coming_back(&directory, &vault, SignInStage::Identity);
    directory.refused(posting(PATH, &request), Code::IdentityProviderFault).await;
}

#[tokio::test]
async fn new_keys_of_the_provider_are_fetched_when_a_token_is_by_none_of_the_old_ones() {
    let directory = Directory::start().await;
    Vault::new(ANN, 10).sign_in(&directory).await;
    directory.provider.rotate();
    Vault::new(BOB, 20).enrol(&directory).await;
}

#[tokio::test]
async fn who_has_the_handle_alone_gets_no_name_and_no_address() {
    let directory = Directory::start().await;
    let mut ann = Vault::new(ANN, 10);
    ann.sign_in(&directory).await;
    let own = ann.collection();
    let mut thief = Vault::new(ANN, 30);
    (thief.sign_in, thief.id) = (ann.sign_in, ann.id);
    let refused = [
        // Another key, another signature, another sign-in's fields under the right key's signature.
        thief.collection(),
        CollectRequest { signature: thief.collection().signature, ..own.clone() },
        CollectRequest { bound: thief.collection().bound, ..own.clone() },
        CollectRequest { signature: vec![0; 64].into(), ..own.clone() },
    ];
    for request in refused {
        directory.refused(posting("/v1/sign-ins/collect", &request), Code::SignInUnknown).await;
    }
    let short = CollectRequest { signature: vec![0; 63].into(), ..own };
    directory.refused(posting("/v1/sign-ins/collect", &short), Code::Malformed).await;
    ann.collect(&directory).await;
}
