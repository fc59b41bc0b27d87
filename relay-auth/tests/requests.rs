//! Signed requests.

use proptest::prelude::*;
use relay_auth::request::{Fields, Parameters, Request, RequestError, WINDOW, sign, verify};

use crate::{
    portable_test,
    support::{TestRng, config, key},
};

const REQUEST: Request<'static> = Request {
    method: "POST",
    authority: "relay.example:8443",
    path: "/v1/mailbox/letters",
    query: Some("after=7&limit=50"),
    body: b"{}",
};

fn parameters() -> Parameters {
    Parameters::generate(1_800_000_000, "device-1", &mut TestRng(3))
}

fn check(request: &Request<'_>, fields: &Fields) -> Result<(), RequestError> {
    let parameters = Parameters::parse(&fields.signature_input)?;
    verify(request, &parameters, &fields.content_digest, &fields.signature, &key(1).verifying_key())
}

#[portable_test]
fn a_signed_request_is_taken_and_every_alteration_is_refused() {
    let fields = sign(&REQUEST, &parameters(), &key(1)).unwrap();
    assert_eq!(check(&REQUEST, &fields), Ok(()));
    let altered = [
        Request { method: "PUT", ..REQUEST },
        Request { authority: "relay.example", ..REQUEST },
        Request { path: "/v1/mailbox/letter", ..REQUEST },
        Request { query: Some("after=8&limit=50"), ..REQUEST },
        Request { query: None, ..REQUEST },
    ];
    for request in altered {
        assert_eq!(check(&request, &fields), Err(RequestError::Forged), "{request:?}");
    }
    assert_eq!(check(&Request { body: b"[]", ..REQUEST }, &fields), Err(RequestError::OtherContent));
    let other_key =
        verify(&REQUEST, &parameters(), &fields.content_digest, &fields.signature, &key(2).verifying_key());
    assert_eq!(other_key, Err(RequestError::Forged));
}

#[portable_test]
fn the_time_the_nonce_and_the_key_id_are_covered() {
    let fields = sign(&REQUEST, &parameters(), &key(1)).unwrap();
    let altered = [
        Parameters { created: 1_800_000_001, ..parameters() },
        Parameters { nonce: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(), ..parameters() },
        Parameters { key_id: "device-2".to_owned(), ..parameters() },
    ];
    for parameters in altered {
        let result =
            verify(&REQUEST, &parameters, &fields.content_digest, &fields.signature, &key(1).verifying_key());
        assert_eq!(result, Err(RequestError::Forged));
    }
}

#[portable_test]
fn header_fields_in_any_other_form_are_refused() {
    let fields = sign(&REQUEST, &parameters(), &key(1)).unwrap();
    let input = fields.signature_input.as_str();
    let nonce = parameters().nonce;
    let hostile = [
        String::new(),
        "sig1=()".to_owned(),
        input.replace("sig1", "sig2"),
        input.replace(" \"@query\"", ""),
        input.replace("\"@method\" \"@authority\"", "\"@authority\" \"@method\""),
        input.replace("created=", "created=0"),
        input.replace("created=", "created=+"),
        input.replace("created=1800000000", "created=1000000000000000"),
        input.replace("created=1800000000", "created=18446744073709551616"),
        input.replace("letterbox-v1", "letterbox-v2"),
        input.replace("device-1", "device 1"),
        input.replace("device-1", "device\\\"1"),
        input.replace("device-1", ""),
        input.replace("device-1", &"d".repeat(65)),
        input.replace(&nonce, &nonce[1..]),
        input.replace(&nonce, &format!("{nonce}A")),
        input.replace(&nonce, &format!("{}.", &nonce[1..])),
        format!("{input};alg=\"ed25519\""),
        format!("{input}, {input}"),
        format!(" {input}"),
        input.replace(";nonce", ";nonce=\"x\";nonce"),
    ];
    for input in hostile {
        assert_eq!(Parameters::parse(&input), Err(RequestError::Malformed), "{input}");
    }
    for signature in
        ["", "sig1=::", "sig1=:AAAA:", "sig2=:AAAA:", &fields.signature[..fields.signature.len() - 1]]
    {
        let fields = Fields { signature: signature.to_owned(), ..fields.clone() };
        assert_eq!(check(&REQUEST, &fields), Err(RequestError::Malformed), "{signature}");
    }
    for digest in ["", "sha-256=::", "sha-512=:AAAA:"] {
        let fields = Fields { content_digest: digest.to_owned(), ..fields.clone() };
        assert_eq!(check(&REQUEST, &fields), Err(RequestError::OtherContent), "{digest}");
    }
}

#[portable_test]
fn what_could_be_read_in_two_ways_is_not_signed() {
    let hostile = [
        Request { method: "post", ..REQUEST },
        Request { method: "GET\n\"@path\": /x", ..REQUEST },
        Request { authority: "", ..REQUEST },
        Request { authority: "Relay.example", ..REQUEST },
        Request { authority: "user@relay.example", ..REQUEST },
        Request { authority: "relay.example/x", ..REQUEST },
        Request { path: "", ..REQUEST },
        Request { path: "v1", ..REQUEST },
        Request { path: "/v1?x", ..REQUEST },
        Request { path: "/v1#x", ..REQUEST },
        Request { path: "/v1\n\"@query\": ?", ..REQUEST },
        Request { path: "/v1 ", ..REQUEST },
        Request { path: "/é", ..REQUEST },
        Request { query: Some("a\nb"), ..REQUEST },
        Request { query: Some("a#b"), ..REQUEST },
    ];
    for request in hostile {
        assert_eq!(sign(&request, &parameters(), &key(1)), Err(RequestError::Unsignable), "{request:?}");
    }
}

/// `LBX-REQUEST-3`
#[portable_test]
fn a_request_is_in_time_within_five_minutes_on_both_sides() {
    assert_eq!(WINDOW, 300);
    let parameters = parameters();
    let created = parameters.created;
    for now in [created - WINDOW, created, created + WINDOW] {
        assert_eq!(parameters.in_time(now), Ok(()));
    }
    for now in [0, created - WINDOW - 1, created + WINDOW + 1, u64::MAX] {
        assert_eq!(parameters.in_time(now), Err(RequestError::OutOfTime));
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_request_of_the_subset_verifies_and_no_other_body_does(
        path in "/[a-zA-Z0-9/_.~%-]{0,40}", query in proptest::option::of("[a-z0-9=&%]{0,30}"),
        body: Vec<u8>, other: Vec<u8>, created in 0..1_000_000_000_000_000_u64, key_id in "[A-Za-z0-9_-]{1,64}", seed: u64,
    ) {
        let request = Request { path: &path, query: query.as_deref(), body: &body, ..REQUEST };
        let parameters = Parameters::generate(created, &key_id, &mut TestRng(seed));
        let fields = sign(&request, &parameters, &key(1)).unwrap();
        prop_assert_eq!(Parameters::parse(&fields.signature_input), Ok(parameters));
        prop_assert_eq!(check(&request, &fields), Ok(()));
        if other != body {
            let with_other = Request { body: &other, ..request };
            prop_assert_eq!(check(&with_other, &fields), Err(RequestError::OtherContent));
        }
    }

    #[test]
    fn any_text_is_refused_or_comes_back_as_it_was(text: String) {
        if let Ok(parameters) = Parameters::parse(&text) {
            prop_assert_eq!(sign(&REQUEST, &parameters, &key(1)).unwrap().signature_input, text);
        }
    }
}
