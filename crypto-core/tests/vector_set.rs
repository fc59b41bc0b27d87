//! Makes the published vectors from fixed inputs. `examples/vectors.rs` writes them.

use crypto_core::{
    archive::{FiledLetter, Item, ObjectId, Place, SealedObject},
    attachment::Sealer,
    citizen::{ChangeKind, Entry, Purpose, SignIn, SignedEntry},
    directory::Epoch,
    envelope::Envelope,
    letter::{Attachment, AttachmentKey, Letter, OpenedLetter, SignedLetter},
    padding::padded_length,
    passphrase::{Cost, Use, WrappedSecret},
    person::Attributes,
    recovery::{ArchiveRoot, Bundle, RecoveryCode, archive_head_commitment},
    seed::Seed,
};
use relay_auth::{
    access::{AccessList, SignedAccessList},
    cbor::{Bytes32, Suite, Version, Wire as _, encode},
    id::{BlobId, InboxKeyId, MailboxId, PermitId, VoucherId},
    label,
    permit::Permit,
    receipt::{ChainHead, Deposit, Receipt, SignedReceipt, envelope_digest},
    request::{Parameters, Request, sign},
    secret::Secret,
    session::SessionTicket,
    ticket::TicketKeys,
    voucher::Voucher,
};
use serde_json::{Value, json};

use crate::{
    test_keys::{ATTRIBUTES, ID_TOKENS},
    world::{
        ANN, ATTRIBUTE_ISSUER, CLIENT, ISSUER, NOW, TestRng, approve, body, body_entry, body_key, jwk, key,
        key_set, letter, letter_id, operator_keys, sealed_content, signed, statement,
    },
};

pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Name of the file and its content, without those that need a directory.
pub(crate) fn vectors() -> Vec<(&'static str, Value)> {
    vec![
        ("labels", labels()),
        ("padding", padding()),
        ("inbox-key", inbox_key()),
        ("envelope", envelope()),
        ("letter", letter_vector()),
        ("letter-fingerprint", letter_fingerprint()),
        ("entries", entries()),
        ("sign-in", sign_in()),
        ("evidence", evidence()),
        ("person", person()),
        ("body", body_vector()),
        ("tickets", tickets()),
        ("access-list", access_list()),
        ("receipt", receipt()),
        ("request", request()),
        ("epoch", epoch()),
        ("passphrase", passphrase()),
        ("archive", archive()),
        ("attachment", attachment()),
        ("recovery-code", recovery_code()),
        ("recovery-bundle", recovery_bundle()),
    ]
}

fn labels() -> Value {
    let all: Vec<_> =
        label::ALL.iter().map(|label| String::from_utf8(label.as_bytes().to_vec()).unwrap()).collect();
    json!({ "rule": "LBX-LABEL-1", "labels": all })
}

fn padding() -> Value {
    let cases: Vec<_> = [0, 1, 4095, 4096, 5000, 65_535, 65_536, 1_000_000, 26_214_400]
        .into_iter()
        .map(|length: u64| json!({ "content": length, "padded": padded_length(length) }))
        .collect();
    json!({ "rule": "LBX-PAD-1", "lengths": cases })
}

fn inbox_key() -> Value {
    let key = ANN.inbox();
    json!({
        "rule": "LBX-KEY-1", "seed": hex(key.seed().expose()), "public_key": hex(key.public_key().to_bytes()),
        "id": hex(key.public_key().id().as_bytes()),
    })
}

fn envelope() -> Value {
    let content = b"what is sealed";
    let envelope =
        Envelope::seal(&ANN.id().into(), ANN.inbox().public_key(), content, &mut TestRng(1)).unwrap();
    json!({
        "rule": "LBX-ENV-1", "recipient": hex(ANN.id().as_bytes()), "seed": hex(ANN.inbox().seed().expose()),
        "content": hex(content), "envelope": hex(envelope.to_bytes()),
    })
}

fn letter_vector() -> Value {
    let content = signed(&statement(&letter()), &body_key());
    let sealed = sealed_content(&content);
    let envelope =
        Envelope::seal(&ANN.id().into(), ANN.inbox().public_key(), &sealed, &mut TestRng(2)).unwrap();
    json!({
        "rule": "LBX-LETTER-1", "recipient": hex(ANN.id().as_bytes()), "seed": hex(ANN.inbox().seed().expose()),
        "body_entry": hex(approve(&body_entry()).to_bytes()),
        "operators": operator_keys().iter().map(|key| hex(key.as_bytes())).collect::<Vec<_>>(),
        "arrival": NOW, "signed_letter": hex(&content), "envelope": hex(envelope.to_bytes()),
        "id": hex(letter_id().as_bytes()), "label": letter().label, "text": letter().text,
    })
}

