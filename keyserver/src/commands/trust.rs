//! `trust`: the file that names everything that is trusted before anything is asked (`LBX-TRUST-1`).

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use crypto_core::trust::{
    DirectoryTrust, LONGEST_TRUST, ProviderTrust, RelayTrust, SignedTrust, TrustError, TrustFile,
    WitnessTrust, former_receipt_key, key_text, parse_key,
};
use relay_auth::signing::SigningKey;
use service::{clock::Clock, keys};

use super::{CommandError, origin, say};
use crate::{
    config::Config,
    sign_ins::provider::Provider,
    transport::{Transport, is_confidential},
};

/// `trust`.
#[derive(Subcommand)]
pub enum Trust {
    /// Make the trust file from this directory's settings and ScotAccount's present keys. With the
    /// deployment's key it is signed at once; without it, `trust sign` does that elsewhere.
    Make(Make),
    /// Sign a trust file on the machine where the deployment's key is: without settings, without network.
    Sign(Sign),
}

/// `trust sign`.
#[derive(Args)]
pub struct Sign {
    /// The file that `trust make` wrote. It is printed: read it before you hand the signed one on.
    file: PathBuf,
    /// The signed trust file in force. One that forgets a receipt key of it is not signed.
    #[arg(long)]
    previous: Option<PathBuf>,
    /// The file of the deployment's key (`keys new deployment`).
    #[arg(long)]
    deployment_key: PathBuf,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

/// `trust make`.
#[derive(Args)]
pub struct Make {
    /// The signed trust file in force. Receipt keys that were replaced are carried over from it: without
    /// them nobody could verify the letters of their time.
    #[arg(long)]
    previous: Option<PathBuf>,
    /// There is no trust file yet.
    #[arg(long, conflicts_with = "previous")]
    first: bool,
    /// Where the directory answers, from outside.
    #[arg(long, value_parser = origin)]
    directory_url: String,
    /// Where the relay answers, from outside.
    #[arg(long, value_parser = origin)]
    relay_url: String,
    /// The public half of the relay's receipt key (`letterbox-server keys public FILE`).
    #[arg(long, allow_hyphen_values = true)]
    relay_receipt_key: String,
    /// The second (Unix time) from which a new receipt key is in force; without it, the next one. Then
    /// no reader is to be left that has not got this file.
    #[arg(long, value_name = "SECOND")]
    receipt_key_from: Option<u64>,
    /// The former receipt key is lost: the new one signs for what was stored before as well.
    #[arg(long)]
    receipt_key_lost: bool,
    /// Where people sign in with ScotAccount.
    #[arg(long)]
    authorize_url: String,
    /// A witness of the log: the name of its key, an equals sign, its public key. Once for each.
    #[arg(long = "witness", value_name = "NAME=KEY", value_parser = witness)]
    witnesses: Vec<(String, String)>,
    /// How many witnesses have to confirm a head.
    #[arg(long, default_value_t = 0)]
    quorum: usize,
    /// The file of the deployment's key (`keys new deployment`), for development. A deployment keeps it
    /// elsewhere and signs with `trust sign`.
    #[arg(long)]
    deployment_key: Option<PathBuf>,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

/// Makes a trust file.
///
/// # Errors
/// See [`CommandError`].
pub async fn make(make: &Make, config: &Config) -> Result<(), CommandError> {
    if !is_confidential(&make.authorize_url) {
        let problem = "--authorize-url is not an https address (http is taken for this machine alone)";
        return Err(CommandError::Usage(problem.to_owned()));
    }
    let now = Clock::system().now();
    let previous = previous(make, now)?;
    let relay = relay(make, previous.as_ref(), now)?;
    let directory = config.directory_keys()?;
    let provider = Provider::new(config.provider_settings()?, Transport::new()?);
    let (provider_keys, attribute_keys) = provider.key_sets().await?;
    let file = TrustFile {
        version: relay.version(),
        issued: now,
        directory: DirectoryTrust {
            url: make.directory_url.clone(),
            log_key: key_text(&directory.log.verifying_key()),
            // The VRF's key pair is an Ed25519 one (RFC 9381 §5.5).
            vrf_key: keys::public_text(&directory.vrf),
            log_origin: directory.origin,
            operators: config.operators()?.iter().map(key_text).collect(),
        },
        witnesses: make
            .witnesses
            .iter()
            .map(|(name, key)| WitnessTrust { name: name.clone(), key: key.clone() })
            .collect(),
        quorum: make.quorum,
        relay,
        provider: ProviderTrust {
            issuer: config.provider.issuer.clone(),
            attribute_issuer: config.provider.attribute_issuer.clone(),
            authorize_url: make.authorize_url.clone(),
            client_id: config.provider.client_id.clone(),
            redirect_uri: config.provider.redirect_uri.clone(),
            keys: provider_keys,
            attribute_keys,
        },
    };
    if let Some(previous) = &previous {
        continues(previous, &file)?;
    }
    match &make.deployment_key {
        Some(key) => write_signed(&file, &SigningKey::from_seed(&keys::read(key)?), &make.out)?,
        None => write(&make.out, &serde_json::to_string_pretty(&file).unwrap_or_default())?,
    }
    // Whoever sets the relay by this has the file that goes with it.
    match settings(previous.as_ref(), &file.relay) {
        Some(settings) => say(&settings),
        None => Ok(()),
    }
}

/// Signs a trust file that was made elsewhere.
///
/// # Errors
/// See [`CommandError`].
pub fn sign(sign: &Sign) -> Result<(), CommandError> {
    let text = read(&sign.file)?;
    let file: TrustFile = serde_json::from_str(&text).map_err(|_| TrustError::Malformed)?;
    let deployment = SigningKey::from_seed(&keys::read(&sign.deployment_key)?);
    if let Some(previous) = &sign.previous {
        let previous = SignedTrust::from_json(read(previous)?.as_bytes())?;
        continues(previous.verify(&deployment.verifying_key())?.file(), &file)?;
    }
    say(text.trim_end())?;
    write_signed(&file, &deployment, &sign.out)
}

/// The trust file in force. Who signed it is looked at by whoever signs the next one, and reads it.
fn previous(make: &Make, now: u64) -> Result<Option<TrustFile>, CommandError> {
    let usage = |problem: &str| Err(CommandError::Usage(problem.to_owned()));
    let Some(file) = &make.previous else {
        if make.first {
            return Ok(None);
        }
        return usage(
            "name the signed trust file in force by --previous FILE, or say --first where there is none",
        );
    };
    let signed = SignedTrust::from_json(read(file)?.as_bytes())?;
    let previous = signed.verify(&signed.signer()?)?.file().clone();
    if previous.issued > now {
        // LBX-TRUST-2
        return usage(
            "the previous trust file is of a later time than now, and no reader goes back: set this machine's clock",
        );
    }
    Ok(Some(previous))
}

/// The relay with its receipt keys, those that were replaced among them (`LBX-TRUST-3`).
fn relay(make: &Make, previous: Option<&TrustFile>, now: u64) -> Result<RelayTrust, CommandError> {
    let usage = |problem: &str| CommandError::Usage(problem.to_owned());
    let key = parse_key(&make.relay_receipt_key, "receipt key")?;
    let mut relay = RelayTrust::new(make.relay_url.clone(), &key);
    let before = previous.map(|previous| &previous.relay);
    // Such a text begins with the key, and every key is as long as any other.
    let is_it = |former: &String| former.starts_with(&relay.receipt_key);
    if before.is_some_and(|before| before.former_receipt_keys.iter().any(is_it)) {
        return Err(usage(
            "this is a former receipt key of the relay, and none comes back: make a new one with `letterbox-server keys new receipt FILE`",
        ));
    }
    let replaced = before.filter(|before| before.receipt_key != relay.receipt_key);
    if replaced.is_none() && (make.receipt_key_from.is_some() || make.receipt_key_lost) {
        return Err(usage("no receipt key is replaced: leave --receipt-key-from and --receipt-key-lost out"));
    }
    let Some(before) = before else { return Ok(relay) };
    relay.former_receipt_keys.clone_from(&before.former_receipt_keys);
    relay.receipt_key_not_before = before.receipt_key_not_before;
    let Some(before) = replaced else { return Ok(relay) };
    // What the former key has signed by now has to stay valid.
    let from = make.receipt_key_from.unwrap_or(now.saturating_add(1));
    if from <= now || from <= before.receipt_key_not_before {
        return Err(usage(
            "--receipt-key-from has to lie ahead, and after the second from which the former key is in force",
        ));
    }
    let former =
        former_receipt_key(&before.receipt_key, before.receipt_key_not_before, from.saturating_sub(1));
    relay.former_receipt_keys.push(former);
    relay.receipt_key_not_before = if make.receipt_key_lost { 0 } else { from };
    Ok(relay)
}

/// Refuses a trust file that takes something back that the one in force says of receipts (`LBX-TRUST-3`):
/// nobody could verify the letters of that time any more.
fn continues(previous: &TrustFile, file: &TrustFile) -> Result<(), CommandError> {
    let usage = |problem: &str| Err(CommandError::Usage(problem.to_owned()));
    if file.issued < previous.issued {
        // LBX-TRUST-2
        return usage(
            "the trust file is older than the previous one, and no reader goes back: make it again",
        );
    }
    let (before, now) = (&previous.relay, &file.relay);
    if !before.former_receipt_keys.iter().all(|former| now.former_receipt_keys.contains(former)) {
        return usage(
            "the trust file forgets a former receipt key of the previous one, or changes its seconds: make it again with --previous",
        );
    }
    let is_kept = if now.receipt_key == before.receipt_key {
        now.receipt_key_not_before == before.receipt_key_not_before
    } else {
        // Until the new key begins, without a gap and not before this file could be had.
        last_second(now, before)
            .is_some_and(|last| last >= file.issued && now.receipt_key_not_before <= last.saturating_add(1))
    };
    if is_kept {
        return Ok(());
    }
    usage(
        "the trust file forgets the receipt key of the previous one, or changes its seconds: make it again with --previous",
    )
}

/// The last second of the key that was in force `before`, as a former key.
fn last_second(now: &RelayTrust, before: &RelayTrust) -> Option<u64> {
    let start = format!("{} {} ", before.receipt_key, before.receipt_key_not_before);
    now.former_receipt_keys.iter().find_map(|former| former.strip_prefix(&start)?.parse().ok())
}

/// What the relay has to be set to, where its receipt key is replaced.
fn settings(previous: Option<&TrustFile>, now: &RelayTrust) -> Option<String> {
    let last = last_second(now, &previous?.relay)?;
    // Of a lost key there is nothing to be set.
    let former = if now.receipt_key_not_before == 0 {
        String::new()
    } else {
        format!(", and former_receipt_keys.{} the former one", last.saturating_add(1))
    };
    Some(format!("At the relay, receipt_key has to be the new key{former}."))
}

fn read(file: &Path) -> Result<String, CommandError> {
    let reading = |cause| CommandError::File { action: "read", file: file.to_owned(), cause };
    let mut text = String::new();
    let opened = File::open(file).map_err(reading)?;
    opened.take(LONGEST_TRUST as u64).read_to_string(&mut text).map_err(reading)?;
    Ok(text)
}

fn write_signed(file: &TrustFile, deployment: &SigningKey, out: &Path) -> Result<(), CommandError> {
    let text = SignedTrust::sign(file, deployment)?.to_json();
    // As every reader will read it.
    SignedTrust::from_json(text.as_bytes())?.verify(&deployment.verifying_key())?;
    write(out, &text)?;
    say(&format!("signed by {}", key_text(&deployment.verifying_key())))
}

/// Writes it whole or not at all: it may take the place of the previous one.
fn write(out: &Path, text: &str) -> Result<(), CommandError> {
    let writing = |cause| CommandError::File { action: "write", file: out.to_owned(), cause };
    durable(out, text).map_err(writing)
}

fn durable(out: &Path, text: &str) -> io::Result<()> {
    let mut fresh = out.as_os_str().to_owned();
    fresh.push(".new");
    let mut opened = File::create(&fresh)?;
    writeln!(opened, "{text}")?;
    opened.sync_all()?;
    fs::rename(&fresh, out)?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn witness(text: &str) -> Result<(String, String), String> {
    let (name, key) = text.split_once('=').ok_or("write it as NAME=KEY")?;
    parse_key(key, "key of a witness").map_err(|_| "the part after the equals sign is no public key")?;
    Ok((name.to_owned(), key.to_owned()))
}
