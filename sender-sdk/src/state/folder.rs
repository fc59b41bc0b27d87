//! A state in a folder of its own: one file for each thing that is remembered.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use crypto_core::{
    directory::{LogKey, Pin},
    person::Attributes,
};
use relay_auth::{
    cbor::{Wire, encode},
    secret::Secret,
};

use super::{
    KnownRecipient, KnownTrust, State, StateError,
    sealed_file::{self, LARGEST, NEW},
};

const KEY: &str = "key";
const LOCK: &str = "lock";
const TRUST: &str = "trust";

/// A state in a folder that its owner alone can read.
///
/// Each file carries an authentication code under the folder's own key, so that damage is told apart
/// from a directory that lies. Files about people are named by a keyed hash of what was asked for:
/// their names tell nobody who was written to.
#[derive(Debug)]
pub struct FileState {
    folder: PathBuf,
    key: Secret,
    writing: Mutex<()>,
    // Unlocked by the operating system when it is closed, also by a crash.
    _lock: File,
}

impl FileState {
    /// Opens a folder, or makes it. One process at a time.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StateError> {
        let folder = folder.into();
        let failed = |action, cause| StateError::File { action, path: folder.clone(), cause };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|cause| failed("make the state folder", cause))?;
        let metadata = fs::metadata(&folder).map_err(|cause| failed("look at the state folder", cause))?;
        if metadata.mode() & 0o077 != 0 {
            return Err(StateError::Open(folder));
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(LOCK))
            .map_err(|cause| failed("lock the state folder", cause))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse(folder)),
            Err(TryLockError::Error(cause)) => return Err(failed("lock the state folder", cause)),
        }
        let key = key(&folder)?;
        Ok(Self { folder, key, writing: Mutex::new(()), _lock: lock })
    }

    fn read<T: Wire>(&self, name: &str) -> Result<Option<T>, StateError> {
        let path = self.folder.join(name);
        let Some(sealed) = read_file(&path)? else { return Ok(None) };
        let record =
            sealed_file::open(&self.key, name, &sealed).and_then(|record| T::from_bytes(&record).ok());
        record.map(Some).ok_or(StateError::Damaged(path))
    }

    fn write<T: Wire>(&self, name: &str, record: &T) -> Result<(), StateError> {
        // A panic of another writer leaves a file that is whole, old or new.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let sealed = sealed_file::seal(&self.key, name, &record.to_bytes());
        write_file(&self.folder, name, &sealed)
    }

    fn name_of_log(&self, log: &LogKey) -> String {
        let named = encode(&(log.origin.as_str(), log.key));
        format!("log-{}", sealed_file::name(&self.key, &named))
    }

    fn name_of_person(&self, person: &Attributes) -> String {
        format!("person-{}", sealed_file::name(&self.key, &person.directory_label()))
    }
}

impl State for FileState {
    fn trust(&self) -> Result<Option<KnownTrust>, StateError> {
        self.read(TRUST)
    }

    fn remember_trust(&self, trust: &KnownTrust) -> Result<(), StateError> {
        self.write(TRUST, trust)
    }

    fn pin(&self, log: &LogKey) -> Result<Option<Pin>, StateError> {
        self.read(&self.name_of_log(log))
    }

    fn remember_pin(&self, log: &LogKey, pin: &Pin) -> Result<(), StateError> {
        self.write(&self.name_of_log(log), pin)
    }

    fn recipient(&self, person: &Attributes) -> Result<Option<KnownRecipient>, StateError> {
        self.read(&self.name_of_person(person))
    }

    fn remember_recipient(&self, person: &Attributes, known: &KnownRecipient) -> Result<(), StateError> {
        self.write(&self.name_of_person(person), known)
    }
}

/// The folder's key: made once, in an empty folder. Without it nothing else in the folder is found, so
/// a folder that has files and no key is damaged.
fn key(folder: &Path) -> Result<Secret, StateError> {
    let path = folder.join(KEY);
    if let Some(bytes) = read_file(&path)? {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| StateError::Damaged(path))?;
        return Ok(Secret::from(bytes));
    }
    if has_records(folder).map_err(|cause| StateError::File { action: "list", path: folder.into(), cause })? {
        return Err(StateError::Damaged(path));
    }
    let mut key = Secret::from([0; Secret::LENGTH]);
    getrandom::fill(key.expose_mut()).map_err(StateError::NoRandomness)?;
    write_file(folder, KEY, key.expose())?;
    Ok(key)
}

fn has_records(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name != LOCK && !name.as_encoded_bytes().ends_with(NEW.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read_file(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    match sealed_file::read(path, LARGEST) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(StateError::File { action: "read", path: path.to_owned(), cause }),
    }
}

fn write_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StateError> {
    sealed_file::replace(folder, name, bytes).map_err(|cause| StateError::File {
        action: "write",
        path: folder.join(name),
        cause,
    })
}
