//! Standing still at a step, so that a test can end the device there, or something that it talks to.

use std::io::{Read as _, stdin};

use clap::ValueEnum;
use serde_json::json;

/// What sets up a mailbox or brings one back. A step leaves a record after its answer has come: the
/// device stands still between the two, where a power cut does the most harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// The relay gave the bundle that the code opens.
    Found,
    /// The directory showed the entries of the person who signed in.
    Entries,
    /// The entry is signed.
    Signed,
    /// The relay keeps the new bundle beside the one of before.
    Announced,
    /// The directory has published the entry.
    Published,
    /// The relay knows this device and none of those before.
    Restarted,
    /// The relay keeps the bundle of a new mailbox.
    Kept,
}

/// At which step to stand still, if at any.
#[derive(Clone, Copy)]
pub(crate) struct Hold(pub(crate) Option<Step>);

impl Hold {
    /// Says so and stands still at this step until the input ends.
    pub(crate) fn at(self, step: Step) {
        if self.0 == Some(step) {
            say_that_it_holds();
            // It blocks the whole program: nothing goes on behind the back of the test.
            let _ = stdin().read_to_end(&mut Vec::new());
        }
    }
}

#[expect(clippy::print_stdout, reason = "who started the device waits for this line")]
fn say_that_it_holds() {
    println!("{}", json!({ "holding": true }));
}
