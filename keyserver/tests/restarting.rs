//! What was answered is there after a restart, and the store has no name in the clear.

use api::{
    Code, Octets32,
    directory::{PublishRequest, SignInStage},
};
use crypto_core::{citizen::SignedEntry, directory::Outcome};
use relay_auth::cbor::Wire as _;

use crate::{
    identity_provider::{ANN, BOB},
    support::{Directory, attributes, key},
    vault::{Vault, publish, publishing},
};

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let directory = Directory::with_body().await;
    let mut ann = Vault::new(ANN, 10);
    let collected = ann.sign_in(&directory).await;
    let publication = ann.publication(&collected);
    let published = publish(&directory, &publication).await;
    let first = SignedEntry::from_bytes(publication.entry.as_ref()).unwrap();
    let next = ann.next_entry(&first, &ann.entry(&ann.evidence(&collected)), 60);
    publish(&directory, &ann.change(&ann.by_device(&next))).await;
    // A sign-in under way.
    let mut bob = Vault::new(BOB, 20);
    bob.stage(&directory, SignInStage::Account).await;

    let directory = directory.restart().await;
    let again = publish(&directory, &publication).await;
    assert_eq!((again.mailbox, &again.voucher), (published.mailbox, &published.voucher));
    for asked in [attributes(&ANN), attributes(&ANN).without_postcode()] {
        assert!(matches!(directory.outcome(&asked).await, Outcome::Found(_)));
    }
    let access_key = Octets32(*key(99).verifying_key().as_bytes());
    let stranger = PublishRequest { access_key, ..publication };
    directory.refused(publishing(&stranger), Code::AlreadyEnrolled).await;

    assert!(bob.stage(&directory, SignInStage::Identity).await.confirmed);
    let collected = bob.collect(&directory).await;
    publish(&directory, &bob.publication(&collected)).await;
    assert!(matches!(directory.outcome(&attributes(&BOB)).await, Outcome::Found(_)));
}

#[tokio::test]
async fn the_store_has_no_name_subject_or_token_in_the_clear() {
    let directory = Directory::with_body().await;
    let mut vault = Vault::new(ANN, 10);
    let (publication, published) = vault.enrol(&directory).await;
    let mut begun = Vault::new(BOB, 20);
    begun.stage(&directory, SignInStage::Account).await;
    let evidence = publication.evidence.0.clone();
    let canaries: Vec<Vec<u8>> = vec![
        ANN.subject().into_bytes(),
        BOB.subject().into_bytes(),
        attributes(&ANN).to_bytes(),
        attributes(&ANN).directory_label(),
        evidence[200..300].to_vec(),
        published.mailbox.0.to_vec(),
        begun.sign_in.unwrap().0.to_vec(),
    ];
    let stored = directory.stored();
    // The canaries can be seen at all: a public body is in the clear.
    let has = |bytes: &[u8]| stored.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(b"Example Council"));
    for (place, canary) in canaries.iter().enumerate() {
        assert!(!has(canary), "canary {place}");
    }
}
