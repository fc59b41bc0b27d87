//! The trust file: signed by the deployment, refused otherwise.

use crypto_core::trust::{
    DirectoryTrust, LONGEST_TRUST, ProviderTrust, RelayTrust, SignedTrust, TrustError, TrustFile,
    WitnessTrust, authority_of, former_receipt_key, key_text,
};
use relay_auth::receipt::{ReceiptKey, ReceiptKeys};
use serde_json::Value;

use crate::{
    portable_test,
    test_keys::{ATTRIBUTES, ID_TOKENS},
    world::{ATTRIBUTE_ISSUER, CLIENT, ISSUER, NOW, jwk, key, key_set, operator_keys},
};

fn file() -> TrustFile {
    let keys = |keys: &[Value]| serde_json::from_slice(&key_set(keys)).unwrap();
    TrustFile {
        version: 1,
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
        relay: RelayTrust::new("http://localhost:8081".to_owned(), &key(3).verifying_key()),
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
    assert_eq!(*verified.receipt_keys(), ReceiptKeys::from(key(3).verifying_key()));
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

/// A file in which the receipt key was replaced twice.
fn replaced() -> TrustFile {
    let mut file = file();
    let former =
        |seed: u8, first, last| former_receipt_key(&key_text(&key(seed).verifying_key()), first, last);
    file.relay.receipt_key_not_before = NOW;
    file.relay.former_receipt_keys = vec![former(4, 0, 99), former(5, 100, NOW - 1)];
    file.version = 2;
    file
}

/// `LBX-TRUST-3`
#[portable_test]
fn a_trust_file_names_the_receipt_keys_that_were_replaced() {
    let deployment = key(220);
    let signed = SignedTrust::sign(&replaced(), &deployment).unwrap();
    let read = SignedTrust::from_json(signed.to_json().as_bytes()).unwrap();
    let verified = read.verify(&deployment.verifying_key()).unwrap();
    assert_eq!(verified.file(), &replaced());
    let span = |seed: u8, not_before, not_after| ReceiptKey {
        key: key(seed).verifying_key(),
        not_before,
        not_after,
    };
    let expected = vec![span(3, NOW, u64::MAX), span(4, 0, 99), span(5, 100, NOW - 1)];
    assert_eq!(*verified.receipt_keys(), ReceiptKeys::from(expected));
}

/// `LBX-TRUST-3`: trust files of before have neither the field nor a version, and are read as they were.
#[portable_test]
fn a_trust_file_without_a_replaced_key_has_the_form_of_before() {
    let deployment = key(220);
    let text = serde_json::to_string(&file()).unwrap();
    let relay = format!(
        r#""relay":{{"url":"http://localhost:8081","receipt_key":"{}"}}"#,
        key_text(&key(3).verifying_key())
    );
    assert!(text.contains(&relay), "{text}");
    assert!(!text.contains("version"), "{text}");
    let read: TrustFile = serde_json::from_str(&text).unwrap();
    assert!(SignedTrust::sign(&read, &deployment).unwrap().verify(&deployment.verifying_key()).is_ok());
}

/// `LBX-TRUST-3`
#[portable_test]
fn a_trust_file_of_another_version_than_its_keys_have_is_refused() {
    for version in [0, 2, 3, u64::MAX] {
        let file = TrustFile { version, ..file() };
        assert_eq!(SignedTrust::sign(&file, &key(220)), Err(TrustError::Malformed), "{version}");
    }
    for version in [0, 1, 3] {
        let file = TrustFile { version, ..replaced() };
        assert_eq!(SignedTrust::sign(&file, &key(220)), Err(TrustError::Malformed), "{version}");
    }
}

/// `LBX-TRUST-3`
#[portable_test]
fn a_replaced_receipt_key_is_written_in_one_way_and_never_comes_back() {
    let text = |seed: u8| key_text(&key(seed).verifying_key());
    let (former, newest) = (text(4), text(3));
    for hostile in [
        String::new(),
        former.clone(),
        format!("{former} 0"),
        format!("{former} 0 9 9"),
        format!("{former}  0 9"),
        format!("{former} 0 9 "),
        format!("{former} -1 9"),
        format!("{former} +0 9"),
        format!("{former} 0 +9"),
        format!("{former} 00 9"),
        format!("{former} 0 09"),
        format!("{former}\t0 9"),
        format!("{former} 9 8"),
        format!("{former} 0 18446744073709551616"),
        format!("{} 0 9", &former[..42]),
        // Twice, and the one that is in force.
        format!("{} 0 9", text(5)),
        format!("{newest} 0 9"),
    ] {
        let mut file = replaced();
        if hostile.starts_with(&former[..42]) || hostile.is_empty() {
            file.relay.former_receipt_keys.clear();
        }
        file.relay.former_receipt_keys.push(hostile.clone());
        let refused = SignedTrust::sign(&file, &key(220));
        assert_eq!(refused, Err(TrustError::Field("former receipt key")), "{hostile}");
    }
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
