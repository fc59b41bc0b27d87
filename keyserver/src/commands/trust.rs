//! `trust`: the file that names everything that is trusted before anything is asked (`LBX-TRUST-1`).

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use crypto_core::trust::{
    DirectoryTrust, LONGEST_TRUST, ProviderTrust, RelayTrust, SignedTrust, TrustError, TrustFile,
    WitnessTrust, key_text, parse_key,
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
    /// Where the directory answers, from outside.
    #[arg(long, value_parser = origin)]
    directory_url: String,
    /// Where the relay answers, from outside.
    #[arg(long, value_parser = origin)]
    relay_url: String,
    /// The public half of the relay's receipt key (`letterbox-server keys public FILE`).
    #[arg(long, allow_hyphen_values = true)]
    relay_receipt_key: String,
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
    let directory = config.directory_keys()?;
    let provider = Provider::new(config.provider_settings()?, Transport::new()?);
    let (provider_keys, attribute_keys) = provider.key_sets().await?;
    let file = TrustFile {
        issued: Clock::system().now(),
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
        relay: RelayTrust { url: make.relay_url.clone(), receipt_key: make.relay_receipt_key.clone() },
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
    match &make.deployment_key {
        Some(key) => write_signed(&file, key, &make.out),
        None => write(&make.out, &serde_json::to_string_pretty(&file).unwrap_or_default()),
    }
}

/// Signs a trust file that was made elsewhere.
///
/// # Errors
/// See [`CommandError`].
pub fn sign(sign: &Sign) -> Result<(), CommandError> {
    let reading = |cause| CommandError::File { action: "read", file: sign.file.clone(), cause };
    let mut text = String::new();
    let opened = fs::File::open(&sign.file).map_err(reading)?;
    opened.take(LONGEST_TRUST as u64).read_to_string(&mut text).map_err(reading)?;
    let file: TrustFile = serde_json::from_str(&text).map_err(|_| TrustError::Malformed)?;
    say(text.trim_end())?;
    write_signed(&file, &sign.deployment_key, &sign.out)
}

fn write_signed(file: &TrustFile, key: &Path, out: &Path) -> Result<(), CommandError> {
    let deployment = SigningKey::from_seed(&keys::read(key)?);
    let text = SignedTrust::sign(file, &deployment)?.to_json();
    // As every reader will read it.
    SignedTrust::from_json(text.as_bytes())?.verify(&deployment.verifying_key())?;
    write(out, &text)?;
    say(&format!("signed by {}", key_text(&deployment.verifying_key())))
}

fn write(out: &Path, text: &str) -> Result<(), CommandError> {
    let writing = |cause| CommandError::File { action: "write", file: out.to_owned(), cause };
    fs::write(out, format!("{text}\n")).map_err(writing)
}

fn witness(text: &str) -> Result<(String, String), String> {
    let (name, key) = text.split_once('=').ok_or("write it as NAME=KEY")?;
    parse_key(key, "key of a witness").map_err(|_| "the part after the equals sign is no public key")?;
    Ok((name.to_owned(), key.to_owned()))
}
