//! Opens a mailbox with a passphrase as the vault does, and locks it again, so that a test can look from
//! outside at what its memory holds before and after. Nothing else may write into its memory what is looked
//! for: the keys and the letter come from a sealed file, passphrase and recovery code from the input, and
//! nothing is printed.

#![forbid(unsafe_code)]

use std::{
    alloc::System,
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _},
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    process::ExitCode,
    rc::Rc,
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use clap::{Parser, Subcommand};
use client_mailbox::{
    enrolment::Enrolled,
    inbox::{Inbox, InboxError, Reader, ViewError},
    keys::DeviceKeys,
    local::{self, LocalError, Record, names},
    registry::{Registry, RegistryError},
};
use crypto_core::{
    passphrase::{Cost, PassphraseError, Use, WrappedSecret},
    recovery::{CodeError, RecoveryCode},
    trust::{SignedTrust, TrustError},
};
use getrandom::{SysRng, rand_core::UnwrapErr};
use relay_auth::{
    cbor::{DecodeError, Wire as _, encode},
    secret::Secret,
};
use serde_json::json;
use zeroize::Zeroizing;
use zeroizing_alloc::ZeroAlloc;

/// The same as the vault's.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// What lies open beside the sealed records.
const TRUST: &str = "trust";
const VAULT: &str = "vault";

/// Records by their names.
type Records = BTreeMap<String, Vec<u8>>;

/// Why there is nothing to look at.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot read or write: {0}")]
    File(#[from] io::Error),
    #[error("the file is no state of a device: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the state has no {0}")]
    Missing(String),
    #[error("the system gives no random bytes: {0}")]
    NoRandomness(getrandom::Error),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error(transparent)]
    Code(#[from] CodeError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Inbox(#[from] InboxError),
    #[error(transparent)]
    View(#[from] ViewError),
}

/// Open a mailbox and lock it, for a test that looks at this program's memory.
#[derive(Parser)]
#[command(name = "letterbox-memory", version)]
struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Seal the state of `letterbox-device` under the passphrase that is typed. Prints the keys, and a
    /// recovery code of no mailbox.
    Seal {
        /// The state.
        state: PathBuf,
        /// The file to write.
        sealed: PathBuf,
    },
    /// Open it with the passphrase that is typed, read the recovery code that is typed after it, and lock.
    /// Says where it is and waits for a line each time.
    Open {
        /// The sealed file.
        sealed: PathBuf,
    },
}

