//! The directory's answers, with the trust of the vectors: an answer may be refused, but no other answer
//! than the vectors' can be proven.

#![no_main]

use crypto_core::{
    directory::{
        Absence, Answer, Checkpoint, Epoch, HeadProof, LogKey, Memory, Outcome, PersonList, Pin, Presence,
        Trust, Witness,
    },
    evidence::IdentityProvider,
    jwt::KeySet,
    person::Attributes,
};
use letterbox_fuzz::{hex_array, one_encoding};
use libfuzzer_sys::fuzz_target;
use relay_auth::{id::InboxKeyId, signing::VerifyingKey};
use serde_json::Value;

struct World {
    trust: Trust,
    provider: IdentityProvider,
    now: u64,
    found: Attributes,
    inbox_key: InboxKeyId,
    none: Attributes,
}

thread_local! {
    static WORLD: World = world();
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text of the vector")
}

fn key(value: &Value, name: &str) -> VerifyingKey {
    VerifyingKey::from_bytes(&hex_array::<32>(text(value, name))).expect("a key of the vector")
}

fn asked(value: &Value) -> Attributes {
    let postcode = value["postcode"].as_str();
    Attributes::new(text(value, "given_name"), text(value, "family_name"), text(value, "born"), postcode)
        .expect("a person of the vector")
}

fn world() -> World {
    let read = |json: &str| -> Value { serde_json::from_str(json).expect("a vector") };
    let directory = read(include_str!("../../docs/vectors/directory.json"));
    let evidence = read(include_str!("../../docs/vectors/evidence.json"));
    let witnesses = directory["witnesses"].as_array().expect("witnesses");
    let keys = |name: &str| KeySet::from_json(text(&evidence, name).as_bytes()).expect("keys of the vector");
    World {
        trust: Trust {
            log: LogKey { origin: text(&directory, "origin").to_owned(), key: key(&directory, "log_key") },
            vrf_key: hex_array::<32>(text(&directory, "vrf_key")),
            witnesses: witnesses
                .iter()
                .map(|witness| Witness { name: text(witness, "name").to_owned(), key: key(witness, "key") })
                .collect(),
            quorum: 2,
            operators: Vec::new(),
        },
        provider: IdentityProvider {
            issuer: text(&evidence, "issuer").to_owned(),
            attribute_issuer: text(&evidence, "attribute_issuer").to_owned(),
            client_id: text(&evidence, "client_id").to_owned(),
            keys: keys("keys"),
            attribute_keys: keys("attribute_keys"),
        },
        now: directory["now"].as_u64().expect("a time"),
        found: asked(&directory["found"]["asked"]),
        inbox_key: InboxKeyId::from(hex_array::<16>(text(&directory["found"], "inbox_key"))),
        none: asked(&directory["none"]["asked"]),
    }
}

fuzz_target!(|bytes: &[u8]| {
    one_encoding::<Absence>(bytes);
    one_encoding::<Epoch>(bytes);
    one_encoding::<HeadProof>(bytes);
    one_encoding::<PersonList>(bytes);
    one_encoding::<Pin>(bytes);
    one_encoding::<Presence>(bytes);
    let answer = one_encoding::<Answer>(bytes);
    WORLD.with(|world| {
        let World { trust, provider, now, found, inbox_key, none } = world;
        let _ = Checkpoint::verify(bytes, &trust.log, &trust.witnesses, trust.quorum);
        let Some(answer) = answer else { return };
        let prove = |asked| answer.verify(asked, trust, provider, Memory::default(), *now);
        if let Ok(verified) = prove(found) {
            let Outcome::Found(recipient) = verified.outcome else {
                panic!("somebody who is listed was proven to be something else");
            };
            assert!(recipient.inbox_key().id() == *inbox_key, "another key was proven");
        }
        if let Ok(verified) = prove(none) {
            assert!(verified.outcome == Outcome::None, "somebody who is not listed was proven");
        }
    });
});
