//! The trust file: signed by the deployment, refused otherwise.

use crypto_core::trust::{
    DirectoryTrust, LONGEST_TRUST, ProviderTrust, RelayTrust, SignedTrust, TrustError, TrustFile,
    WitnessTrust, authority_of, key_text,
};
use serde_json::Value;

use crate::{
    portable_test,
    test_keys::{ATTRIBUTES, ID_TOKENS},
    world::{ATTRIBUTE_ISSUER, CLIENT, ISSUER, NOW, jwk, key, key_set, operator_keys},
};

fn file() -> TrustFile {
    let keys = |keys: &[Value]| serde_json::from_slice(&key_set(keys)).unwrap();
    TrustFile {
        issued: NOW,
        directory: DirectoryTrust {
            url: "https://directory.letterbox.example".to_owned(),
            log_origin: "directory.letterbox.example/log".to_owned(),
            log_key: key_text(&key(212).verifying_key()),
            vrf_key: key_text(&key(211).verifying_key()),
            operators: operator_keys().iter().map(key_text).collect(),
        },
        witnesses: vec![WitnessTrust { name: "one".to_owned(), key: key_text(&key(213).verifying_key()) }],
        quorum: 1,
        relay: RelayTrust {
            url: "http://localhost:8081".to_owned(),
            receipt_key: key_text(&key(3).verifying_key()),
        },
        provider: ProviderTrust {
            issuer: ISSUER.to_owned(),
            attribute_issuer: ATTRIBUTE_ISSUER.to_owned(),
            authorize_url: format!("{ISSUER}/authorize"),
            client_id: CLIENT.to_owned(),
            redirect_uri: "https://letterbox.example/signed-in".to_owned(),
            keys: keys(&[jwk(&ID_TOKENS, "login")]),
            attribute_keys: keys(&[jwk(&ATTRIBUTES, "issuer")]),
        },
    }
}

#[portable_test]
fn a_trust_file_is_taken_from_its_deployment_alone() {
    let deployment = key(220);
    let signed = SignedTrust::sign(&file(), &deployment).unwrap();
    let read = SignedTrust::from_json(signed.to_json().as_bytes()).unwrap();
    assert_eq!(read.signer().unwrap(), deployment.verifying_key());
    let verified = read.verify(&deployment.verifying_key()).unwrap();
    assert_eq!(verified.file(), &file());
    assert_eq!(verified.trust().operators, operator_keys());
    assert_eq!(*verified.relay_key(), key(3).verifying_key());
    assert_eq!(verified.provider().client_id, CLIENT);
    let other = key(221).verifying_key();
    assert_eq!(read.verify(&other).map(drop), Err(TrustError::OtherDeployment));
}

#[portable_test]
fn an_altered_trust_file_is_refused() {
    let deployment = key(220);
    let json = SignedTrust::sign(&file(), &deployment).unwrap().to_json();
    let other = key_text(&key(99).verifying_key());
    for (from, to) in [
        ("\\\"quorum\\\": 1", "\\\"quorum\\\": 0"),
        ("http://localhost:8081", "http://localhost:8082"),
        (key_text(&key(3).verifying_key()).as_str(), other.as_str()),
        ("login", "logon"),
    ] {
        assert!(json.contains(from), "{from}");
        let altered = SignedTrust::from_json(json.replacen(from, to, 1).as_bytes()).unwrap();
        assert_eq!(altered.verify(&deployment.verifying_key()).map(drop), Err(TrustError::Forged), "{from}");
    }
    // Somebody else's signature under the deployment's name.
    let signer = key_text(&deployment.verifying_key());
    let forged = SignedTrust::sign(&file(), &key(99))
        .unwrap()
        .to_json()
        .replace(&format!("\"signer\": \"{other}\""), &format!("\"signer\": \"{signer}\""));
    let forged = SignedTrust::from_json(forged.as_bytes()).unwrap();
    assert_eq!(forged.verify(&deployment.verifying_key()).map(drop), Err(TrustError::Forged));
}

#[portable_test]
fn what_is_no_trust_file_is_refused() {
    for hostile in
        ["", "{}", "[]", "{\"trust\":1}", "{\"trust\":\"\",\"signer\":\"\",\"signature\":\"\",\"x\":1}"]
    {
        assert!(SignedTrust::from_json(hostile.as_bytes()).is_err(), "{hostile}");
    }
}

#[portable_test]
fn a_trust_file_is_read_up_to_its_greatest_length_and_not_beyond() {
    let mut json = SignedTrust::sign(&file(), &key(220)).unwrap().to_json();
    json.push_str(&" ".repeat(LONGEST_TRUST - json.len()));
    assert!(SignedTrust::from_json(json.as_bytes()).is_ok());
    json.push(' ');
    assert_eq!(SignedTrust::from_json(json.as_bytes()), Err(TrustError::Malformed));
}

#[portable_test]
fn a_signature_that_was_cut_short_is_refused_also_where_zeros_were_cut() {
    let deployment = key(220);
    // One signature in sixteen ends with a zero byte, and so its text with these two letters.
    let whole = (NOW..NOW + 1000)
        .map(|issued| SignedTrust::sign(&TrustFile { issued, ..file() }, &deployment).unwrap().to_json())
        .find(|json| json.ends_with("AA\"\n}"))
        .unwrap();
    let cut = whole.replace("AA\"\n}", "\"\n}");
    let verified = |json: &str| {
        let read = SignedTrust::from_json(json.as_bytes()).unwrap();
        read.verify(&deployment.verifying_key()).map(drop)
    };
    assert_eq!(verified(&whole), Ok(()));
    assert_eq!(verified(&cut), Err(TrustError::Forged));
}

#[portable_test]
fn a_trust_file_that_nobody_could_use_is_not_signed() {
    let refused = |alter: &dyn Fn(&mut TrustFile)| {
        let mut file = file();
        alter(&mut file);
        SignedTrust::sign(&file, &key(220)).unwrap_err()
    };
    assert_eq!(refused(&|file| file.quorum = 2), TrustError::Field("number of witnesses"));
    assert_eq!(refused(&|file| file.relay.receipt_key.clear()), TrustError::Field("receipt key"));
    assert_eq!(refused(&|file| file.directory.vrf_key.push('A')), TrustError::Field("VRF key"));
    assert_eq!(refused(&|file| file.directory.url.push('/')), TrustError::Field("service address"));
    assert_eq!(refused(&|file| file.provider.keys = Value::Null), TrustError::Field("provider key set"));
}

#[portable_test]
fn only_an_origin_has_an_authority() {
    for (origin, authority) in [
        ("https://relay.example", "relay.example"),
        ("https://relay.example:8443", "relay.example:8443"),
        ("http://localhost:8081", "localhost:8081"),
        ("http://[::1]:8081", "[::1]:8081"),
    ] {
        assert_eq!(authority_of(origin), Some(authority));
    }
    for hostile in [
        "",
        "relay.example",
        "https://",
        "https://relay.example/",
        "https://Relay.example",
        "https://user@relay.example",
        "https://relay.example:443",
        "http://relay.example:80",
        "ftp://relay.example",
        "https://relay.example?x",
        "https://relay example",
    ] {
        assert_eq!(authority_of(hostile), None, "{hostile}");
    }
}
