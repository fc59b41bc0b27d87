//! The fields of signed requests, and the parts that a signature covers.

#![no_main]

use letterbox_fuzz::stranger;
use libfuzzer_sys::fuzz_target;
use relay_auth::{
    hex,
    request::{Parameters, Request, sign, verify},
    request_key::RequestKeyId,
};

const REQUEST: Request<'_> =
    Request { method: "POST", authority: "relay.example", path: "/v1/x", query: None, body: b"content" };

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let key = stranger(1);
    if let Ok(read) = Parameters::parse(text) {
        let fields = sign(&REQUEST, &read, &key).expect("what was read can be signed");
        assert_eq!(fields.signature_input, text, "a second form was taken");
        let public = key.verifying_key();
        verify(&REQUEST, &read, &fields.content_digest, &fields.signature, &public).expect("it was signed");
        assert!(verify(&REQUEST, &read, &fields.content_digest, text, &public).is_err());
    }
    if let Some(id) = RequestKeyId::parse(text) {
        assert_eq!(id.to_text(), text);
    }
    if let Some(id) = hex::decode(text) {
        assert_eq!(hex::encode(&id), text);
    }
    let usual = Parameters {
        created: 1_800_000_000,
        nonce: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        key_id: "device".to_owned(),
    };
    // Nothing that is covered may begin a line of its own, or reach into the next part.
    let parts = [
        Request { authority: text, ..REQUEST },
        Request { path: text, ..REQUEST },
        Request { query: Some(text), ..REQUEST },
        Request { method: text, ..REQUEST },
    ];
    for request in parts {
        if let Ok(fields) = sign(&request, &usual, &key) {
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "what cannot be seen was signed");
            assert!(
                verify(&REQUEST, &usual, &fields.content_digest, &fields.signature, &key.verifying_key())
                    .is_err()
                    || [REQUEST.method, REQUEST.authority, REQUEST.path, ""].contains(&text)
            );
        }
    }
    assert!(verify(&REQUEST, &usual, text, text, &key.verifying_key()).is_err());
});
