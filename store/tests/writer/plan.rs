//! What each thread does, step by step: known beforehand, so that a verifier can tell from the number
//! of steps alone what must be there and what must not.

use std::collections::BTreeSet;

use store::{StoreError, VALUE_LIMIT, View};

/// How many values a thread keeps before it starts to remove them.
const WINDOW: u64 = 16;
/// Every one of so many values is never removed.
const LASTING: u64 = 8;
/// The lengths of values, in bytes. The first fits a row, the others are long values.
const LENGTHS: [usize; 3] = [1024, 5 * 1024, 64 * 1024];

/// What a step does, beside counting itself.
enum Step {
    Put(u64),
    Remove(u64),
    Nothing,
}

fn step(number: u64) -> Step {
    let value = number / 2;
    if number.is_multiple_of(2) {
        return Step::Put(value);
    }
    match value.checked_sub(WINDOW) {
        Some(old) if !old.is_multiple_of(LASTING) => Step::Remove(old),
        _ => Step::Nothing,
    }
}

/// The values that are there after so many steps.
pub(crate) fn living(steps: u64) -> BTreeSet<u64> {
    let mut living = BTreeSet::new();
    for number in 0..steps {
        match step(number) {
            Step::Put(value) => living.insert(value),
            Step::Remove(value) => living.remove(&value),
            Step::Nothing => false,
        };
    }
    living
}

/// How many values were ever put in so many steps.
pub(crate) fn values(steps: u64) -> u64 {
    steps.div_ceil(2)
}

/// Where a thread counts its steps.
pub(crate) fn counter_key(thread: u32) -> Vec<u8> {
    format!("count/{thread}").into_bytes()
}

/// What the counter says.
pub(crate) fn steps_done(counter: Option<Vec<u8>>) -> u64 {
    counter.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
}

/// What the names of a thread's values start with. A name is a row without content beside the value.
pub(crate) fn names(thread: u32) -> Vec<u8> {
    format!("name/{thread}/").into_bytes()
}

pub(crate) fn name(thread: u32, value: u64) -> Vec<u8> {
    [names(thread), value.to_be_bytes().to_vec()].concat()
}

pub(crate) fn value_key(thread: u32, value: u64) -> Vec<u8> {
    [format!("value/{thread}/").into_bytes(), value.to_be_bytes().to_vec()].concat()
}

/// The bytes of a value: like random ones, and known.
pub(crate) fn content(thread: u32, value: u64) -> Vec<u8> {
    // Some of one length in a row, and all lengths at any time.
    let kind = (value / WINDOW + u64::from(thread)) % LENGTHS.len() as u64;
    noise(thread, value, LENGTHS[kind as usize])
}

/// So many bytes, a multiple of eight.
pub(crate) fn noise(thread: u32, value: u64, length: usize) -> Vec<u8> {
    let mut state = (u64::from(thread) << 32) | value;
    let words = std::iter::repeat_with(|| {
        // SplitMix64 (Steele, Lea, Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_be_bytes()
    });
    words.take(length / 8).flatten().collect()
}

/// One transaction: the step, and the counter that says it was taken.
pub(crate) fn take_step(view: &mut View, thread: u32, number: u64) -> Result<(), StoreError> {
    match step(number) {
        Step::Put(value) => {
            let content = content(thread, value);
            view.insert(&name(thread, value), b"")?;
            if content.len() <= VALUE_LIMIT {
                view.insert(&value_key(thread, value), &content)?;
            } else {
                view.insert_long(&value_key(thread, value), &content)?;
            }
        }
        Step::Remove(value) => {
            view.remove(&name(thread, value))?;
            view.remove(&value_key(thread, value))?;
            view.remove_long(&value_key(thread, value))?;
        }
        Step::Nothing => {}
    }
    view.insert(&counter_key(thread), &(number + 1).to_be_bytes())
}
