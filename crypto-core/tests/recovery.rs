//! The recovery code, and the bundle that is sealed to it.

use bech32::{Bech32, Bech32m, ByteIterExt as _, Fe32, Fe32IterExt as _, Hrp};
use crypto_core::{
    envelope::{Envelope, SealError},
    recovery::{
        ArchiveRoot, Bundle, BundleError, CodeError, LARGEST, MOST_INBOX_SEEDS, MOST_ROOTS, RecoveryCode,
        SealedBundle, archive_head_commitment,
    },
    seed::Seed,
};
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Suite, Version, Wire as _, encode},
    hostile,
    secret::Secret,
};

use crate::{
    portable_test,
    world::{ANN, TestRng, inbox_key},
};

const ALPHABET: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

/// What the code of [`secret`] is by BIP 350, computed by another program. It has each character
/// that others are taken for: 0, L and 8.
const TEXT: &str = "QYZ3 Y8EV 89R9 XCRD 02RE FGDW H0YD TCH0 LSH0 FMMN";

/// Its two seeds by RFC 5869, computed by another program.
const SEAL_SEED: &str = "771ad91079979050998ac6dad11b4474a91c2d10806e92becb0f55d5246e54e4";
const REQUEST_SEED: &str = "b4328122a73a7d5e16d8db479ad80bdf3bf50d7398e7e7c2233896388018014d";

fn secret() -> [u8; 20] {
    core::array::from_fn(|at| u8::try_from(13 * at + 5).unwrap())
}