fn letter_fingerprint() -> Value {
    let with_file = |number: u8| Letter {
        attachments: vec![Attachment {
            blob: BlobId::from([number; 16]),
            key: AttachmentKey(Secret::from([number; 32])),
            size: 1234,
            digest: Bytes32([8; 32]),
            file_name: "bill.pdf".to_owned(),
            encoding_format: "application/pdf".to_owned(),
            language: Some("en".to_owned()),
            label: None,
        }],
        reply_permits: vec![vec![number; 176].into()],
        ..letter()
    };
    let letters = [
        ("without a file", letter()),
        ("with a file", with_file(6)),
        ("with the same file under another key in another place", with_file(7)),
    ];
    let letters = letters.iter().map(|(name, letter)| {
        let content = signed(&statement(letter), &body_key());
        let opened = OpenedLetter::from_signed(SignedLetter::from_bytes(&content).unwrap(), ANN.id());
        let fingerprint = opened.unwrap().verify(&body(), NOW).unwrap().fingerprint();
        json!({ "letter": name, "signed_letter": hex(&content), "fingerprint": hex(fingerprint) })
    });
    json!({
        "rule": "LBX-LETTER-5", "recipient": hex(ANN.id().as_bytes()),
        "body_entry": hex(approve(&body_entry()).to_bytes()),
        "operators": operator_keys().iter().map(|key| hex(key.as_bytes())).collect::<Vec<_>>(),
        "arrival": NOW, "letters": letters.collect::<Vec<_>>(),
    })
}

fn entries() -> Value {
    let first = ANN.first_signed();
    let second = Entry {
        change: ChangeKind::ByDevice,
        previous: Some(first.hash().into()),
        salt: Bytes32([9; 32]),
        ..ANN.first_entry().0
    };
    let second = SignedEntry::by_device(&second, &ANN.device(), ANN.opening().salt.0);
    let recovered = Entry {
        change: ChangeKind::Recovery,
        previous: Some(second.hash().into()),
        identity_key: key(31).verifying_key(),
        evidence: Bytes32([1; 32]),
        ..ANN.first_entry().0
    };
    let third = SignedEntry::by_recovery(&recovered, &key(31), &ANN.identity());
    let chain = [(first, "first"), (second, "by device"), (third, "recovery")];
    let chain: Vec<_> = chain
        .iter()
        .map(|(entry, kind)| json!({ "signed_entry": hex(entry.to_bytes()), "hash": hex(entry.hash()), "kind": kind }))
        .collect();
    json!({ "rule": "LBX-ENTRY-5", "directory_id": hex(ANN.id().as_bytes()), "chain": chain })
}

fn sign_in() -> Value {
    let sign_in = SignIn {
        purpose: Purpose::Enrol,
        directory_id: ANN.id(),
        previous: None,
        identity_key: ANN.identity().verifying_key(),
        salt: Bytes32([1; 32]),
    };
    json!({
        "rule": "LBX-BIND-1", "purpose": 0, "directory_id": hex(ANN.id().as_bytes()), "previous": null,
        "identity_key": hex(sign_in.identity_key.as_bytes()), "salt": hex(sign_in.salt), "nonce": sign_in.nonce(),
    })
}

fn evidence() -> Value {
    let (entry, evidence) = ANN.first_entry();
    json!({
        "rule": "LBX-EVID-1", "evidence": hex(evidence.to_bytes()), "hash": hex(evidence.hash()),
        "directory_id": hex(ANN.id().as_bytes()), "identity_key": hex(entry.identity_key.as_bytes()),
        "issuer": ISSUER, "attribute_issuer": ATTRIBUTE_ISSUER, "client_id": CLIENT,
        "keys": String::from_utf8(key_set(&[jwk(&ID_TOKENS, "login")])).unwrap(),
        "attribute_keys": String::from_utf8(key_set(&[jwk(&ATTRIBUTES, "issuer")])).unwrap(),
        "subject": "subject-1", "given_name": ANN.given_name, "family_name": ANN.family_name, "born": ANN.born,
    })
}

