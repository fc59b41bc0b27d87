//! The process that crash tests kill: it writes a store from many threads and says what was
//! acknowledged; afterwards it verifies that all of it is there.
//!
//! ```text
//! store-writer write STORE [--threads N] [--ack-early]     until it is killed
//! store-writer verify STORE HEARD                          ends with 0, or 3 if something is wrong
//! store-writer write-files FOLDER STEPS [--ack-early]      the same for a folder of blobs
//! store-writer verify-files FOLDER HEARD
//! ```
//!
//! Each line that it writes, "THREAD STEPS", or "STEPS" for files, says that the first STEPS steps are
//! durable. With `--ack-early` it says so before it has written: such a run must fail its verification,
//! or the test cannot fail at all.

mod files;
mod plan;
mod verify;

use std::{
    env,
    error::Error,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
    thread,
};

use store::{Engine, Options};

const USAGE: &str = "usage: store-writer write STORE [--threads N] [--ack-early] | verify STORE HEARD | \
    write-files FOLDER STEPS [--ack-early] | verify-files FOLDER HEARD";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["write", store, options @ ..] => write(Path::new(store), options),
        ["verify", store, heard] => verify::verify(Path::new(store), Path::new(heard)),
        ["write-files", folder, steps] => files::write(Path::new(folder), steps, false),
        ["write-files", folder, steps, "--ack-early"] => files::write(Path::new(folder), steps, true),
        ["verify-files", folder, heard] => files::verify(Path::new(folder), Path::new(heard)),
        _ => Err(USAGE.into()),
    };
    done.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "store-writer: {error}");
        ExitCode::FAILURE
    })
}

/// A small cache, so that pages come and go; little reserve, because test disks are small.
fn open(store: &Path) -> Result<Engine, Box<dyn Error>> {
    Ok(Engine::open(store, Options { cache_bytes: 64 << 20, reserve_bytes: 16 << 20, ..Options::default() })?)
}

fn write(store: &Path, options: &[&str]) -> Result<ExitCode, Box<dyn Error>> {
    let mut threads = 16;
    let mut early = false;
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--threads" => threads = options.next().ok_or("--threads needs a number")?.parse()?,
            "--ack-early" => early = true,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    let engine = open(store)?;
    let mut running = Vec::new();
    for thread in 0..threads {
        let steps = plan::steps_done(engine.get(&plan::counter_key(thread))?);
        // What an earlier run did and could not say any more is on the disk: it was read from there.
        say(thread, steps)?;
        running.push((thread, steps));
    }
    thread::scope(|scope| {
        for (thread, steps) in running {
            let engine = &engine;
            scope.spawn(move || {
                let Err(error) = step_for_ever(engine, thread, steps, early);
                let _ = writeln!(io::stderr(), "store-writer: thread {thread}: {error}");
                std::process::exit(1);
            });
        }
    });
    Ok(ExitCode::FAILURE)
}

/// One step after the other, each acknowledged before the next begins.
fn step_for_ever(
    engine: &Engine,
    thread: u32,
    mut steps: u64,
    early: bool,
) -> Result<std::convert::Infallible, Box<dyn Error>> {
    loop {
        if early {
            say(thread, steps + 1)?;
        }
        engine.write_blocking(move |view| plan::take_step(view, thread, steps))?;
        steps += 1;
        if !early {
            say(thread, steps)?;
        }
    }
}

/// One line, in one system call: it reaches the pipe whole or not at all.
fn say(thread: u32, steps: u64) -> io::Result<()> {
    io::stdout().lock().write_all(format!("{thread} {steps}\n").as_bytes())
}
