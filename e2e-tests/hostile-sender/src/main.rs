//! A registered public body whose software checks nothing, for journeys.
//!
//! It has a key that the registry lists, as somebody has who stole it. It looks a person up, and signs
//! and seals whatever it is given, without a check of the SDK or of the protocol's own code before: the
//! reader's device has to keep off by itself what must not be shown. No part of a release.

#![forbid(unsafe_code)]

mod draft;
mod failure;
mod network;
mod post;
mod seal;
mod system;

use std::{io, path::PathBuf, process::ExitCode};

use clap::Parser;
use crypto_core::person::Attributes;
use sender_sdk::KeysFile;

use crate::{draft::Draft, failure::Failure, post::Post};

/// Send the letters of a JSON list on standard input, in their order.
#[derive(Parser)]
#[command(name = "letterbox-hostile-sender", version)]
struct Options {
    /// The keys file of the public body.
    #[arg(long, value_name = "FILE")]
    keys: PathBuf,
    /// The reader's given name.
    #[arg(long, value_name = "NAME")]
    to_given_name: String,
    /// The reader's family name.
    #[arg(long, value_name = "NAME")]
    to_family_name: String,
    /// The day on which the reader was born, such as 1985-03-14.
    #[arg(long, value_name = "DATE")]
    born: String,
    /// The reader's postcode.
    #[arg(long)]
    postcode: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program says what came of it")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(sent) => {
            println!("{sent}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("letterbox-hostile-sender: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<usize, Failure> {
    let Options { keys, to_given_name, to_family_name, born, postcode } = options;
    let drafts: Vec<Draft> = serde_json::from_reader(io::stdin().lock())?;
    let person = Attributes::new(to_given_name, to_family_name, born, postcode.as_deref())?;
    let post = Post::open(KeysFile::read(keys)?).await?;
    let sent = drafts.len();
    for draft in drafts {
        post.send(&person, draft).await?;
    }
    Ok(sent)
}
