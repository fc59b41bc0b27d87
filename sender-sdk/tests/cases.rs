//! The answers that find nobody to seal to, each with its proofs, about Ann.

use crypto_core::{
    citizen::{ChangeKind, Entry, InboxKey, Purpose, SignedEntry},
    directory::{Answer, CitizenProof, PersonProof},
};
use relay_auth::cbor::Bytes32;

use crate::{
    fake_directory::list,
    town::{Citizen, Town, first_entry, now},
    world::{ANN, BOB, DAY, key},
};

/// Nobody has Ann's details.
pub(crate) fn no_mailbox(town: &mut Town) -> Answer {
    town.about_nobody(PersonProof::Absent(town.directory.absence(&ANN.attributes().directory_label())))
}

/// Ann has a mailbox and has not opened it.
pub(crate) fn not_ready(town: &mut Town) -> Answer {
    town.directory.enrol(&ANN.attributes(), ANN.id(), &[]);
    let listed = PersonProof::Listed(town.directory.presence(&ANN.attributes().directory_label()));
    let keyless = CitizenProof::Keyless(town.directory.absence(&ANN.id().directory_label()));
    Answer { citizen: Some(keyless), ..town.about_nobody(listed) }
}

/// Ann has just started again with new keys.
pub(crate) fn resetting(town: &mut Town) -> Answer {
    let ann = town.enrol(&ANN);
    let identity = key(60);
    let previous = Bytes32(ann.chain[0].hash());
    let evidence = ANN.evidence(&identity, Purpose::Reset, Some(previous));
    let entry = Entry {
        change: ChangeKind::Reset,
        previous: Some(previous),
        identity_key: identity.verifying_key(),
        evidence: evidence.hash().into(),
        ..first_entry(&ANN).0
    };
    let chain = vec![ann.chain[0].clone(), SignedEntry::by_identity(&entry, &identity)];
    town.directory.publish(vec![(ANN.id().directory_label(), chain[1].hash().to_vec())]);
    town.about(&ANN, &Citizen { chain, evidence })
}

/// Two people have Ann's details.
pub(crate) fn ambiguous(town: &mut Town) -> Answer {
    let label = ANN.attributes().directory_label();
    town.directory.publish(vec![(label.clone(), list(&[ANN.id(), BOB.id()]))]);
    town.about_nobody(PersonProof::Listed(town.directory.presence(&label)))
}

/// Ann's only key has expired.
pub(crate) fn expired(town: &mut Town) -> Answer {
    let (entry, evidence) = first_entry(&ANN);
    let key = ANN.inbox().public_key().clone();
    let expired = InboxKey { key, rotate_after: now() - DAY, not_after: now() - DAY };
    let entry = Entry { inbox_keys: vec![expired], ..entry };
    let chain = vec![SignedEntry::by_identity(&entry, &ANN.identity())];
    town.directory.enrol(&ANN.attributes(), ANN.id(), &chain);
    town.about(&ANN, &Citizen { chain, evidence })
}
