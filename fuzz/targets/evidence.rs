//! Who somebody is: evidence, tokens, and details of people in canonical form.

#![no_main]

use crypto_core::{
    evidence::Evidence,
    jwt::KeySet,
    person::{Attributes, Date},
};
use letterbox_fuzz::one_encoding;
use libfuzzer_sys::fuzz_target;
use relay_auth::cbor::Wire as _;
use serde_json::Value;

thread_local! {
    static KEYS: KeySet = keys();
}

fn keys() -> KeySet {
    let vector: Value =
        serde_json::from_str(include_str!("../../docs/vectors/evidence.json")).expect("a vector");
    KeySet::from_json(vector["keys"].as_str().expect("keys").as_bytes()).expect("keys of the vector")
}

/// Canonical form is its own canonical form: or a label would depend on who computes it.
fn canonical(text: &str) {
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (given_name, family_name, born, postcode) = (line(), line(), line(), line());
    let postcode = (!postcode.is_empty()).then_some(postcode);
    if let Ok(attributes) = Attributes::new(given_name, family_name, born, postcode) {
        let read = one_encoding::<Attributes>(&attributes.to_bytes()).expect("what was made is taken");
        assert!(read == attributes);
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(evidence) = one_encoding::<Evidence>(bytes) {
        let _ = evidence.hash();
    }
    one_encoding::<Attributes>(bytes);
    let _ = KeySet::from_json(bytes);
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let _ = Date::parse(text);
    canonical(text);
    KEYS.with(|keys| {
        let _ = keys.verify::<Value>(text);
    });
});