pub(crate) fn code(secret: [u8; 20]) -> RecoveryCode {
    // A byte string of 20 (RFC 8949 §3.1).
    minicbor::decode(&[&[0x54], &secret[..]].concat()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The characters of a text, without the spaces.
fn characters() -> Vec<char> {
    TEXT.chars().filter(|character| *character != ' ').collect()
}

/// A text as the library makes it, without the part in front.
fn encoded<Checksum: bech32::Checksum>(part: &str, bytes: &[u8]) -> String {
    let text = bech32::encode_upper::<Checksum>(Hrp::parse(part).unwrap(), bytes).unwrap();
    text[part.len() + 1..].to_owned()
}

#[portable_test]
fn a_code_is_ten_groups_of_four_characters_of_the_alphabet() {
    for seed in 0..20 {
        let groups = RecoveryCode::generate(&mut TestRng(seed)).groups();
        assert_eq!(groups.len(), RecoveryCode::GROUPS);
        assert!(groups.iter().all(|group| group.len() == 4));
        assert!(groups.concat().chars().all(|character| ALPHABET.contains(character)));
    }
}

#[portable_test]
fn the_text_of_a_code_is_what_bip_350_makes_it() {
    assert_eq!(code(secret()).groups().join(" "), TEXT);
    assert_eq!(encoded::<Bech32m>("letterbox", &[&[1], &secret()[..]].concat()), TEXT.replace(' ', ""));
    assert_eq!(RecoveryCode::parse(TEXT).unwrap(), code(secret()));
}

#[portable_test]
fn two_codes_are_not_alike() {
    let (one, other) = (RecoveryCode::generate(&mut TestRng(1)), RecoveryCode::generate(&mut TestRng(2)));
    assert_ne!(one, other);
    assert_ne!(*one.groups(), *other.groups());
    assert_eq!(one, one.duplicate());
}

/// LBX-CODE-2.
#[portable_test]
fn case_and_what_stands_between_do_not_matter() {
    let read = |text: &str| RecoveryCode::parse(text).unwrap() == code(secret());
    assert!(read(&TEXT.to_lowercase()));
    assert!(read(&format!("\n {} \t", TEXT.replace(' ', ""))));
    for between in [
        "  ", "-", " - ", ".", "\r\n", "\u{a0}", "\u{202f}", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}",
        "\u{2014}", "\u{2015}", "\u{2212}",
    ] {
        assert!(read(&TEXT.replace(' ', between)), "{between:?}");
    }
}

/// LBX-CODE-2.
#[portable_test]
fn a_character_is_taken_for_the_one_it_looks_like() {
    for (right, alike) in [('0', "Oo"), ('L', "IiLl1"), ('8', "Bb")] {
        assert!(TEXT.contains(right));
        for typed in alike.chars() {
            let text: String =
                TEXT.chars().map(|character| if character == right { typed } else { character }).collect();
            assert_eq!(RecoveryCode::parse(&text).unwrap(), code(secret()), "{typed}");
        }
    }
}

#[portable_test]
fn a_single_wrong_character_is_found_wherever_it_is() {
    for place in 0..40 {
        for wrong in ALPHABET.chars().filter(|wrong| *wrong != characters()[place]) {
            let mut typed = characters();
            typed[place] = wrong;
            let typed: String = typed.into_iter().collect();
            assert_eq!(RecoveryCode::parse(&typed), Err(CodeError::Checksum), "{wrong} at {place}");
        }
    }
}

#[portable_test]
fn neighbours_that_changed_places_are_found() {
    let mut tried = 0;
    for place in 0..39 {
        let mut typed = characters();
        typed.swap(place, place + 1);
        if typed == characters() {
            continue;
        }
        tried += 1;
        let typed: String = typed.into_iter().collect();
        assert_eq!(RecoveryCode::parse(&typed), Err(CodeError::Checksum), "{place}");
    }
    assert!(tried > 30);
}

#[portable_test]
fn a_code_of_another_length_is_refused_as_such() {
    let (short, long) = (&TEXT[1..], format!("{TEXT}Q"));
    let (with_its_part, twice) = (format!("letterbox1{TEXT}"), TEXT.repeat(2));
    for text in ["", " - ", "Q", short, &TEXT[5..], &long, &with_its_part, &twice] {
        assert_eq!(RecoveryCode::parse(text), Err(CodeError::Length), "{text}");
    }
}

#[portable_test]
fn a_sign_that_no_code_has_is_refused_as_such() {
    for sign in ['!', '_', '/', ',', 'é', 'ß', '٣', '\u{41a}', '\u{212a}', '\u{ff11}', '\u{200b}', '\0'] {
        for place in [0, 7, TEXT.len()] {
            let mut text = TEXT.to_owned();
            text.insert(place, sign);
            assert_eq!(RecoveryCode::parse(&text), Err(CodeError::Character), "{sign:?} at {place}");
        }
    }
}

#[portable_test]
fn a_code_of_another_version_is_refused_as_such() {
    for version in [0, 2, 255] {
        let text = encoded::<Bech32m>("letterbox", &[&[version], &secret()[..]].concat());
        assert_eq!(RecoveryCode::parse(&text), Err(CodeError::Version), "{version}");
    }
}

#[portable_test]
fn a_text_with_another_checksum_or_for_something_else_is_refused() {
    let bytes = [&[1], &secret()[..]].concat();
    for text in [
        encoded::<Bech32>("letterbox", &bytes),
        encoded::<Bech32m>("letterbox2", &bytes),
        encoded::<Bech32m>("bc", &bytes),
    ] {
        assert_eq!(RecoveryCode::parse(&text), Err(CodeError::Checksum), "{text}");
    }
}

#[portable_test]
fn a_code_has_no_second_text() {
    let part = Hrp::parse("letterbox").unwrap();
    let symbols: Vec<Fe32> = [&[1], &secret()[..]].concat().into_iter().bytes_to_fes().collect();
    // The last symbol ends with two bits that no byte needs.
    for bits in 0..4 {
        let mut symbols = symbols.clone();
        symbols[33] = Fe32::try_from(symbols[33].to_u8() | bits).unwrap();
        let text: String = symbols.into_iter().with_checksum::<Bech32m>(&part).chars().collect();
        let read = RecoveryCode::parse(&text["letterbox1".len()..]);
        assert_eq!(read, if bits == 0 { Ok(code(secret())) } else { Err(CodeError::Checksum) }, "{bits}");
    }
}

/// LBX-CODE-3.
#[portable_test]
fn the_keys_of_a_code_are_what_hkdf_makes_them() {
    let keys = code(secret()).keys().unwrap();
    assert_eq!(hex(keys.seal().seed().expose()), SEAL_SEED);
    assert_eq!(hex(keys.request().to_seed().expose()), REQUEST_SEED);
    let other = code([0; 20]).keys().unwrap();
    assert_ne!(keys.seal().public_key(), other.seal().public_key());
    assert_ne!(keys.request().verifying_key(), other.request().verifying_key());
}

#[portable_test]
fn a_group_is_known_by_its_place_and_its_characters() {
    let code = code(secret());
    for (place, group) in code.groups().iter().enumerate() {
        assert!(code.is_group(place, group) && code.is_group(place, &format!(" {} ", group.to_lowercase())));
        for other in (0..RecoveryCode::GROUPS).filter(|other| *other != place) {
            assert!(!code.is_group(other, group), "{group} at {other}");
        }
    }
    assert!(code.is_group(8, "ish-o"), "read as forgivingly as the whole");
    for wrong in ["", "LSH", "LSH00", "LSH9", "LSH!", "LSH0 FMMN", TEXT] {
        assert!(!code.is_group(8, wrong), "{wrong}");
    }
    assert!(!code.is_group(10, "FMMN") && !code.is_group(10, "") && !code.is_group(usize::MAX, "LSH0"));
}

#[portable_test]
fn codes_seeds_and_bundles_do_not_show() {
    assert_eq!(format!("{:?}", code(secret())), "RecoveryCode([redacted])");
    assert_eq!(format!("{:?}", seed(1)), "Seed([redacted])");
    assert_eq!(format!("{:?}", root(1)), "ArchiveRoot { generation: 1, root: Seed([redacted]) }");
    assert_eq!(format!("{:?}", bundle()), "Bundle([redacted])");
    let keys = format!("{:?}", code(secret()).keys().unwrap());
    assert_eq!(keys, "RecoveryKeys { seal: InboxPrivateKey([redacted]), request: SigningKey([redacted]) }");
}

#[portable_test]
fn codes_and_seeds_have_one_length_on_the_wire() {
    assert_eq!(encode(&code(secret())), [&[0x54], &secret()[..]].concat());
    assert_eq!(minicbor::decode::<Seed>(&encode(&seed(3))).unwrap(), seed(3));
    assert_eq!(seed(3), seed(3).duplicate());
    assert_ne!(seed(3), seed(4));
    for length in [0, 19, 20, 21, 31, 32, 33] {
        let bytes = encode(&Bytes::from(vec![7; length]));
        assert_eq!(minicbor::decode::<RecoveryCode>(&bytes).is_ok(), length == 20, "{length}");
        assert_eq!(minicbor::decode::<Seed>(&bytes).is_ok(), length == 32, "{length}");
    }
}

fn seed(number: u8) -> Seed {
    Seed::from(Secret::from([number; 32]))
}

fn root(generation: u64) -> ArchiveRoot {
    ArchiveRoot { generation, root: seed(5) }
}

fn seeds(count: usize) -> Vec<Seed> {
    (0..count).map(|_| seed(4)).collect()
}

/// Roots whose generations take as many bytes as any.
fn roots(count: usize) -> Vec<ArchiveRoot> {
    (0..count as u64).map(|place| root(u64::MAX - place)).collect()
}

fn of(inbox: Vec<Seed>, roots: Vec<ArchiveRoot>) -> Bundle {
    Bundle::new(ANN.id(), [1; 32], seed(2), inbox, roots)
}

fn bundle() -> Bundle {
    of(seeds(2), vec![root(7), root(3), root(1)])
}

/// To the key of inbox seed 9.
fn sealed(bundle: &Bundle) -> SealedBundle {
    bundle.seal(inbox_key(9).public_key(), &mut TestRng(1)).unwrap()
}

#[portable_test]
fn bundles_have_one_encoding() {
    hostile::assert_strict(&bundle());
    hostile::assert_strict(&sealed(&bundle()));
}

#[portable_test]
fn a_bundle_opens_with_the_key_of_its_code_only() {
    let keys = code(secret()).keys().unwrap();
    let sealed = bundle().seal(keys.seal().public_key(), &mut TestRng(1)).unwrap();
    let sealed = SealedBundle::from_bytes(&sealed.to_bytes()).unwrap();
    let again = RecoveryCode::parse(TEXT).unwrap().keys().unwrap();
    assert_eq!(sealed.open(again.seal()), Ok(bundle()));
    let refused = Err(BundleError::NotForThisCodeOrAltered);
    assert_eq!(sealed.open(&inbox_key(9)), refused);
    // Nor where the bundle is made to name that other key.
    let mut renamed = sealed.to_bytes();
    renamed[4..20].copy_from_slice(inbox_key(9).public_key().id().as_bytes());
    assert_eq!(SealedBundle::from_bytes(&renamed).unwrap().open(&inbox_key(9)), refused);
}

#[portable_test]
fn a_bundle_with_any_bit_altered_does_not_open() {
    let bytes = sealed(&bundle()).to_bytes();
    let mut places: Vec<usize> = (0..64).collect();
    places.extend((64..bytes.len()).step_by(61));
    places.extend(bytes.len() - 40..bytes.len());
    for place in places {
        for bit in [0, 7] {
            let mut altered = bytes.clone();
            altered[place] ^= 1 << bit;
            let opened = SealedBundle::from_bytes(&altered).map(|sealed| sealed.open(&inbox_key(9)));
            assert!(!matches!(opened, Ok(Ok(_))), "byte {place} bit {bit}");
        }
    }
}

#[portable_test]
fn the_commitment_to_the_key_is_compared() {
    let bytes = sealed(&bundle()).to_bytes();
    // After version and suite (3), the key's id (17), the encapsulated key (1,123) and its own head.
    let commitment = 3 + 17 + 1123 + 2;
    assert_eq!(bytes[commitment - 2..commitment], [0x58, 32]);
    for place in [commitment, commitment + 31] {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let opened = SealedBundle::from_bytes(&altered).unwrap().open(&inbox_key(9));
        assert_eq!(opened, Err(BundleError::NotForThisCodeOrAltered));
    }
}

/// LBX-BUNDLE-1.
#[portable_test]
fn an_encapsulated_key_of_another_length_is_refused_as_such() {
    for length in [0, 1119, 1120, 1121] {
        let encapsulated = Bytes::from(vec![7; length]);
        let id = inbox_key(9).public_key().id();
        let fields = (Version, Suite, id, encapsulated, Bytes32([8; 32]), Bytes::from(vec![9; 4112]));
        let read = SealedBundle::from_bytes(&encode(&fields)).map(|_| ());
        if length == 1120 {
            assert_eq!(read, Ok(()));
        } else {
            assert!(matches!(read, Err(DecodeError::Value(_))), "{length}: {read:?}");
        }
    }
}

#[portable_test]
fn an_envelope_is_no_bundle_and_a_bundle_no_envelope() {
    let key = inbox_key(9);
    let content = bundle().to_bytes();
    let envelope =
        Envelope::seal(&ANN.id().into(), key.public_key(), &content, &mut TestRng(1)).unwrap().to_bytes();
    let opened = SealedBundle::from_bytes(&envelope).unwrap().open(&key);
    assert_eq!(opened, Err(BundleError::NotForThisCodeOrAltered));
    let sealed = sealed(&bundle()).to_bytes();
    assert!(Envelope::from_bytes(&sealed).unwrap().open(&ANN.id().into(), &key).is_err());
}

/// LBX-BUNDLE-2.
#[portable_test]
fn a_bundle_with_too_little_too_much_or_out_of_order_is_neither_sealed_nor_read() {
    for (name, bundle) in [
        ("no inbox key", of(seeds(0), roots(1))),
        ("nine inbox keys", of(seeds(MOST_INBOX_SEEDS + 1), roots(1))),
        ("no root", of(seeds(1), roots(0))),
        ("65 roots", of(seeds(1), roots(MOST_ROOTS + 1))),
        ("a generation twice", of(seeds(1), vec![root(2), root(2)])),
        ("the oldest first", of(seeds(1), vec![root(1), root(2)])),
        ("a generation 0", of(seeds(1), vec![root(1), root(0)])),
    ] {
        let decoded = Bundle::from_bytes(&bundle.to_bytes());
        assert!(matches!(decoded, Err(DecodeError::Value(_))), "{name}: {decoded:?}");
        let sealed = bundle.seal(inbox_key(9).public_key(), &mut TestRng(1));
        assert_eq!(sealed, Err(SealError::Refused), "{name}");
    }
}

#[portable_test]
fn all_bundles_have_one_length() {
    let length = |bundle: &Bundle| sealed(bundle).to_bytes().len();
    let smallest = of(seeds(1), vec![root(1)]);
    let fullest = of(seeds(MOST_INBOX_SEEDS), roots(MOST_ROOTS));
    assert_eq!(sealed(&fullest).open(&inbox_key(9)), Ok(of(seeds(MOST_INBOX_SEEDS), roots(MOST_ROOTS))));
    assert_eq!(length(&smallest), length(&of(seeds(3), vec![root(1)])));
    assert_eq!(length(&smallest), length(&fullest));
    assert!(length(&fullest) <= LARGEST);
}

/// LBX-BUNDLE-1.
#[portable_test]
fn a_bundle_that_padding_would_make_longer_than_the_others_is_not_read() {
    // One byte of the floor marks the end of the content.
    assert_eq!(Bundle::from_bytes(&[0; 4096]), Err(DecodeError::TooLarge));
    assert_eq!(Bundle::from_bytes(&[0; 4095]), Err(DecodeError::Trailing));
}

/// LBX-BUNDLE-3.
#[portable_test]
fn the_commitment_in_the_entry_changes_with_everything_it_is_made_of() {
    let commitments = [
        archive_head_commitment(Some(&[1; 32]), &[2; 32], &[3; 32]),
        archive_head_commitment(None, &[2; 32], &[3; 32]),
        archive_head_commitment(Some(&[9; 32]), &[2; 32], &[3; 32]),
        archive_head_commitment(Some(&[1; 32]), &[9; 32], &[3; 32]),
        archive_head_commitment(Some(&[1; 32]), &[2; 32], &[9; 32]),
        archive_head_commitment(Some(&[2; 32]), &[1; 32], &[3; 32]),
    ];
    for (place, one) in commitments.iter().enumerate() {
        assert!(commitments.iter().skip(place + 1).all(|other| other != one), "{place}");
    }
}

/// LBX-BUNDLE-3.
#[portable_test]
fn the_digest_tells_two_sealings_of_one_bundle_apart() {
    let seal = |seed| bundle().seal(inbox_key(9).public_key(), &mut TestRng(seed)).unwrap();
    assert_eq!(seal(1).digest(), seal(1).digest());
    assert_ne!(seal(1).digest(), seal(2).digest());
}