fn person() -> Value {
    let written = [
        ("Màiri", "NicDhòmhnaill-Smith", "1999-12-31", Some("iv2 3 ab")),
        ("Ann", "O’Neil", "1980-02-29", Some("EH1 1AA")),
        ("ann", "oneil", "1980-02-29", None),
    ];
    let cases: Vec<_> = written
        .into_iter()
        .map(|(given_name, family_name, born, postcode)| {
            let attributes = Attributes::new(given_name, family_name, born, postcode).unwrap();
            json!({
                "given_name": given_name, "family_name": family_name, "born": born, "postcode": postcode,
                "attributes": hex(attributes.to_bytes()), "directory_label": hex(attributes.directory_label()),
            })
        })
        .collect();
    json!({ "rule": "LBX-PERSON-1", "people": cases })
}

fn body_vector() -> Value {
    let entry = approve(&body_entry());
    json!({
        "rule": "LBX-BODY-1", "signed_entry": hex(entry.to_bytes()), "hash": hex(entry.hash()),
        "operators": operator_keys().iter().map(|key| hex(key.as_bytes())).collect::<Vec<_>>(),
        "directory_label": hex(body().entry().id.directory_label()),
    })
}

fn tickets() -> Value {
    let keys = TicketKeys::new(1, vec![(1, [9; 32].into())]).unwrap();
    let permit = Permit {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from([1; 16]),
        inbox_key: InboxKeyId::from([2; 16]),
        not_after: NOW,
        id: PermitId::from([3; 16]),
        blob_quota: 1 << 20,
    };
    let voucher = Voucher {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from([1; 16]),
        access_key: key(4).verifying_key(),
        not_after: NOW,
        id: VoucherId::from([3; 16]),
    };
    let session = SessionTicket {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from([1; 16]),
        session_key: key(5).verifying_key(),
        not_after: NOW,
    };
    json!({
        "rule": "LBX-TICKET-1", "key_number": 1, "key": hex([9; 32]),
        "permit": hex(permit.to_bytes()), "sealed_permit": hex(keys.seal(&permit, &mut TestRng(1))),
        "voucher": hex(voucher.to_bytes()), "sealed_voucher": hex(keys.seal(&voucher, &mut TestRng(2))),
        "session_ticket": hex(session.to_bytes()),
        "sealed_session_ticket": hex(keys.seal(&session, &mut TestRng(3))),
    })
}

fn access_list() -> Value {
    let list = AccessList {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from([1; 16]),
        counter: 1,
        next_access_key: key(7).verifying_key(),
        request_keys: vec![key(5).verifying_key()],
        inbox_keys: vec![ANN.inbox().public_key().id()],
    };
    json!({
        "rule": "LBX-ACCESS-1", "mailbox": hex([1; 16]), "access_key": hex(key(4).verifying_key().as_bytes()),
        "list": hex(list.to_bytes()), "signed_list": hex(SignedAccessList::sign(&list, &key(4)).to_bytes()),
    })
}

fn receipt() -> Value {
    let envelope = b"an envelope";
    let deposit = Deposit {
        sequence: 1,
        time: NOW,
        digest: envelope_digest(envelope).into(),
        blobs: vec![BlobId::from([5; 16])],
    };
    let mailbox = MailboxId::from([1; 16]);
    let start = ChainHead::start(mailbox);
    let receipt = Receipt {
        version: Version,
        suite: Suite,
        permit: PermitId::from([3; 16]),
        digest: deposit.digest,
        blobs: deposit.blobs.clone(),
        time: NOW,
        head: start.after(mailbox, &deposit),
    };
    json!({
        "rule": "LBX-RECEIPT-1", "mailbox": hex([1; 16]), "envelope": hex(envelope), "blobs": [hex([5; 16])],
        "digest": hex(deposit.digest), "deposit": hex(deposit.to_bytes()), "chain_start": hex(start.as_bytes()),
        "chain_head": hex(receipt.head.as_bytes()), "receipt_key": hex(key(6).verifying_key().as_bytes()),
        "signed_receipt": hex(SignedReceipt::sign(&receipt, &key(6)).to_bytes()),
    })
}

fn request() -> Value {
    let request = Request {
        method: "POST",
        authority: "relay.example",
        path: "/v1/mailbox/archive",
        query: Some("a=b"),
        body: b"content",
    };
    let parameters = Parameters::generate(NOW, "device-1", &mut TestRng(1));
    let fields = sign(&request, &parameters, &key(5)).unwrap();
    json!({
        "rule": "LBX-REQUEST-1", "method": request.method, "authority": request.authority, "path": request.path,
        "query": request.query, "body": hex(request.body), "key": hex(key(5).verifying_key().as_bytes()),
        "content_digest": fields.content_digest, "signature_input": fields.signature_input,
        "signature": fields.signature,
    })
}

