//! The published vectors: read from `docs/vectors/` alone, and held against what the code makes.

use crypto_core::{
    archive::{Item, ObjectId, Place, SealedObject},
    attachment::Opener,
    body::SignedBodyEntry,
    citizen::{ChangeKind, DirectoryId, History, Purpose, SignIn, SignedEntry},
    directory::{Answer, Epoch, LogKey, Memory, Outcome, Trust, Witness},
    envelope::Envelope,
    evidence::{self, Evidence, IdentityProvider},
    inbox_key::InboxPrivateKey,
    jwt::KeySet,
    letter::{Attachment, AttachmentKey, OpenedLetter, SignedLetter},
    padding::padded_length,
    passphrase::{Use, WrappedSecret},
    person::Attributes,
    recovery::{RecoveryCode, SealedBundle, archive_head_commitment},
};
use relay_auth::{
    access::SignedAccessList,
    cbor::{Bytes32, Wire as _, encode},
    id::{BlobId, MailboxId},
    permit::Permit,
    receipt::{ChainHead, Deposit, SignedReceipt},
    request::{Parameters, Request, verify},
    secret::Secret,
    session::SessionTicket,
    signing::VerifyingKey,
    ticket::TicketKeys,
    voucher::Voucher,
};
use serde_json::Value;

use crate::portable_test;

macro_rules! vector {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../docs/vectors/", $name, ".json"))).unwrap()
    };
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field}"))
}

