//! A person's device without a browser, for journeys: the logic of the real one, on a real network.
//!
//! It signs in at the stand-in for ScotAccount by its forms, publishes and verifies its entry, opens
//! the mailbox or brings one back by its recovery code, waits for letters by the relay's event
//! stream, and saves their files. While a service is away it tries again, as a device does that
//! somebody keeps open. What it knows lies in a state file, if one is named, and a second run goes on
//! from there: **unsealed**, because nobody whom it serves lives.
//!
//! Anything that must not be — a lie, an alarm — ends it.

#![forbid(unsafe_code)]

mod disk;
mod enrol;
mod failure;
mod hold;
mod listen;
mod mailbox;
mod network;
mod person;
mod recover;
mod report;
mod save;
mod sync;
mod system;
mod trust;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    disk::Disk,
    failure::Failure,
    hold::{Hold, Step},
    mailbox::Mailbox,
    network::Network,
    person::Person,
};

/// Between two tries while a service is away.
const PAUSE: Duration = Duration::from_millis(100);

/// Be a person's device until the expected letters are there, then print all of them as JSON.
#[derive(Parser)]
#[command(name = "letterbox-device", version)]
struct Options {
    /// Whose device it is: the person's id at the stand-in for ScotAccount.
    #[arg(default_value = "paul")]
    person: String,
    /// Where the client is served: the trust file lies there.
    #[arg(long, env = "LETTERBOX_CLIENT_ORIGIN", value_name = "ORIGIN")]
    client: String,
    /// The file of what the device knows. Without one it is forgotten at the end.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Forget the letters first: the list is made anew from the relay and its archive.
    #[arg(long)]
    anew: bool,
    /// With a state that has nothing yet: bring the mailbox back to which this recovery code belongs.
    #[arg(long, value_name = "CODE")]
    recover: Option<String>,
    /// Say so and stand still at this step, before anything is stored of it, until the input ends.
    #[arg(long, value_name = "STEP")]
    hold: Option<Step>,
    /// Wait for a letter with this subject. May be given several times.
    #[arg(long, value_name = "SUBJECT")]
    expect: Vec<String>,
    /// Save the files of these letters in this folder, and say what each is.
    #[arg(long, value_name = "FOLDER", requires = "expect")]
    save: Option<PathBuf>,
    /// For how long, in seconds.
    #[arg(long, default_value_t = 30)]
    within: u64,
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program says what came of it")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("letterbox-device: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<Value, Failure> {
    let mut disk = Disk::open(options.state.clone())?;
    if options.anew {
        disk.forget_letters()?;
    }
    let patience = Duration::from_secs(options.within);
    timeout(patience, patiently(options, &mut disk)).await.map_err(|_| Failure::Late(patience))?
}

/// Goes on from what is known until it comes to an end.
#[expect(clippy::print_stderr, reason = "a test that fails wants to know what was tried")]
async fn patiently(options: &Options, disk: &mut Disk) -> Result<Value, Failure> {
    loop {
        match go_on(options, disk).await {
            Err(failure) if failure.is_temporary() => {
                eprintln!("letterbox-device: {}: {failure}; trying again", options.person);
                sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

async fn go_on(options: &Options, disk: &mut Disk) -> Result<Value, Failure> {
    let network = Network::new()?;
    let trust = trust::current(&network, &options.client, disk).await?;
    let hold = Hold(options.hold);
    let keys = recover::keys(&network, &trust, disk, options.recover.as_deref(), hold).await?;
    recover::say_code(&keys);
    enrol::finish(&network, &trust, &keys, disk, &mut Person::new(&network, &options.person), hold).await?;
    let mut mailbox = Mailbox::load(network, trust, keys, disk)?;
    mailbox.open(hold).await?;
    mailbox.synchronise().await?;
    if !mailbox.has(&options.expect) {
        mailbox.listen(&options.expect).await?;
    }
    let saved = match &options.save {
        Some(folder) => save::all(&mailbox, &options.expect, folder).await?,
        None => Vec::new(),
    };
    report::of(&mailbox, &saved)
}
