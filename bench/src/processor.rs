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

    /// What was taken until now, and in how much time.
    pub(crate) fn read(&self) -> Result<(Duration, Duration), Failure> {
        Ok((taken(self.process)?.saturating_sub(self.before), self.began.elapsed()))
    }
}

/// What was done in a part of a run, and what a process took for it.
#[derive(Default)]
pub(crate) struct Turn {
    done: usize,
    taken: Duration,
    elapsed: Duration,
}

impl Turn {
    pub(crate) fn of(done: usize, meter: &Meter) -> Result<Self, Failure> {
        let (taken, elapsed) = meter.read()?;
        Ok(Self { done, taken, elapsed })
    }

    pub(crate) fn add(&mut self, Self { done, taken, elapsed }: Self) {
        self.done += done;
        self.taken += taken;
        self.elapsed += elapsed;
    }

    /// How many were done in each second.
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64()
    }

    /// Processors' time for each, in microseconds.
    pub(crate) fn microseconds(&self) -> f64 {
        self.taken.as_secs_f64() * 1e6 / self.done as f64
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
