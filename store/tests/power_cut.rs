//! The power goes, and everything that was acknowledged is there when it comes back.
//!
//! The cut itself is made by `power_cut.py`, because the call for it needs `unsafe` in Rust. It
//! needs root and loop devices; without them the test is skipped, unless
//! `LETTERBOX_REQUIRE_POWER_CUT=1`. `LETTERBOX_POWER_CUT_ROUNDS` is the number of cuts (5).

use std::{env, path::Path, process::Command};

use crate::support::{Mounted, WRITER, is_required};

/// What the script ends with when this machine cannot simulate a power cut.
const SKIPPED: i32 = 77;

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let required = is_required();
    let rounds = env::var("LETTERBOX_POWER_CUT_ROUNDS").unwrap_or_else(|_| "5".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power_cut.py");
    let work = tempfile::tempdir().unwrap();
    // The script unmounts by itself; this is for the case that it is killed.
    let _mounted = Mounted(work.path().join("disk"));

    let mut cutter = Command::new("python3");
    let cutter = cutter.arg(script).arg("--writer").arg(WRITER).arg("--work").arg(work.path());
    match cutter.args(["--rounds", &rounds]).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            eprintln!("{said}{complaint}");
            if output.status.code() == Some(SKIPPED) {
                assert!(!required, "the power-cut test was skipped although it is required: {said}");
            } else {
                assert!(output.status.success(), "{}: {said}{complaint}", output.status);
            }
        }
        Err(cause) => {
            assert!(!required, "the power-cut test needs python3: {cause}");
            eprintln!("skipped: the power-cut test needs python3: {cause}");
        }
    }
}
