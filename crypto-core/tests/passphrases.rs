//! Secrets under a passphrase. The cost is at the floor, which is what makes these tests bearable.

use crypto_core::passphrase::{Cost, PassphraseError, Use, WrappedSecret};
use relay_auth::{
    cbor::{DecodeError, Wire as _},
    hostile,
    secret::Secret,
};

use crate::{portable_test, world::TestRng};

fn wrap(passphrase: &str, browser_key: Option<&Secret>) -> WrappedSecret {
    let secret = Secret::from([7; 32]);
    WrappedSecret::wrap(&secret, Use::Vault, passphrase, Cost::FLOOR, [3; 16], browser_key, &mut TestRng(1))
        .unwrap()
}

#[portable_test]
fn a_secret_comes_back_with_its_passphrase_only() {
    let wrapped = WrappedSecret::from_bytes(&wrap("correct horse", None).to_bytes()).unwrap();
    assert_eq!(wrapped.unwrap(Use::Vault, "correct horse", None), Ok(Secret::from([7; 32])));
    assert_eq!(wrapped.unwrap(Use::Vault, "correct hors", None), Err(PassphraseError::WrongOrAltered));
    assert_eq!(wrapped.unwrap(Use::PendingVault, "correct horse", None), Err(PassphraseError::OtherUse));
    assert_eq!(wrapped.unwrap(Use::Vault, "", None), Err(PassphraseError::Length));
    assert_eq!(wrapped.unwrap(Use::Vault, &"x".repeat(1025), None), Err(PassphraseError::Length));
}

#[portable_test]
fn a_passphrase_may_have_1024_bytes() {
    let longest = "x".repeat(1024);
    let wrapped = wrap(&longest, None);
    assert_eq!(wrapped.unwrap(Use::Vault, &longest, None), Ok(Secret::from([7; 32])));
}

/// RFC 9106 §4, the second recommendation.
#[portable_test]
fn a_guess_at_a_new_record_costs_64_mebibytes_and_three_passes() {
    assert_eq!(Cost::USUAL, Cost { memory: 65_536, passes: 3 });
}

#[portable_test]
fn a_passphrase_is_one_however_its_accents_are_typed() {
    let wrapped = wrap("m\u{e0}iri", None);
    assert_eq!(wrapped.unwrap(Use::Vault, "ma\u{300}iri", None), Ok(Secret::from([7; 32])));
}

#[portable_test]
fn the_browsers_own_key_is_needed_where_it_was_used() {
    let browser_key = Secret::from([9; 32]);
    let wrapped = wrap("correct horse", Some(&browser_key));
    assert!(wrapped.uses_browser_key() && !wrap("correct horse", None).uses_browser_key());
    assert_eq!(wrapped.unwrap(Use::Vault, "correct horse", Some(&browser_key)), Ok(Secret::from([7; 32])));
    assert_eq!(wrapped.unwrap(Use::Vault, "correct horse", None), Err(PassphraseError::OtherBrowser));
    let other = Secret::from([8; 32]);
    assert_eq!(
        wrapped.unwrap(Use::Vault, "correct horse", Some(&other)),
        Err(PassphraseError::WrongOrAltered)
    );
}

#[portable_test]
fn a_record_with_a_lower_or_absurd_cost_is_refused_before_anything_is_computed() {
    hostile::assert_strict(&wrap("correct horse", None));
    let costs = [
        Cost { memory: Cost::FLOOR.memory - 1, ..Cost::FLOOR },
        Cost { passes: 1, ..Cost::FLOOR },
        Cost { memory: u32::MAX, ..Cost::FLOOR },
        Cost { passes: u32::MAX, ..Cost::FLOOR },
    ];
    for cost in costs {
        let secret = Secret::from([7; 32]);
        let refused = WrappedSecret::wrap(&secret, Use::Vault, "x", cost, [3; 16], None, &mut TestRng(1));
        assert!(matches!(refused, Err(PassphraseError::Malformed(DecodeError::Value(_)))), "{cost:?}");
    }
    // The passes, in the bytes: version, suite, use, [memory, passes].
    let mut bytes = wrap("correct horse", None).to_bytes();
    assert_eq!(bytes[..9], [0x89, 1, 1, 0, 0x82, 0x19, 0x4c, 0, 2]);
    bytes[8] = 1;
    assert!(matches!(WrappedSecret::from_bytes(&bytes), Err(DecodeError::Value(_))));
}

#[portable_test]
fn a_record_altered_anywhere_does_not_give_the_secret() {
    let bytes = wrap("correct horse", None).to_bytes();
    // One place in each field: use, cost, salt, commitment, nonce, ciphertext.
    for place in [3, 8, 11, 31, 71, 101, bytes.len() - 1] {
        let mut altered = bytes.clone();
        altered[place] ^= 4;
        let result = WrappedSecret::from_bytes(&altered)
            .map(|wrapped| wrapped.unwrap(Use::Vault, "correct horse", None));
        assert!(!matches!(result, Ok(Ok(_))), "byte {place}");
    }
}
