//! `trust`: the file that names everything that is trusted before anything is asked (`LBX-TRUST-1`).

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand};
use crypto_core::trust::{
    DirectoryTrust, ProviderTrust, RelayTrust, SignedTrust, TrustFile, WitnessTrust, key_text, parse_key,
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
    /// Make the trust file from this directory's settings and ScotAccount's present keys, and sign it.
    Make(Make),
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
    /// The file of the deployment's key (`keys new deployment`).
    #[arg(long)]
    deployment_key: PathBuf,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

/// Does what `trust` is asked to.
///
/// # Errors
/// See [`CommandError`].
pub async fn run(Trust::Make(make): &Trust, config: &Config) -> Result<(), CommandError> {
    if !is_confidential(&make.authorize_url) {
        let problem = "--authorize-url is not an https address (http is taken for this machine alone)";
        return Err(CommandError::Usage(problem.to_owned()));
    }
    let deployment = SigningKey::from_seed(&keys::read(&make.deployment_key)?);
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
    let signed = SignedTrust::sign(&file, &deployment)?;
    // As every reader will read it.
    let text = signed.to_json();
    SignedTrust::from_json(text.as_bytes())?.verify(&deployment.verifying_key())?;
    let writing = |cause| CommandError::File { action: "write", file: make.out.clone(), cause };
    fs::write(&make.out, format!("{text}\n")).map_err(writing)?;
    say(&format!("signed by {}", key_text(&deployment.verifying_key())))
}

fn witness(text: &str) -> Result<(String, String), String> {
    let (name, key) = text.split_once('=').ok_or("write it as NAME=KEY")?;
    parse_key(key, "key of a witness").map_err(|_| "the part after the equals sign is no public key")?;
    Ok((name.to_owned(), key.to_owned()))
}