fn bytes(vector: &Value, field: &str) -> Vec<u8> {
    let digits = text(vector, field);
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn fixed<const N: usize>(vector: &Value, field: &str) -> [u8; N] {
    bytes(vector, field).try_into().unwrap()
}

fn public(vector: &Value, field: &str) -> VerifyingKey {
    VerifyingKey::from_bytes(&fixed(vector, field)).unwrap()
}

fn publics(vector: &Value, field: &str) -> Vec<VerifyingKey> {
    let keys = vector[field].as_array().unwrap().iter();
    keys.map(|key| public(&serde_json::json!({ "key": key }), "key")).collect()
}

fn inbox(vector: &Value) -> InboxPrivateKey {
    InboxPrivateKey::from_seed(&Secret::from(fixed(vector, "seed"))).unwrap()
}

fn attributes(vector: &Value) -> Attributes {
    let (given_name, family_name) = (text(vector, "given_name"), text(vector, "family_name"));
    Attributes::new(given_name, family_name, text(vector, "born"), vector["postcode"].as_str()).unwrap()
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn the_published_vectors_are_what_the_code_makes() {
    let mut vectors = crate::vector_set::vectors();
    vectors.push(("directory", crate::directory_vector::directory()));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors");
    let mut published: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    published.sort();
    let mut made: Vec<_> = vectors.iter().map(|(name, _)| format!("{name}.json")).collect();
    made.sort();
    assert_eq!(published, made);
    for (name, vector) in vectors {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let published: Value = serde_json::from_str(&text).unwrap();
        assert!(published == vector, "{name} has changed: is that meant? Then run the example `vectors`");
    }
}

#[portable_test]
fn padding_inbox_keys_and_epochs() {
    for case in vector!("padding")["lengths"].as_array().unwrap() {
        assert_eq!(padded_length(case["content"].as_u64().unwrap()), case["padded"].as_u64().unwrap());
    }
    let vector = vector!("inbox-key");
    let key = inbox(&vector);
    assert_eq!(key.public_key().to_bytes(), bytes(&vector, "public_key"));
    assert_eq!(key.public_key().id().as_bytes(), &fixed(&vector, "id"));
    let vector = vector!("epoch");
    let number = vector["number"].as_u64().unwrap();
    let epoch = Epoch::new(number, fixed(&vector, "root"), &fixed(&vector, "vrf_key"));
    assert_eq!(epoch.leaf(), bytes(&vector, "leaf"));
}

#[portable_test]
fn envelopes_and_letters() {
    let vector = vector!("envelope");
    let recipient = DirectoryId::from(fixed(&vector, "recipient"));
    let envelope = Envelope::from_bytes(&bytes(&vector, "envelope")).unwrap();
    assert_eq!(*envelope.open(&recipient.into(), &inbox(&vector)).unwrap(), bytes(&vector, "content"));

    let vector = vector!("letter");
    let recipient = DirectoryId::from(fixed(&vector, "recipient"));
    let envelope = Envelope::from_bytes(&bytes(&vector, "envelope")).unwrap();
    let opened = OpenedLetter::open(&envelope, recipient, &inbox(&vector)).unwrap();
    let body = SignedBodyEntry::from_bytes(&bytes(&vector, "body_entry")).unwrap();
    let body = body.verify(&publics(&vector, "operators")).unwrap();
    let letter = opened.verify(&body, vector["arrival"].as_u64().unwrap()).unwrap();
    assert_eq!(letter.signed().to_bytes(), bytes(&vector, "signed_letter"));
    assert_eq!(letter.id().as_bytes(), &fixed(&vector, "id"));
    assert_eq!(letter.letter().label, text(&vector, "label"));
    assert_eq!(letter.letter().text, text(&vector, "text"));

    let vector = vector!("letter-fingerprint");
    let recipient = DirectoryId::from(fixed(&vector, "recipient"));
    let body = SignedBodyEntry::from_bytes(&bytes(&vector, "body_entry")).unwrap();
    let body = body.verify(&publics(&vector, "operators")).unwrap();
    let arrival = vector["arrival"].as_u64().unwrap();
    let letters = vector["letters"].as_array().unwrap();
    for letter in letters {
        let signed = SignedLetter::from_bytes(&bytes(letter, "signed_letter")).unwrap();
        let opened = OpenedLetter::from_signed(signed, recipient).unwrap();
        assert_eq!(opened.verify(&body, arrival).unwrap().fingerprint(), fixed(letter, "fingerprint"));
    }
    let [without, first, again] = &letters[..] else { panic!("not three letters") };
    assert_eq!(text(first, "fingerprint"), text(again, "fingerprint"));
    assert_ne!(text(first, "fingerprint"), text(without, "fingerprint"));
}

#[portable_test]
fn entries_sign_ins_evidence_people_and_bodies() {
    let vector = vector!("entries");
    let chain: Vec<_> = vector["chain"].as_array().unwrap().clone();
    let signed: Vec<_> =
        chain.iter().map(|step| SignedEntry::from_bytes(&bytes(step, "signed_entry")).unwrap()).collect();
    let history = History::verify(DirectoryId::from(fixed(&vector, "directory_id")), &signed).unwrap();
    assert_eq!(history.changes().len(), chain.len());
    for (change, step) in history.changes().iter().zip(&chain) {
        assert_eq!(change.hash, fixed(step, "hash"));
        let kind = match change.kind {
            ChangeKind::First => "first",
            ChangeKind::ByDevice => "by device",
            ChangeKind::Recovery => "recovery",
            ChangeKind::Reset => "reset",
        };
        assert_eq!(kind, text(step, "kind"));
    }

    let vector = vector!("sign-in");
    let sign_in = SignIn {
        purpose: Purpose::Enrol,
        directory_id: DirectoryId::from(fixed(&vector, "directory_id")),
        previous: None,
        identity_key: public(&vector, "identity_key"),
        salt: Bytes32(fixed(&vector, "salt")),
    };
    assert_eq!(sign_in.nonce(), text(&vector, "nonce"));

    let vector = vector!("evidence");
    let person = evidence::verify(
        &Evidence::from_bytes(&bytes(&vector, "evidence")).unwrap(),
        &fixed(&vector, "hash"),
        DirectoryId::from(fixed(&vector, "directory_id")),
        &public(&vector, "identity_key"),
        &provider(&vector),
    )
    .unwrap();
    assert_eq!(person.subject(), text(&vector, "subject"));
    person.is(&attributes(&vector)).unwrap();

    for case in vector!("person")["people"].as_array().unwrap() {
        assert_eq!(attributes(case).to_bytes(), bytes(case, "attributes"));
        assert_eq!(attributes(case).directory_label(), bytes(case, "directory_label"));
    }

    let vector = vector!("body");
    let entry = SignedBodyEntry::from_bytes(&bytes(&vector, "signed_entry")).unwrap();
    let body = entry.verify(&publics(&vector, "operators")).unwrap();
    assert_eq!(body.hash(), &fixed(&vector, "hash"));
    assert_eq!(body.entry().id.directory_label(), bytes(&vector, "directory_label"));
}

fn provider(vector: &Value) -> IdentityProvider {
    IdentityProvider {
        issuer: text(vector, "issuer").to_owned(),
        attribute_issuer: text(vector, "attribute_issuer").to_owned(),
        client_id: text(vector, "client_id").to_owned(),
        keys: KeySet::from_json(text(vector, "keys").as_bytes()).unwrap(),
        attribute_keys: KeySet::from_json(text(vector, "attribute_keys").as_bytes()).unwrap(),
    }
}

#[portable_test]
fn tickets_access_lists_receipts_and_requests() {
    let vector = vector!("tickets");
    let keys = TicketKeys::new(1, vec![(1, Secret::from(fixed(&vector, "key")))]).unwrap();
    let permit: Permit = keys.open(&bytes(&vector, "sealed_permit")).unwrap();
    assert_eq!(permit.to_bytes(), bytes(&vector, "permit"));
    let voucher: Voucher = keys.open(&bytes(&vector, "sealed_voucher")).unwrap();
    assert_eq!(voucher.to_bytes(), bytes(&vector, "voucher"));
    let session: SessionTicket = keys.open(&bytes(&vector, "sealed_session_ticket")).unwrap();
    assert_eq!(session.to_bytes(), bytes(&vector, "session_ticket"));

    let vector = vector!("access-list");
    let signed = SignedAccessList::from_bytes(&bytes(&vector, "signed_list")).unwrap();
    let mailbox = MailboxId::from(fixed(&vector, "mailbox"));
    let list = signed.verify(mailbox, &public(&vector, "access_key"), 0).unwrap();
    assert_eq!(list.to_bytes(), bytes(&vector, "list"));

    let vector = vector!("receipt");
    let deposit = Deposit::from_bytes(&bytes(&vector, "deposit")).unwrap();
    assert_eq!(deposit.digest.0, fixed(&vector, "digest"));
    let mailbox = MailboxId::from(fixed(&vector, "mailbox"));
    let start = ChainHead::start(mailbox);
    assert_eq!(start.as_bytes(), &fixed(&vector, "chain_start"));
    let (receipt, key) = (bytes(&vector, "signed_receipt"), public(&vector, "receipt_key"));
    let receipt = SignedReceipt::from_bytes(&receipt).unwrap();
    let receipt = receipt.verify(&key.into(), &bytes(&vector, "envelope"), &deposit.blobs).unwrap();
    assert_eq!(receipt.head, start.after(mailbox, &deposit));
    assert_eq!(receipt.head.as_bytes(), &fixed(&vector, "chain_head"));

    let vector = vector!("request");
    let body = bytes(&vector, "body");
    let request = Request {
        method: text(&vector, "method"),
        authority: text(&vector, "authority"),
        path: text(&vector, "path"),
        query: vector["query"].as_str(),
        body: &body,
    };
    let parameters = Parameters::parse(text(&vector, "signature_input")).unwrap();
    let (digest, signature) = (text(&vector, "content_digest"), text(&vector, "signature"));
    verify(&request, &parameters, digest, signature, &public(&vector, "key")).unwrap();
}

#[portable_test]
fn secrets_under_a_passphrase_archive_objects_and_attachments() {
    let vector = vector!("passphrase");
    let wrapped = WrappedSecret::from_bytes(&bytes(&vector, "wrapped")).unwrap();
    let browser_key = Secret::from(fixed(&vector, "browser_key"));
    let secret = wrapped.unwrap(Use::Vault, text(&vector, "passphrase"), Some(&browser_key)).unwrap();
    assert_eq!(secret.expose(), &fixed(&vector, "secret"));

    let vector = vector!("archive");
    let place = Place {
        owner: DirectoryId::from(fixed(&vector, "owner")),
        generation: vector["generation"].as_u64().unwrap(),
        id: ObjectId::from(fixed(&vector, "id")),
        counter: vector["counter"].as_u64().unwrap(),
    };
    let sealed = SealedObject::from_bytes(&bytes(&vector, "sealed")).unwrap();
    let item: Item = sealed.open(&place, &Secret::from(fixed(&vector, "root"))).unwrap();
    assert_eq!(item.to_bytes(), bytes(&vector, "item"));

    let vector = vector!("attachment");
    let content = bytes(&vector, "content");
    let mut opener = Opener::new(&Attachment {
        blob: BlobId::from(fixed(&vector, "blob")),
        key: AttachmentKey(Secret::from(fixed(&vector, "key"))),
        size: content.len() as u64,
        digest: Bytes32(fixed(&vector, "digest")),
        file_name: "file".to_owned(),
        encoding_format: "application/octet-stream".to_owned(),
        language: None,
        label: None,
    })
    .unwrap();
    let mut opened = Vec::new();
    opener.update(&bytes(&vector, "sealed"), &mut opened).unwrap();
    opener.finish(&mut opened).unwrap();
    assert_eq!(opened, content);
}

#[portable_test]
fn recovery_codes_and_bundles() {
    let vector = vector!("recovery-code");
    let code = RecoveryCode::parse(text(&vector, "text")).unwrap();
    assert_eq!(code.groups().join(" "), text(&vector, "text"));
    assert_eq!(encode(&code)[1..], bytes(&vector, "secret"));
    let keys = code.keys().unwrap();
    assert_eq!(keys.seal().seed().expose(), &fixed(&vector, "seed"));
    assert_eq!(keys.seal().public_key().id().as_bytes(), &fixed(&vector, "key_id"));
    assert_eq!(keys.request().to_seed().expose(), &fixed(&vector, "request_seed"));
    assert_eq!(keys.request().verifying_key(), public(&vector, "request_key"));

    let vector = vector!("recovery-bundle");
    let sealed = SealedBundle::from_bytes(&bytes(&vector, "sealed")).unwrap();
    let bundle = sealed.open(&inbox(&vector)).unwrap();
    assert_eq!(bundle.to_bytes(), bytes(&vector, "bundle"));
    assert_eq!(bundle.salt.0, fixed(&vector, "salt"));
    assert_eq!(sealed.digest(), fixed(&vector, "digest"));
    let commitment =
        |head: Option<&[u8; 32]>| archive_head_commitment(head, &sealed.digest(), &bundle.salt.0);
    assert_eq!(commitment(Some(&fixed(&vector, "archive_head"))), fixed(&vector, "commitment"));
    assert_eq!(commitment(None), fixed(&vector, "commitment_without_archive_head"));
}

#[portable_test]
fn answers_of_the_directory() {
    let vector = vector!("directory");
    let witnesses = vector["witnesses"].as_array().unwrap().iter();
    let trust = Trust {
        log: LogKey { origin: text(&vector, "origin").to_owned(), key: public(&vector, "log_key") },
        vrf_key: fixed(&vector, "vrf_key"),
        witnesses: witnesses
            .map(|witness| Witness { name: text(witness, "name").to_owned(), key: public(witness, "key") })
            .collect(),
        quorum: usize::try_from(vector["quorum"].as_u64().unwrap()).unwrap(),
        operators: vec![],
    };
    let (provider, now) = (provider(&vector!("evidence")), vector["now"].as_u64().unwrap());
    let ask = |case: &Value| {
        let answer = Answer::from_bytes(&bytes(case, "answer")).unwrap();
        answer.verify(&attributes(&case["asked"]), &trust, &provider, Memory::default(), now).unwrap().outcome
    };
    assert_eq!(ask(&vector["none"]), Outcome::None);
    let Outcome::Found(recipient) = ask(&vector["found"]) else { panic!("not found") };
    assert_eq!(recipient.directory_id().as_bytes(), &fixed(&vector["found"], "directory_id"));
    assert_eq!(recipient.inbox_key().id().as_bytes(), &fixed(&vector["found"], "inbox_key"));
}
