//! The vector that needs a directory: an answer that is proven, and one of absence.

use crypto_core::directory::{Answer, PersonProof, Trust};
use relay_auth::cbor::{Suite, Version, Wire as _};
use serde_json::{Value, json};

use crate::{
    fake_directory::FakeDirectory,
    vector_set::hex,
    world::{ANN, BOB, NOW},
};

pub(crate) fn directory() -> Value {
    let mut directory = FakeDirectory::new();
    directory.enrol(&ANN.attributes(), ANN.id(), &[ANN.first_signed()]);
    let found =
        directory.answer(&ANN.attributes(), ANN.id(), &[ANN.first_signed()], &ANN.first_entry().1, None);
    let none = Answer {
        version: Version,
        suite: Suite,
        head: directory.head(None),
        person: PersonProof::Absent(directory.absence(&BOB.attributes().directory_label())),
        citizen: None,
        permits: vec![],
    };
    let Trust { log, vrf_key, witnesses, quorum, .. } = directory.trust();
    let witnesses: Vec<_> = witnesses
        .iter()
        .map(|witness| json!({ "name": witness.name, "key": hex(witness.key.as_bytes()) }))
        .collect();
    let asked = |person: &crate::world::Person| {
        json!({ "given_name": person.given_name, "family_name": person.family_name, "born": person.born,
            "postcode": person.postcode })
    };
    json!({
        "rule": "LBX-DIR-7", "now": NOW, "origin": log.origin, "log_key": hex(log.key.as_bytes()),
        "vrf_key": hex(vrf_key), "witnesses": witnesses, "quorum": quorum,
        "found": { "asked": asked(&ANN), "answer": hex(found.to_bytes()), "directory_id": hex(ANN.id().as_bytes()),
            "inbox_key": hex(ANN.inbox().public_key().id().as_bytes()) },
        "none": { "asked": asked(&BOB), "answer": hex(none.to_bytes()) },
    })
}
