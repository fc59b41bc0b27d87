//! How much of the processors a process takes (`proc(5)`): on two cores that everybody shares, who takes
//! what says more than a rate does.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::Failure;

/// What Linux counts the time of processes in, whatever the machine.
const TICK: Duration = Duration::from_millis(10);

/// What a process takes from now on.
pub(crate) struct Meter {
    process: u32,
    before: Duration,
    began: Instant,
}

impl Meter {
    pub(crate) fn start(process: u32) -> Result<Self, Failure> {
        Ok(Self { process, before: taken(process)?, began: Instant::now() })
    }

    /// How many processors it has kept busy, on average, until now.
    pub(crate) fn processors(&self) -> Result<f64, Failure> {
        let taken = taken(self.process)?.saturating_sub(self.before);
        Ok(taken.as_secs_f64() / self.began.elapsed().as_secs_f64())
    }
}

/// How long all threads of a process have run, in the program and in the kernel.
fn taken(process: u32) -> Result<Duration, Failure> {
    let line = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program is in brackets, and may have anything in it. Behind it the third field begins.
    let (_, fields) = line.rsplit_once(')').ok_or("the times of a process cannot be read")?;
    let mut ticks = 0;
    for field in fields.split_whitespace().skip(14 - 3).take(2) {
        ticks += field.parse::<u32>()?;
    }
    Ok(TICK * ticks)
}