fn epoch() -> Value {
    let epoch = Epoch::new(7, [1; 32], &[2; 32]);
    json!({ "rule": "LBX-LOG-5", "number": 7, "root": hex([1; 32]), "vrf_key": hex([2; 32]), "leaf": hex(epoch.leaf()) })
}

fn passphrase() -> Value {
    let wrapped = WrappedSecret::wrap(
        &Secret::from([7; 32]),
        Use::Vault,
        "correct horse",
        Cost::FLOOR,
        [3; 16],
        Some(&Secret::from([9; 32])),
        &mut TestRng(1),
    )
    .unwrap();
    json!({
        "rule": "LBX-PASS-1", "passphrase": "correct horse", "browser_key": hex([9; 32]), "secret": hex([7; 32]),
        "wrapped": hex(wrapped.to_bytes()),
    })
}

fn archive() -> Value {
    let place = Place { owner: ANN.id(), generation: 1, id: ObjectId::from([1; 16]), counter: 1 };
    let deposit = Deposit { sequence: 1, time: NOW, digest: Bytes32([2; 32]), blobs: vec![] };
    let receipt = Receipt {
        version: Version,
        suite: Suite,
        permit: PermitId::from([3; 16]),
        digest: deposit.digest,
        blobs: vec![],
        time: NOW,
        head: ChainHead::from([4; 32]),
    };
    let item = Item::Letter(FiledLetter {
        signed: SignedLetter::from_bytes(&signed(&statement(&letter()), &body_key())).unwrap(),
        sender: approve(&body_entry()),
        deposit,
        receipt: SignedReceipt::sign(&receipt, &key(6)),
    });
    let sealed = SealedObject::seal(&item, &place, &Secret::from([5; 32]), &mut TestRng(1)).unwrap();
    json!({
        "rule": "LBX-ARCH-1", "root": hex([5; 32]), "owner": hex(ANN.id().as_bytes()), "generation": 1,
        "id": hex([1; 16]), "counter": 1, "item": hex(item.to_bytes()), "sealed": hex(sealed.to_bytes()),
    })
}

fn attachment() -> Value {
    let content = b"the bytes of a file";
    let mut sealer = Sealer::new(BlobId::from([6; 16]), content.len() as u64, &mut TestRng(1)).unwrap();
    let mut sealed = Vec::new();
    sealer.update(content, &mut sealed).unwrap();
    let (key, digest) = sealer.finish(&mut sealed).unwrap();
    json!({
        "rule": "LBX-ATT-1", "key": hex(key.0.expose()), "blob": hex([6; 16]), "content": hex(content),
        "digest": hex(digest), "sealed": hex(&sealed),
    })
}

fn recovery_code() -> Value {
    let code = RecoveryCode::generate(&mut TestRng(1));
    let keys = code.keys().unwrap();
    json!({
        // Without the head of the byte string.
        "rule": "LBX-CODE-1", "secret": hex(&encode(&code)[1..]), "text": code.groups().join(" "),
        "seed": hex(keys.seal().seed().expose()), "key_id": hex(keys.seal().public_key().id().as_bytes()),
        "request_seed": hex(keys.request().to_seed().expose()),
        "request_key": hex(keys.request().verifying_key().as_bytes()),
    })
}

fn recovery_bundle() -> Value {
    let seed = |number: u8| Seed::from(Secret::from([number; 32]));
    let root = |generation: u64, number: u8| ArchiveRoot { generation, root: seed(number) };
    let keys = RecoveryCode::generate(&mut TestRng(1)).keys().unwrap();
    let bundle =
        Bundle::new(ANN.id(), [1; 32], seed(2), vec![seed(3), seed(4)], vec![root(2, 5), root(1, 6)]);
    let sealed = bundle.seal(keys.seal().public_key(), &mut TestRng(2)).unwrap();
    json!({
        "rule": "LBX-BUNDLE-1", "seed": hex(keys.seal().seed().expose()), "bundle": hex(bundle.to_bytes()),
        "sealed": hex(sealed.to_bytes()), "digest": hex(sealed.digest()), "salt": hex(bundle.salt),
        "archive_head": hex([7; 32]),
        "commitment": hex(archive_head_commitment(Some(&[7; 32]), &sealed.digest(), &bundle.salt.0)),
        "commitment_without_archive_head": hex(archive_head_commitment(None, &sealed.digest(), &bundle.salt.0)),
    })
}
