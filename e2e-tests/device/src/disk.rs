//! What the device knows: named records, in memory and, if a file is named, in it. The file is
//! replaced as a whole, so that it is never half of one state and half of another.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use client_mailbox::local::{Record, Writes, names};

use crate::failure::Failure;

/// The sign-in that is under way.
pub(crate) const ENROLMENT: &str = "enrolment";

/// The relay knows this device, and keeps the bundle of its recovery code.
pub(crate) const READY: &str = "ready";

/// The records.
pub(crate) struct Disk {
    file: Option<PathBuf>,
    records: BTreeMap<String, Vec<u8>>,
}

impl Disk {
    /// Reads the file, if it is there.
    pub(crate) fn open(file: Option<PathBuf>) -> Result<Self, Failure> {
        let mut records = BTreeMap::new();
        if let Some(path) = &file {
            let failed = |cause| Failure::State { file: path.clone(), cause };
            let texts: BTreeMap<String, String> = match fs::read(path) {
                Ok(json) => serde_json::from_slice(&json).map_err(|error| failed(error.into()))?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
                Err(error) => return Err(failed(error)),
            };
            for (name, text) in texts {
                let content = Base64UrlUnpadded::decode_vec(&text);
                let content = content.map_err(|_| failed(io::ErrorKind::InvalidData.into()))?;
                records.insert(name, content);
            }
        }
        Ok(Self { file, records })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.records.get(name).map(Vec::as_slice)
    }

    pub(crate) fn put(
        &mut self,
        records: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<(), Failure> {
        self.records.extend(records);
        self.store()
    }

    /// Does what the device's logic wants stored and removed.
    pub(crate) fn write(&mut self, writes: &Writes) -> Result<(), Failure> {
        for name in &writes.remove {
            self.records.remove(name);
        }
        let put = writes.put.iter().map(|record| (record.name.clone(), record.content.as_ref().to_vec()));
        self.records.extend(put);
        self.store()
    }

    /// Everything, as the inbox is loaded from it.
    pub(crate) fn records(&self) -> Vec<Record> {
        let record = |(name, content): (&String, &Vec<u8>)| Record {
            name: name.clone(),
            content: content.clone().into(),
        };
        self.records.iter().map(record).collect()
    }

    /// Keeps who the device is, and loses every letter and the registry.
    pub(crate) fn forget_letters(&mut self) -> Result<(), Failure> {
        let is_lost = |name: &str| {
            let kinds = [names::SUMMARY, names::LETTER, names::FILING];
            matches!(name, names::INBOX | names::REGISTRY) || kinds.iter().any(|kind| name.starts_with(kind))
        };
        self.records.retain(|name, _| !is_lost(name));
        self.store()
    }

    fn store(&self) -> Result<(), Failure> {
        let Some(file) = &self.file else { return Ok(()) };
        let texts: BTreeMap<&String, String> = self
            .records
            .iter()
            .map(|(name, content)| (name, Base64UrlUnpadded::encode_string(content)))
            .collect();
        let failed = |cause| Failure::State { file: file.clone(), cause };
        let json = serde_json::to_vec(&texts).map_err(|error| failed(error.into()))?;
        let fresh = file.with_extension("new");
        fs::write(&fresh, json).and_then(|()| fs::rename(&fresh, file)).map_err(failed)
    }
}
