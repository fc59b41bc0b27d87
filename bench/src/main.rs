//! Measures Letterbox and writes a list of figures, each a ratio to a reference of the same run
//! (`docs/performance.md`): a number without one says more about the machine than about the program.
//!
//! To be built as a release. Nothing else should run meanwhile.

#![forbid(unsafe_code)]

mod bare_store;
mod deposits;
mod directory;
mod figures;
mod http;
mod letters;
mod people;
mod processor;
mod relay;
mod sample;

use std::{
    fs,
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;

use crate::people::World;

/// What keeps a figure from being taken.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measure Letterbox against references of the same run.
#[derive(Parser)]
#[command(name = "letterbox-bench")]
struct Arguments {
    /// How many people the directory has. Listing 100,000 takes some ten minutes, because the directory
    /// and its reference are filled in epochs of 64 labels.
    #[arg(long, default_value_t = 10_000)]
    people: u32,
    /// How many public bodies deposit at one time.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// How long requests are counted, in seconds.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// The relay's program.
    #[arg(long, default_value = "target/release/letterbox-server")]
    relay: PathBuf,
    /// The folder for stores, on the disk that is to be measured.
    #[arg(long, default_value = "target")]
    folder: PathBuf,
    /// The file with the figures.
    #[arg(long, default_value = "target/bench.json")]
    output: PathBuf,
    /// The file for what a browser is measured with: an answer, a letter, and keys that are nobody's.
    #[arg(long, default_value = "target/bench-sample.json")]
    sample: PathBuf,
    /// Nothing but the work of that file once more, in the same minute as the browser's; prints how long
    /// each piece takes, in microseconds.
    #[arg(long)]
    again: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match measure(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing is left to be done where even this cannot be said.
            let _ = writeln!(io::stderr(), "letterbox-bench: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments { people, clients, seconds, relay, folder, output, sample, again } = arguments;
    if *again {
        return Ok(io::stdout().write_all(sample::again(sample)?.as_bytes())?);
    }
    let span = Duration::from_secs(*seconds);
    let world = World::new()?;
    let (mut figures, recipient) = directory::measure(&world, folder, *people, span).await?;
    let (sealing, envelope) = letters::measure(&world, &recipient)?;
    figures.extend(sealing);
    sample::write(sample, &world, &recipient, *people, &envelope)?;
    figures.extend(deposits::measure(relay, folder, *clients, &envelope, span).await?);
    fs::write(output, figures::json(&figures)?)?;
    io::stdout().write_all(figures::table(&figures).as_bytes())?;
    Ok(())
}
