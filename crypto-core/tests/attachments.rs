//! Attachments: streamed, cut off, spliced.

use crypto_core::{
    attachment::{AttachmentError, CHUNK, LARGEST, Opener, Sealer, sealed_length},
    letter::{Attachment, AttachmentKey},
};
use proptest::prelude::*;
use relay_auth::{id::BlobId, secret::Secret};

use crate::{
    portable_test,
    world::{TestRng, config},
};

const BLOB: [u8; 16] = [6; 16];

fn file_key() -> AttachmentKey {
    AttachmentKey(Secret::generate(&mut TestRng(1)))
}

fn sealer(size: u64) -> Result<Sealer, AttachmentError> {
    // The same generator each time, so the same key.
    Sealer::new(BlobId::from(BLOB), size, &mut TestRng(1))
}

fn seal(content: &[u8], piece: usize) -> (Vec<u8>, [u8; 32]) {
    let mut sealer = sealer(content.len() as u64).unwrap();
    let mut sealed = Vec::new();
    for piece in content.chunks(piece) {
        sealer.update(piece, &mut sealed).unwrap();
    }
    let (key, digest) = sealer.finish(&mut sealed).unwrap();
    assert_eq!(key, file_key());
    (sealed, digest)
}

fn attachment(size: u64, digest: [u8; 32]) -> Attachment {
    Attachment {
        blob: BlobId::from(BLOB),
        key: file_key(),
        size,
        digest: digest.into(),
        file_name: "a.pdf".to_owned(),
        encoding_format: "application/pdf".to_owned(),
        language: None,
        label: None,
    }
}

fn open(sealed: &[u8], attachment: &Attachment, piece: usize) -> Result<Vec<u8>, AttachmentError> {
    let mut opener = Opener::new(attachment)?;
    let mut opened = Vec::new();
    for piece in sealed.chunks(piece) {
        opener.update(piece, &mut opened)?;
    }
    opener.finish(&mut opened)?;
    Ok(opened)
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|place| u8::try_from(place % 251).unwrap()).collect()
}

#[portable_test]
fn files_of_every_telling_length_come_back() {
    let lengths =
        [0, 1, 4095, 4096, CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 5 * CHUNK + 17];
    for length in lengths {
        let content = content(length);
        let (sealed, digest) = seal(&content, 10_000);
        assert_eq!(sealed.len() as u64, sealed_length(length as u64), "{length}");
        for piece in [1000, CHUNK, CHUNK + 16, usize::MAX] {
            let opened = open(&sealed, &attachment(length as u64, digest), piece).unwrap();
            assert!(opened == content, "{length} in pieces of {piece}");
        }
    }
}

#[portable_test]
fn a_file_cut_off_altered_reordered_or_of_another_letter_is_refused() {
    let content = content(3 * CHUNK);
    let (sealed, digest) = seal(&content, CHUNK);
    let named = attachment(content.len() as u64, digest);
    let sealed_chunk = CHUNK + 16;
    for length in [0, 1, sealed_chunk, sealed.len() - sealed_chunk, sealed.len() - 1] {
        assert_eq!(open(&sealed[..length], &named, CHUNK), Err(AttachmentError::Length), "{length}");
    }
    assert_eq!(open(&[&sealed[..], &[0]].concat(), &named, CHUNK), Err(AttachmentError::Length));
    let mut swapped = sealed.clone();
    swapped[..2 * sealed_chunk].rotate_left(sealed_chunk);
    assert_eq!(open(&swapped, &named, CHUNK), Err(AttachmentError::Altered));
    for place in (0..sealed.len()).step_by(9973) {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert_eq!(open(&altered, &named, CHUNK), Err(AttachmentError::Altered), "byte {place}");
    }
    let elsewhere = Attachment { blob: BlobId::from([7; 16]), ..attachment(content.len() as u64, digest) };
    assert_eq!(open(&sealed, &elsewhere, CHUNK), Err(AttachmentError::Altered));
    let other_key =
        Attachment { key: AttachmentKey(Secret::from([2; 32])), ..attachment(content.len() as u64, digest) };
    assert_eq!(open(&sealed, &other_key, CHUNK), Err(AttachmentError::Altered));
    let other_digest = attachment(content.len() as u64, [0; 32]);
    assert_eq!(open(&sealed, &other_digest, CHUNK), Err(AttachmentError::OtherFile));
    let shorter = attachment(content.len() as u64 - 1, digest);
    assert_eq!(open(&sealed, &shorter, CHUNK), Err(AttachmentError::Altered));
}

#[portable_test]
fn a_file_of_another_length_than_declared_is_not_sealed() {
    let mut sealed = Vec::new();
    let mut short = sealer(3).unwrap();
    assert_eq!(short.update(b"four", &mut sealed), Err(AttachmentError::Length));
    let mut short = sealer(3).unwrap();
    short.update(b"tw", &mut sealed).unwrap();
    assert_eq!(short.finish(&mut sealed), Err(AttachmentError::Length));
    let refused = sealer(LARGEST + 1);
    assert_eq!(refused.err(), Some(AttachmentError::TooLarge));
    assert!(sealed_length(u64::MAX) > u64::MAX / 2);
    assert_eq!(Opener::new(&attachment(LARGEST + 1, [0; 32])).err(), Some(AttachmentError::TooLarge));
}

/// LBX-ATT-1.
#[portable_test]
fn a_file_of_25_mib_is_sealed_and_opened() {
    let size = 25 << 20;
    assert!(sealer(size).is_ok());
    assert!(Opener::new(&attachment(size, [0; 32])).is_ok());
}

#[portable_test]
fn sealers_and_openers_do_not_show_their_keys() {
    let sealer = sealer(3).unwrap();
    let opener = Opener::new(&attachment(3, [0; 32])).unwrap();
    assert_eq!(
        format!("{sealer:?} {opener:?} {:?}", file_key()),
        "Sealer([redacted]) Opener([redacted]) AttachmentKey([redacted])"
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_file_comes_back_in_whatever_pieces(
        content in proptest::collection::vec(any::<u8>(), 0..150_000), one in 1_usize..90_000, other in 1_usize..90_000,
    ) {
        let (sealed, digest) = seal(&content, one);
        let opened = open(&sealed, &attachment(content.len() as u64, digest), other).unwrap();
        prop_assert!(opened == content);
    }
}
