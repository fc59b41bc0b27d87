//! `body`: what two operators do to register, change, suspend and list public bodies.
//!
//! The entry is made by one of them, looked at and approved by both, and sent to the directory by
//! anybody. An entry travels between them as a file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use api::{
    Problem,
    directory::{RegisteredBody, Registry},
    media,
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use clap::{Args, Subcommand};
use crypto_core::{
    body::{APPROVALS, BodyEntry, BodyId, BodyKey, BodyStatus, SignedBodyEntry},
    trust::{key_text, parse_key},
};
use relay_auth::{
    cbor::{Limits, Suite, Version, Wire as _},
    hex,
    signing::{SigningKey, VerifyingKey},
};
use reqwest::Method;
use service::{body::decode, clock::Clock, keys};

use super::{CommandError, origin, say};
use crate::transport::{Outgoing, Transport};

/// The longest registry that is read.
const REGISTRY: Limits = Limits { bytes: 64 << 20, depth: 4, items: 1 << 20 };

/// The longest answer to an entry.
const REGISTERED: Limits = Limits { bytes: 16 << 20, depth: 2, items: 1 << 16 };

const DAY: u64 = 24 * 60 * 60;

/// `body`.
#[derive(Subcommand)]
pub enum Body {
    /// Register a body, or replace the entry of one that is registered.
    Add(Add),
    /// Approve an entry that somebody else made. Prints it first: read it.
    Approve(Approve),
    /// Send an entry that two operators approved to the directory.
    Submit(Submit),
    /// List the bodies of a directory. Proofs are not checked.
    List(List),
    /// Suspend a body: it may not look anybody up nor write any more.
    Suspend(Suspend),
}

/// `body add`.
#[derive(Args)]
pub struct Add {
    /// Where the directory answers.
    #[arg(long, value_parser = origin)]
    directory: String,
    /// The body's short name: 2 to 63 lower-case letters, digits and hyphens.
    #[arg(long)]
    id: String,
    /// The name that readers see.
    #[arg(long)]
    name: String,
    /// The name in Gaelic.
    #[arg(long)]
    name_gd: Option<String>,
    /// The body's domain, shown beside the name.
    #[arg(long)]
    domain: String,
    /// The public half of a key of the body. Once for each.
    #[arg(long = "key", required = true, allow_hyphen_values = true, value_parser = public_key)]
    keys: Vec<VerifyingKey>,
    /// For how many days the keys are valid, from now on.
    #[arg(long, default_value_t = 400)]
    days: u64,
    /// A host to which links in the body's letters may lead. Once for each.
    #[arg(long = "host")]
    hosts: Vec<String>,
    #[command(flatten)]
    approval: Approval,
}

