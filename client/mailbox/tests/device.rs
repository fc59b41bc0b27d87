//! A device with an inbox and a disk.

use std::{collections::BTreeMap, ops::Range};

use api::{archive::ArchiveObject, letters::LetterPage};
use client_mailbox::{
    enrolment::Enrolled,
    inbox::{AgainPass, Alarm, ArchiveLie, Inbox, Reader, Received, RelayLie},
    local::{Record, Writes},
    registry::Registry,
};
use crypto_core::{
    citizen::DirectoryId,
    envelope::Envelope,
    letter::{Letter, LetterId},
};
use relay_auth::{
    cbor::{Bytes32, Suite, Version, Wire as _},
    signing::SigningKey,
};

use crate::{
    fake_relay::Relay,
    journey::Journey,
    world::{
        NOW, Statement, TestRng, approve, body_entry, body_key, letter, letter_id, sealed_content, signed,
    },
};

/// What an honest relay gives cause for.
pub(crate) const NO_ALARM: [Alarm; 0] = [];

/// A device with an inbox, its disk, and a relay.
pub(crate) struct Device {
    pub(crate) journey: Journey,
    pub(crate) enrolled: Enrolled,
    pub(crate) registry: Registry,
    pub(crate) inbox: Inbox,
    pub(crate) disk: BTreeMap<String, Record>,
    pub(crate) rng: TestRng,
}

impl Device {
    pub(crate) fn new() -> Self {
        let (mut journey, enrolled) = Journey::enrolled();
        let registry = journey.registry();
        let inbox = Inbox::new(&enrolled);
        Self { journey, enrolled, registry, inbox, disk: BTreeMap::new(), rng: TestRng(7) }
    }

    pub(crate) fn id(&self) -> DirectoryId {
        self.enrolled.directory_id()
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { keys: &self.journey.keys, trust: &self.journey.trust, registry: &self.registry }
    }

    pub(crate) fn store(&mut self, writes: &Writes) {
        for name in &writes.remove {
            self.disk.remove(name);
        }
        for record in &writes.put {
            self.disk.insert(record.name.clone(), record.clone());
        }
    }

    pub(crate) fn list(&mut self, page: &LetterPage) -> Result<Received, RelayLie> {
        let reader =
            Reader { keys: &self.journey.keys, trust: &self.journey.trust, registry: &self.registry };
        let received = self.inbox.listed(page, &reader, &mut self.rng)?;
        self.store(&received.writes);
        Ok(received)
    }

    /// Tries one letter again.
    pub(crate) fn again(&mut self, sequence: u64, page: &LetterPage) -> Result<Received, RelayLie> {
        self.again_of(&mut AgainPass::of(&[sequence]), page)
    }

    pub(crate) fn again_of(&mut self, pass: &mut AgainPass, page: &LetterPage) -> Result<Received, RelayLie> {
        let reader =
            Reader { keys: &self.journey.keys, trust: &self.journey.trust, registry: &self.registry };
        let received = self.inbox.again(pass, page, &reader, &mut self.rng)?;
        self.store(&received.writes);
        Ok(received)
    }

    pub(crate) fn fetch(&mut self, object: &ArchiveObject) -> Result<Received, ArchiveLie> {
        let reader =
            Reader { keys: &self.journey.keys, trust: &self.journey.trust, registry: &self.registry };
        let received = self.inbox.archived(object, &reader)?;
        self.store(&received.writes);
        Ok(received)
    }

    /// Lists everything, files everything. Gives what was alarming.
    pub(crate) fn synchronise(&mut self, relay: &mut Relay) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        loop {
            let received = self.list(&relay.page(self.inbox.last())).unwrap();
            alarms.extend(received.alarms);
            if received.is_complete {
                break;
            }
        }
        for filing in self.inbox.filings().cloned().collect::<Vec<_>>() {
            relay.file(&filing);
            let writes = self.inbox.filed(filing.id());
            self.store(&writes);
        }
        alarms
    }

    /// Looks through the archive. Gives what was alarming.
    pub(crate) fn look_through(&mut self, relay: &Relay) -> Result<Vec<Alarm>, ArchiveLie> {
        let mut alarms = Vec::new();
        let mut pass = self.inbox.archive_pass();
        while !pass.is_complete() {
            for id in pass.listed(&self.inbox, &relay.archive_page(pass.after()))? {
                let object = relay.objects[id.as_bytes()].clone();
                alarms.extend(self.fetch(&object)?.alarms);
            }
        }
        let received = self.inbox.passed(pass);
        self.store(&received.writes);
        alarms.extend(received.alarms);
        Ok(alarms)
    }

    /// The page was closed and opened again.
    pub(crate) fn reload(&mut self) {
        let records: Vec<Record> = self.disk.values().cloned().collect();
        self.inbox = Inbox::load(&self.enrolled, &records).unwrap();
    }

    pub(crate) fn labels(&self) -> Vec<String> {
        self.inbox.summaries(&self.registry).into_iter().map(|summary| summary.label).collect()
    }

    /// A sealed letter with an id, signed by a key, as a statement that may be spoilt.
    pub(crate) fn sealed_as(
        &self,
        content: &Letter,
        signer: &SigningKey,
        spoil: impl FnOnce(&mut Statement<'_>),
    ) -> Vec<u8> {
        let inbox_key = &self.journey.keys.inbox_keys()[0];
        let mut statement = Statement {
            version: Version,
            suite: Suite,
            id: letter_id(),
            recipient: self.id(),
            inbox_key: inbox_key.public_key().id(),
            body: "example-council",
            body_entry: Bytes32(approve(&body_entry()).hash()),
            time: NOW,
            letter: content,
        };
        spoil(&mut statement);
        let content = sealed_content(&signed(&statement, signer));
        let recipient = self.id().into();
        Envelope::seal(&recipient, inbox_key.public_key(), &content, &mut TestRng(5)).unwrap().to_bytes()
    }

    /// An honest letter.
    pub(crate) fn sealed(&self, number: u8, label: &str) -> Vec<u8> {
        let content = Letter { label: label.to_owned(), ..letter() };
        self.sealed_as(&content, &body_key(), |statement| statement.id = LetterId::from([number; 16]))
    }
}

/// A device, and a relay with letters that are not listed yet.
pub(crate) fn with_letters(labels: &[&str]) -> (Device, Relay) {
    let device = Device::new();
    let mut relay = Relay::new();
    for (number, label) in (1..).zip(labels) {
        relay.deposit(device.sealed(number, label));
    }
    (device, relay)
}

/// Where a stored letter has the approvals of its sender's entry. The registry has them as well, and that is what
/// counts (`LBX-BODY-7`).
pub(crate) fn approvals_in(record: &[u8]) -> Range<usize> {
    let (entry, approved) = (body_entry().to_bytes(), approve(&body_entry()).to_bytes());
    let place = |bytes: &[u8]| bytes.windows(entry.len()).position(|part| part == entry).unwrap();
    let begin = place(record) + entry.len();
    begin..begin + approved.len() - place(&approved) - entry.len()
}