#[expect(clippy::print_stderr, reason = "a command line program says what went wrong")]
fn main() -> ExitCode {
    let done = match Options::parse().action {
        Action::Seal { state, sealed } => seal(&state, &sealed),
        Action::Open { sealed } => open(&sealed),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("letterbox-memory: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn open(sealed: &Path) -> Result<(), Failure> {
    let stored = read(sealed)?;
    let mut input = input()?;
    let passphrase = line(&mut input)?;
    let code = line(&mut input)?;
    say(&json!({ "at": "typed" }));
    line(&mut input)?;
    // As the vault has it. In a box of its own: to write `None` over the keys themselves may copy there
    // what the stack still has of them.
    let place = Rc::new(RefCell::new(Some(Box::new((unlock(&stored, &passphrase)?, recover(&code)?)))));
    drop((passphrase, code));
    say(&json!({ "at": "open" }));
    line(&mut input)?;
    forget(&place);
    say(&json!({ "at": "locked" }));
    line(&mut input)?;
    drop(place);
    Ok(())
}

/// As the vault locks.
#[inline(never)]
fn forget<T>(place: &RefCell<Option<T>>) {
    *place.borrow_mut() = None;
}

/// What a recovery code leads to, as the vault holds it while a recovery is unfinished.
fn recover(typed: &str) -> Result<impl Sized + use<>, Failure> {
    let code = RecoveryCode::parse(typed)?;
    let keys = code.keys()?;
    Ok((code, keys))
}

/// Everything that the vault holds of an open mailbox, and a letter as the page shows it.
fn unlock(stored: &Records, passphrase: &str) -> Result<impl Sized + use<>, Failure> {
    let wrapped = WrappedSecret::from_bytes(part(stored, VAULT)?)?;
    let vault_key = wrapped.unwrap(Use::Vault, passphrase, None)?;
    let signed = SignedTrust::from_json(part(stored, TRUST)?)?;
    let trust = signed.verify(&signed.signer()?)?;
    let unsealed = |name: &str| -> Result<Zeroizing<Vec<u8>>, Failure> {
        Ok(local::open(name, part(stored, name)?, &vault_key)?)
    };
    let keys = DeviceKeys::open(part(stored, names::KEYS)?, &vault_key)?;
    let enrolled = Enrolled::from_bytes(&unsealed(names::ENROLLED)?)?;
    let registry = Registry::from_record(&unsealed(names::REGISTRY)?, &trust)?;
    let mut records = Vec::new();
    for name in stored.keys().filter(|name| is_of_inbox(name)) {
        records.push(Record { name: name.clone(), content: unsealed(name)?.to_vec().into() });
    }
    let inbox = Inbox::load(&enrolled, &records)?;
    let missing = || Failure::Missing("letter".to_owned());
    let summaries = inbox.summaries(&registry);
    let id = summaries.first().and_then(|summary| inbox.find(&summary.id)).ok_or_else(missing)?;
    let record = unsealed(&names::letter(&id))?;
    let view = inbox.view(&id, &record, &Reader { keys: &keys, trust: &trust, registry: &registry })?;
    Ok((vault_key, keys, enrolled, registry, inbox, view))
}

fn is_of_inbox(name: &str) -> bool {
    name == names::INBOX || name.starts_with(names::SUMMARY) || name.starts_with(names::FILING)
}

fn seal(state: &Path, sealed: &Path) -> Result<(), Failure> {
    let stored = read(state)?;
    let passphrase = line(&mut input()?)?;
    let keys = DeviceKeys::from_bytes(part(&stored, names::KEYS)?)?;
    let mut rng = UnwrapErr(SysRng);
    let vault_key = Secret::generate(&mut rng);
    let mut kept = Records::new();
    for (name, content) in &stored {
        let lies_open = name == TRUST;
        let content =
            if lies_open { content.clone() } else { local::seal(name, content, &vault_key, &mut rng)? };
        kept.insert(name.clone(), content);
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(Failure::NoRandomness)?;
    let wrapped =
        WrappedSecret::wrap(&vault_key, Use::Vault, &passphrase, Cost::FLOOR, salt, None, &mut rng)?;
    kept.insert(VAULT.to_owned(), wrapped.to_bytes());
    write(sealed, &kept)?;
    let inbox = keys.inbox_keys();
    let newest = inbox.first().ok_or_else(|| Failure::Missing("inbox key".to_owned()))?;
    let code = RecoveryCode::generate(&mut rng);
    let of_code = code.keys()?;
    let text = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    let seed = |secret: &Secret| text(secret.expose());
    say(&json!({
        "recovery_code": code.groups().join(" "),
        "keys": {
            "vault key": seed(&vault_key),
            "archive root": seed(keys.archive_root()),
            "inbox key": seed(newest.seed()),
            "identity key": seed(&keys.identity().to_seed()),
            "device key": seed(&keys.device().to_seed()),
            "request key": seed(&keys.request().to_seed()),
            "access key": seed(&keys.access().to_seed()),
            "next access key": seed(&keys.next_access().to_seed()),
            // A byte string has one byte before its 20.
            "recovery code in bytes": text(&encode(&code)[1..]),
            "sealing key of the code": seed(of_code.seal().seed()),
            "request key of the code": seed(&of_code.request().to_seed()),
        },
    }));
    Ok(())
}

fn part<'a>(stored: &'a Records, name: &str) -> Result<&'a [u8], Failure> {
    stored.get(name).map(Vec::as_slice).ok_or_else(|| Failure::Missing(name.to_owned()))
}

fn read(file: &Path) -> Result<Records, Failure> {
    let texts: BTreeMap<String, String> = serde_json::from_slice(&fs::read(file)?)?;
    let mut records = Records::new();
    for (name, text) in texts {
        let content = Base64UrlUnpadded::decode_vec(&text).map_err(|_| Failure::Missing(name.clone()))?;
        records.insert(name, content);
    }
    Ok(records)
}

fn write(file: &Path, records: &Records) -> Result<(), Failure> {
    let encoded = |content: &Vec<u8>| Base64UrlUnpadded::encode_string(content);
    let texts: BTreeMap<&String, String> =
        records.iter().map(|(name, content)| (name, encoded(content))).collect();
    Ok(fs::write(file, serde_json::to_vec(&texts)?)?)
}

/// The input without the standard library's buffer, which nobody wipes.
fn input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// The next line of the input, which is ASCII.
fn line(input: &mut File) -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(256));
    let mut byte = [0];
    while input.read(&mut byte)? == 1 && byte != *b"\n" {
        line.push(char::from(byte[0]));
    }
    Ok(line)
}

#[expect(clippy::print_stdout, reason = "who started the program waits for this line")]
fn say(what: &serde_json::Value) {
    println!("{what}");
}
