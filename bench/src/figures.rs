//! Figures, and how times are taken.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::Failure;

/// What was measured, and against what.
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    reference: String,
    ratio: f64,
}

impl Figure {
    /// A figure in the unit of its reference.
    pub(crate) fn new(name: &str, value: f64, unit: &'static str, what: &str, reference: f64) -> Self {
        Self {
            name: name.to_owned(),
            value,
            unit,
            reference: format!("{what}: {} {unit}", shown(reference)),
            ratio: value / reference,
        }
    }
}

/// The figures as `target/bench.json` has them.
pub(crate) fn json(figures: &[Figure]) -> Result<String, Failure> {
    let list: Vec<_> = figures
        .iter()
        .map(|Figure { name, value, unit, reference, ratio }| {
            json!({ "name": name, "value": value, "unit": unit, "reference": reference, "ratio": ratio })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}

/// The figures as lines to be read.
pub(crate) fn table(figures: &[Figure]) -> String {
    figures
        .iter()
        .map(|Figure { name, value, unit, reference, ratio }| {
            format!("{name:<44} {:>10} {unit:<9} {ratio:>6.2} x  {reference}\n", shown(*value))
        })
        .collect()
}

fn shown(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

const ROUNDS: u32 = 100;
const AT_ONCE: u32 = 10;

/// How long each of the two takes, in microseconds: the shortest of many rounds, in which they take turns,
/// so that what else the machine does hits both.
pub(crate) fn race<A, B>(
    mut ours: impl FnMut() -> Result<A, Failure>,
    mut reference: impl FnMut() -> Result<B, Failure>,
) -> Result<(f64, f64), Failure> {
    let (mut one, mut other) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        one = one.min(timed(&mut ours)?);
        other = other.min(timed(&mut reference)?);
    }
    Ok((one.as_secs_f64() * 1e6, other.as_secs_f64() * 1e6))
}

/// How long the work takes, in microseconds: the median of many rounds, for a comparison with what is timed
/// elsewhere.
pub(crate) fn median<T>(mut work: impl FnMut() -> Result<T, Failure>) -> Result<f64, Failure> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(timed(&mut work)?);
    }
    rounds.sort_unstable();
    Ok(rounds[rounds.len() / 2].as_secs_f64() * 1e6)
}

fn timed<T>(work: &mut impl FnMut() -> Result<T, Failure>) -> Result<Duration, Failure> {
    let began = Instant::now();
    for _ in 0..AT_ONCE {
        black_box(work()?);
    }
    Ok(began.elapsed() / AT_ONCE)
}

/// How often `work` is done in a second by so many workers at one time ([`repeat`]).
pub(crate) async fn rate<F, W>(workers: usize, span: Duration, work: F) -> Result<f64, Failure>
where
    F: Fn(usize, usize) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let began = Instant::now();
    Ok(per_second(repeat(workers, span, work).await?, began))
}

/// How often `work` is done by so many workers at one time, until `span` is over. It is told the number of the
/// worker, and how often that one has done it before.
pub(crate) async fn repeat<F, W>(workers: usize, span: Duration, work: F) -> Result<usize, Failure>
where
    F: Fn(usize, usize) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let began = Instant::now();
    let mut tasks = Vec::new();
    for worker in 0..workers {
        let work = work.clone();
        tasks.push(tokio::spawn(async move {
            let mut done = 0;
            while began.elapsed() < span {
                work(worker, done).await?;
                done += 1;
            }
            Ok::<usize, Failure>(done)
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await??;
    }
    Ok(done)
}

/// How many of `done` there were in each second since `began`.
pub(crate) fn per_second(done: usize, began: Instant) -> f64 {
    done as f64 / began.elapsed().as_secs_f64()
}
