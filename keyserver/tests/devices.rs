//! Entries after the first.

use api::{Code, Octets32, directory::PublishRequest};
use crypto_core::{
    citizen::{ChangeKind, Entry, SignedEntry},
    directory::Outcome,
};
use relay_auth::cbor::{Bytes32, Wire as _};

use crate::{
    identity_provider::{ANN, BOB},
    support::{Directory, attributes, key},
    vault::{Vault, inbox_key, publish, publishing},
};

/// An enrolled vault, with its first entry.
async fn enrolled(directory: &Directory) -> (Vault, Entry, SignedEntry) {
    let mut vault = Vault::new(ANN, 10);
    let collected = vault.sign_in(directory).await;
    let publication = vault.publication(&collected);
    publish(directory, &publication).await;
    let signed = SignedEntry::from_bytes(publication.entry.as_ref()).unwrap();
    let entry = vault.entry(&vault.evidence(&collected));
    (vault, entry, signed)
}

#[tokio::test]
async fn a_device_changes_the_inbox_key_and_keeps_the_mailbox() {
    let directory = Directory::with_body().await;
    let (vault, entry, first) = enrolled(&directory).await;
    let before = publish(&directory, &vault.change(&first)).await;
    let second = vault.by_device(&vault.next_entry(&first, &entry, 60));
    let after = publish(&directory, &vault.change(&second)).await;
    assert_eq!(after.mailbox, before.mailbox);
    // Again, by who knows the access key; the older entry as well.
    assert_eq!(publish(&directory, &vault.change(&second)).await.mailbox, before.mailbox);
    assert_eq!(publish(&directory, &vault.change(&first)).await.mailbox, before.mailbox);
    let Outcome::Found(recipient) = directory.outcome(&attributes(&ANN)).await else { panic!("not found") };
    assert_eq!(recipient.inbox_key(), inbox_key(60).public_key());
}

/// `LBX-RECOVER-6`
#[tokio::test]
async fn a_device_does_not_make_the_recovery_code_worthless() {
    let directory = Directory::start().await;
    let (vault, entry, first) = enrolled(&directory).await;
    let next = vault.next_entry(&first, &entry, 60);
    let other = Bytes32([9; 32]);
    for changed in
        [Entry { recovery_key: other, ..next.clone() }, Entry { archive_head: Some(other), ..next.clone() }]
    {
        let changed = vault.by_device(&changed);
        directory.refused(publishing(&vault.change(&changed)), Code::EntryRefused).await;
    }
    publish(&directory, &vault.change(&vault.by_device(&next))).await;
}

#[tokio::test]
async fn of_two_changes_of_one_entry_one_wins() {
    let directory = Directory::start().await;
    let (vault, entry, first) = enrolled(&directory).await;
    let [one, other] = [60, 61].map(|number| vault.by_device(&vault.next_entry(&first, &entry, number)));
    publish(&directory, &vault.change(&one)).await;
    directory.refused(publishing(&vault.change(&other)), Code::EntryOutOfTurn).await;
}

#[tokio::test]
async fn only_a_device_of_the_entry_before_changes_it() {
    let directory = Directory::start().await;
    let (vault, entry, first) = enrolled(&directory).await;
    let next = vault.next_entry(&first, &entry, 60);
    let stranger = SignedEntry::by_device(&next, &key(99), [vault.seed; 32]);
    directory.refused(publishing(&vault.change(&stranger)), Code::EntryRefused).await;
    let by_identity = SignedEntry::by_identity(&next, &vault.identity());
    directory.refused(publishing(&vault.change(&by_identity)), Code::EntryRefused).await;
    // What a body sees of an entry lets it publish nothing and learn nothing.
    let bob = Vault::new(BOB, 40);
    let seen = PublishRequest {
        access_key: Octets32(*bob.access_key().verifying_key().as_bytes()),
        ..vault.change(&first)
    };
    directory.refused(publishing(&seen), Code::AlreadyEnrolled).await;
}

#[tokio::test]
async fn a_new_identity_key_is_not_taken_without_a_sign_in_for_it() {
    let directory = Directory::start().await;
    let (vault, entry, first) = enrolled(&directory).await;
    for change in [ChangeKind::Recovery, ChangeKind::Reset] {
        let identity = key(98);
        let next = Entry {
            change,
            identity_key: identity.verifying_key(),
            evidence: [7; 32].into(),
            ..vault.next_entry(&first, &entry, 60)
        };
        let (signed, code) = match change {
            ChangeKind::Recovery => {
                (SignedEntry::by_recovery(&next, &identity, &vault.identity()), Code::SignInUnknown)
            }
            _ => (SignedEntry::by_identity(&next, &identity), Code::EntryRefused),
        };
        directory.refused(publishing(&vault.change(&signed)), code).await;
    }
}
