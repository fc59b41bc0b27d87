//! Evidence that does not hold publishes nothing.

use api::{Code, Octets, directory::PublishRequest};
use crypto_core::{
    citizen::{Purpose, SignedEntry},
    evidence::{AddressEvidence, Evidence, address_commitment},
};
use relay_auth::cbor::{Bytes32, Wire as _, encode};

use crate::{
    identity_provider::{ANN, BOB},
    support::{Directory, attributes, key},
    vault::{Vault, publish, publishing},
};

/// A publication with other evidence, the entry made for it.
fn with_evidence(vault: &Vault, good: &PublishRequest, evidence: &Evidence) -> PublishRequest {
    let entry = SignedEntry::by_identity(&vault.entry(evidence), &vault.identity());
    PublishRequest { entry: entry.to_bytes().into(), evidence: evidence.to_bytes().into(), ..good.clone() }
}

#[tokio::test]
async fn evidence_has_to_be_made_of_the_tokens_of_this_sign_in() {
    let directory = Directory::start().await;
    let mut earlier = Vault::new(ANN, 10);
    let old = earlier.sign_in(&directory).await;
    let mut vault = Vault { sign_in: None, ..earlier.clone() };
    directory.set_time(directory.now() + 1);
    let new = vault.sign_in(&directory).await;
    let good = vault.publication(&new);
    let (old, new) = (vault.evidence(&old), vault.evidence(&new));
    // Tokens of the same person and key, a second older.
    for hostile in [
        Evidence { id_token: old.id_token.clone(), ..new.clone() },
        Evidence { claims_token: old.claims_token.clone(), ..new.clone() },
    ] {
        let request = publishing(&with_evidence(&vault, &good, &hostile));
        directory.refused(request, Code::EvidenceRefused).await;
    }
    publish(&directory, &good).await;
}

#[tokio::test]
async fn evidence_of_another_person_is_refused() {
    let directory = Directory::with_body().await;
    let (mut ann, mut bob) = (Vault::new(ANN, 10), Vault::new(BOB, 20));
    let of_ann = ann.sign_in(&directory).await;
    bob.sign_in(&directory).await;
    // Bob has got hold of Ann's tokens, and signs in as himself.
    let stolen = Vault { sign_in: bob.sign_in, ..bob.clone() }.publication(&of_ann);
    directory.refused(publishing(&stolen), Code::EvidenceRefused).await;
    assert!(directory.outcome(&attributes(&ANN)).await == crypto_core::directory::Outcome::None);
}

#[tokio::test]
async fn a_sign_in_for_another_key_purpose_or_entry_is_refused() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let (good, evidence) = (vault.publication(&collected), vault.evidence(&collected));

    // Whoever has the sign-in and other keys: the nonce is not for them.
    let thief = Vault { seed: 30, ..vault.clone() };
    directory.refused(publishing(&thief.publication(&collected)), Code::EvidenceRefused).await;
    let other_id = Vault { id: [9; 16].into(), ..vault.clone() };
    directory.refused(publishing(&other_id.publication(&collected)), Code::EvidenceRefused).await;

    for hostile in [
        Evidence { purpose: Purpose::Reset, ..evidence.clone() },
        Evidence { previous: Some(Bytes32([1; 32])), ..evidence.clone() },
        Evidence { salt: Bytes32([0; 32]), ..evidence.clone() },
    ] {
        let request = publishing(&with_evidence(&vault, &good, &hostile));
        directory.refused(request, Code::EvidenceRefused).await;
    }
    // Other evidence than the entry names.
    let other = Evidence { salt: Bytes32([0; 32]), ..evidence };
    let other = PublishRequest { evidence: other.to_bytes().into(), ..good.clone() };
    directory.refused(publishing(&other), Code::EvidenceRefused).await;
    publish(&directory, &good).await;
}

#[tokio::test]
async fn an_address_that_was_not_confirmed_for_this_person_is_refused() {
    let directory = Directory::start().await;
    let (mut ann, mut bob) = (Vault::new(ANN, 10), Vault::new(BOB, 20));
    let of_ann = ann.sign_in(&directory).await;
    let collected = bob.sign_in(&directory).await;
    let (good, evidence) = (bob.publication(&collected), bob.evidence(&collected));
    let address = |token: String| AddressEvidence { salt: Bytes32([5; 32]), token };
    let committed = |address: &AddressEvidence| {
        let commitment = address_commitment(&address.token, address.salt.0).into();
        let evidence = Evidence { address: Some(commitment), ..evidence.clone() };
        let publication = with_evidence(&bob, &good, &evidence);
        PublishRequest { address: Some(Octets(encode(address))), ..publication }
    };
    let stolen = address(of_ann.address_token.unwrap());
    directory.refused(publishing(&committed(&stolen)), Code::EvidenceRefused).await;
    let own_name = address(collected.claims_token.clone());
    directory.refused(publishing(&committed(&own_name)), Code::EvidenceRefused).await;
    // A commitment that nobody can open.
    let hidden = PublishRequest { address: None, ..committed(&stolen) };
    directory.refused(publishing(&hidden), Code::EvidenceRefused).await;
    publish(&directory, &good).await;
}

#[tokio::test]
async fn a_confirmed_address_may_be_left_out() {
    let directory = Directory::with_body().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let evidence = Evidence { address: None, ..vault.evidence(&collected) };
    let publication = with_evidence(&vault, &vault.publication(&collected), &evidence);
    let published = publish(&directory, &PublishRequest { address: None, ..publication }).await;
    assert!(published.with_postcode.is_none());
    let outcome = directory.outcome(&attributes(&ANN)).await;
    assert_eq!(outcome, crypto_core::directory::Outcome::None);
    let outcome = directory.outcome(&attributes(&ANN).without_postcode()).await;
    assert!(matches!(outcome, crypto_core::directory::Outcome::Found(_)));
}

#[tokio::test]
async fn a_forged_signature_on_evidence_is_refused() {
    let directory = Directory::start().await;
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(&directory).await;
    let good = vault.publication(&collected);
    let evidence = vault.evidence(&collected);
    let cut = evidence.id_token.rsplit_once('.').unwrap().0.to_owned();
    let hostile = Evidence { id_token: format!("{cut}.AAAA"), ..evidence };
    directory.refused(publishing(&with_evidence(&vault, &good, &hostile)), Code::EvidenceRefused).await;
    // Nor does a good signature by somebody else on the entry help.
    let entry = SignedEntry::by_identity(&vault.entry(&hostile), &key(88));
    let hostile = PublishRequest { entry: entry.to_bytes().into(), ..good };
    directory.refused(publishing(&hostile), Code::EntryRefused).await;
}
