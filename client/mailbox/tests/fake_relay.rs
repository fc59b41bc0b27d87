//! A relay in memory, with one mailbox. It is honest; the tests alter what it answers.

use std::collections::BTreeMap;

use api::{
    Octets32,
    archive::{ArchiveEntry, ArchiveObject, ArchivePage, ArchivePut},
    letters::{Letter, LetterPage},
};
use client_mailbox::{http::HttpRequest, inbox::Filing};
use relay_auth::{
    cbor::{Bytes32, Suite, Version, Wire as _},
    hex,
    id::{BlobId, MailboxId, PermitId},
    receipt::{ChainHead, Deposit, Receipt, SignedReceipt, envelope_digest},
    request::{self, Parameters, Request},
    request_key::RequestKeyId,
    signing::VerifyingKey,
};

use crate::{
    journey::{MAILBOX, RELAY, relay_key},
    world::NOW,
};

pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    let mut values = request.headers.iter().filter(|(found, _)| *found == name);
    let value = &values.next().unwrap().1;
    assert!(values.next().is_none(), "{name}");
    value
}

/// Verifies as the relay does that a request is signed by a key.
pub(crate) fn verify(key: &VerifyingKey, sent: &HttpRequest) {
    let parameters = Parameters::parse(header(sent, "signature-input")).unwrap();
    assert_eq!((parameters.key_id.clone(), parameters.created), (RequestKeyId::of(key).to_text(), NOW));
    let target = sent.url.strip_prefix(RELAY).unwrap();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let request = Request { method: sent.method, authority: "relay.example", path, query, body: &sent.body };
    let (digest, signature) = (header(sent, "content-digest"), header(sent, "signature"));
    request::verify(&request, &parameters, digest, signature, key).unwrap();
}

/// A relay in memory, with one mailbox.
pub(crate) struct Relay {
    head: ChainHead,
    pub(crate) letters: Vec<Letter>,
    /// Sealed files.
    pub(crate) blobs: BTreeMap<BlobId, Vec<u8>>,
    pub(crate) objects: BTreeMap<[u8; 16], ArchiveObject>,
    pub(crate) changes: Vec<ArchiveEntry>,
    pub(crate) at_once: usize,
    pub(crate) time: u64,
}

impl Relay {
    pub(crate) fn new() -> Self {
        Self {
            head: ChainHead::start(MailboxId::from(MAILBOX)),
            letters: Vec::new(),
            blobs: BTreeMap::new(),
            objects: BTreeMap::new(),
            changes: Vec::new(),
            at_once: 100,
            time: NOW,
        }
    }

    pub(crate) fn deposit(&mut self, envelope: Vec<u8>) {
        self.deposit_with(envelope, &[]);
    }

    /// A deposit with the blobs that its sender listed.
    pub(crate) fn deposit_with(&mut self, envelope: Vec<u8>, blobs: &[BlobId]) {
        let digest = Bytes32(envelope_digest(&envelope));
        let sequence = self.letters.len() as u64 + 1;
        let deposit = Deposit { sequence, time: self.time, digest, blobs: blobs.to_vec() };
        self.head = self.head.after(MailboxId::from(MAILBOX), &deposit);
        let receipt = Receipt {
            version: Version,
            suite: Suite,
            permit: PermitId::from([8; 16]),
            digest,
            blobs: blobs.to_vec(),
            time: self.time,
            head: self.head,
        };
        self.letters.push(Letter {
            deposit: deposit.to_bytes().into(),
            envelope: Some(envelope.into()),
            receipt: SignedReceipt::sign(&receipt, &relay_key()).to_bytes().into(),
        });
    }

    /// The answer to a device's request for a blob: the octets from the offset to the end.
    pub(crate) fn blob(&self, device: &VerifyingKey, sent: &HttpRequest) -> &[u8] {
        verify(device, sent);
        assert_eq!((sent.method, sent.body.len()), ("GET", 0));
        let target = sent.url.strip_prefix(RELAY).unwrap().strip_prefix("/v1/mailbox/blobs/").unwrap();
        let (id, offset) = target.split_once("?offset=").unwrap();
        let id = BlobId::from(hex::decode(id).unwrap());
        &self.blobs[&id][offset.parse::<usize>().unwrap()..]
    }

    pub(crate) fn page(&self, after: u64) -> LetterPage {
        let after = usize::try_from(after).unwrap();
        LetterPage {
            letters: self.letters.iter().skip(after).take(self.at_once).cloned().collect(),
            last: self.letters.len() as u64,
            head: Octets32(*self.head.as_bytes()),
        }
    }

    pub(crate) fn file(&mut self, filing: &Filing) {
        let put: ArchivePut = minicbor::decode(filing.content()).unwrap();
        assert_eq!((put.counter, put.expected_counter), (1, 0));
        let length = put.object.0.len() as u64;
        for sequence in &put.acknowledge {
            self.letters[usize::try_from(*sequence).unwrap() - 1].envelope = None;
        }
        let change = self.changes.len() as u64 + 1;
        self.changes.push(ArchiveEntry { change, id: put.id, counter: put.counter, length });
        let object = ArchiveObject { id: put.id, counter: put.counter, object: put.object };
        self.objects.insert(put.id.0, object);
    }

    pub(crate) fn archive_page(&self, after: u64) -> ArchivePage {
        let objects = self.changes.iter().filter(|entry| entry.change > after).take(self.at_once);
        ArchivePage {
            objects: objects.copied().collect(),
            last: self.changes.last().map_or(0, |entry| entry.change),
        }
    }
}