/// By whom an entry is approved, and where it goes.
#[derive(Args)]
struct Approval {
    /// The file of an operator's key. Once for each; with two, the entry is sent at once.
    #[arg(long = "operator-key", value_name = "FILE")]
    operator_keys: Vec<PathBuf>,
    /// The file to write the entry to, for the next operator. Without it, it is sent to the directory.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// `body approve`.
#[derive(Args)]
pub struct Approve {
    /// The file with the entry; the approval is added to it.
    file: PathBuf,
    /// The file of the operator's key.
    #[arg(long = "operator-key", value_name = "KEY")]
    operator_key: PathBuf,
}

/// `body submit`.
#[derive(Args)]
pub struct Submit {
    /// The file with the entry.
    file: PathBuf,
    /// Where the directory answers.
    #[arg(long, value_parser = origin)]
    directory: String,
}

/// `body list`.
#[derive(Args)]
pub struct List {
    /// Where the directory answers.
    #[arg(long, value_parser = origin)]
    directory: String,
}

/// `body suspend`.
#[derive(Args)]
pub struct Suspend {
    /// The body's short name.
    id: String,
    /// Where the directory answers.
    #[arg(long, value_parser = origin)]
    directory: String,
    #[command(flatten)]
    approval: Approval,
}

/// Does what `body` is asked to.
///
/// # Errors
/// See [`CommandError`].
pub async fn run(command: &Body) -> Result<(), CommandError> {
    match command {
        Body::Add(add) => {
            let id = body_id(&add.id)?;
            let newest = newest(&add.directory, &id).await?;
            let now = Clock::system().now();
            let key = |key: &VerifyingKey| BodyKey {
                key: *key,
                not_before: now,
                not_after: now.saturating_add(add.days.saturating_mul(DAY)),
            };
            let entry = BodyEntry {
                version: Version,
                suite: Suite,
                id,
                status: BodyStatus::Active,
                previous: newest.as_ref().map(|newest| newest.hash().into()),
                name: add.name.clone(),
                name_in_gaelic: add.name_gd.clone(),
                domain: add.domain.clone(),
                keys: add.keys.iter().map(key).collect(),
                reply_key: None,
                hosts: add.hosts.clone(),
            };
            approve_and_send(entry, &add.approval, &add.directory).await
        }
        Body::Suspend(suspend) => {
            let newest = newest(&suspend.directory, &body_id(&suspend.id)?).await?;
            let newest = newest
                .ok_or_else(|| CommandError::Usage(format!("there is no public body {}", suspend.id)))?;
            let entry = newest.unverified().map_err(|error| CommandError::Malformed("the entry", error))?;
            let entry =
                BodyEntry { status: BodyStatus::Suspended, previous: Some(newest.hash().into()), ..entry };
            approve_and_send(entry, &suspend.approval, &suspend.directory).await
        }
        Body::Approve(approve) => {
            let signed = read(&approve.file)?;
            let entry = signed.unverified().map_err(|error| CommandError::Malformed("the entry", error))?;
            say(&in_words(&entry))?;
            write(&approve.file, &signed.approve(&operator(&approve.operator_key)?))
        }
        Body::Submit(submit) => send(&submit.directory, &read(&submit.file)?).await,
        Body::List(list) => {
            for body in registry(&list.directory).await?.bodies {
                let (newest, count) = newest_of(&body)?;
                let entry =
                    newest.unverified().map_err(|error| CommandError::Malformed("an entry", error))?;
                say(&format!("{}\n  {count} entries", in_words(&entry)))?;
            }
            Ok(())
        }
    }
}

async fn approve_and_send(
    entry: BodyEntry,
    approval: &Approval,
    directory: &str,
) -> Result<(), CommandError> {
    entry.validate().map_err(|error| CommandError::Malformed("the entry", error))?;
    let mut signed = SignedBodyEntry::new(&entry);
    for file in &approval.operator_keys {
        signed = signed.approve(&operator(file)?);
    }
    say(&in_words(&entry))?;
    match &approval.out {
        Some(out) => write(out, &signed),
        None if approval.operator_keys.len() < APPROVALS => Err(CommandError::Usage(format!(
            "{APPROVALS} operators approve an entry: give --operator-key {APPROVALS} times, or --out FILE for the other one to approve"
        ))),
        None => send(directory, &signed).await,
    }
}

async fn send(directory: &str, signed: &SignedBodyEntry) -> Result<(), CommandError> {
    let request = Outgoing {
        method: Method::POST,
        url: &format!("{directory}/v1/bodies"),
        headers: vec![("content-type", media::CBOR.to_owned())],
        body: signed.to_bytes(),
    };
    let answer = ask(request, REGISTERED.bytes).await?;
    let body: RegisteredBody =
        decode(&answer, REGISTERED).map_err(|error| CommandError::Malformed("the answer", error))?;
    say(&format!("the directory has {} entries of this public body", body.entries.len()))
}

/// The newest entry of a body; none if it is not registered. The directory is believed: at worst it
/// refuses what was made on its word.
async fn newest(directory: &str, id: &BodyId) -> Result<Option<SignedBodyEntry>, CommandError> {
    for body in registry(directory).await?.bodies {
        let (newest, _) = newest_of(&body)?;
        let entry = newest.unverified().map_err(|error| CommandError::Malformed("an entry", error))?;
        if entry.id == *id {
            return Ok(Some(newest));
        }
    }
    Ok(None)
}

fn newest_of(body: &RegisteredBody) -> Result<(SignedBodyEntry, usize), CommandError> {
    let newest = body.entries.last().map(|entry| entry.0.as_slice()).unwrap_or_default();
    let newest =
        SignedBodyEntry::from_bytes(newest).map_err(|error| CommandError::Malformed("an entry", error))?;
    Ok((newest, body.entries.len()))
}

async fn registry(directory: &str) -> Result<Registry, CommandError> {
    let url = &format!("{directory}/v1/registry");
    let request = Outgoing { method: Method::GET, url, headers: Vec::new(), body: Vec::new() };
    let answer = ask(request, REGISTRY.bytes).await?;
    decode(&answer, REGISTRY).map_err(|error| CommandError::Malformed("the registry", error))
}

async fn ask(request: Outgoing<'_>, most: usize) -> Result<Vec<u8>, CommandError> {
    let answer = Transport::new()?.send(request, most).await?;
    if answer.status == 200 {
        return Ok(answer.body);
    }
    let problem: Option<Problem> = serde_json::from_slice(&answer.body).ok();
    let problem = problem.map_or_else(|| format!("status {}", answer.status), |problem| problem.detail);
    Err(CommandError::Refused(problem))
}

/// An entry as an operator reads it before approving.
fn in_words(entry: &BodyEntry) -> String {
    let mut text = format!("{}: {} ({})", entry.id.as_str(), entry.name, entry.domain);
    if let Some(name) = &entry.name_in_gaelic {
        text.push_str(&format!("\n  in Gaelic: {name}"));
    }
    text.push_str(match entry.status {
        BodyStatus::Active => "\n  active",
        BodyStatus::Suspended => "\n  suspended",
    });
    match entry.previous {
        Some(previous) => {
            text.push_str(&format!(", replaces the entry {}", Base64UrlUnpadded::encode_string(&previous.0)))
        }
        None => text.push_str(", first entry"),
    }
    match &entry.reply_key {
        Some(key) => {
            text.push_str(&format!("\n  answers are sealed to the key {}", hex::encode(key.id().as_bytes())))
        }
        None => text.push_str("\n  takes no answers"),
    }
    for key in &entry.keys {
        let BodyKey { key, not_before, not_after } = key;
        text.push_str(&format!("\n  key {} from {not_before} to {not_after} (Unix time)", key_text(key)));
    }
    for host in &entry.hosts {
        text.push_str(&format!("\n  may link to {host}"));
    }
    text
}

fn body_id(text: &str) -> Result<BodyId, CommandError> {
    BodyId::new(text).map_err(|error| CommandError::Malformed("the id", error))
}

fn operator(file: &Path) -> Result<SigningKey, CommandError> {
    Ok(SigningKey::from_seed(&keys::read(file)?))
}

fn public_key(text: &str) -> Result<VerifyingKey, String> {
    parse_key(text, "key of the body").map_err(|_| "this is no public key of 43 characters".to_owned())
}

fn read(file: &Path) -> Result<SignedBodyEntry, CommandError> {
    let reading = |cause| CommandError::File { action: "read", file: file.to_owned(), cause };
    let bytes = fs::read(file).map_err(reading)?;
    SignedBodyEntry::from_bytes(&bytes).map_err(|error| CommandError::Malformed("the entry", error))
}

fn write(file: &Path, signed: &SignedBodyEntry) -> Result<(), CommandError> {
    let writing = |cause| CommandError::File { action: "write", file: file.to_owned(), cause };
    fs::write(file, signed.to_bytes()).map_err(writing)
}
