//! A process that is killed at any moment loses nothing that it acknowledged.

use std::{
    fs,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use crate::support::WRITER;

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let heard = folder.path().join("acknowledged");
    for round in 1..=5 {
        let kill_after = 50 + RandomState::new().build_hasher().finish() % 400;
        let mut writer = Command::new(WRITER);
        let writer = writer.arg("write").arg(&store).args(["--threads", "8"]).stdout(Stdio::piped());
        let mut writer = writer.spawn().unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        for line in lines {
            said.push(line.unwrap());
            if said.len() as u64 == kill_after {
                // SIGKILL. What it said before it died is still in the pipe.
                writer.kill().unwrap();
            }
        }
        let status = writer.wait().unwrap();
        assert_eq!(status.code(), None, "round {round}: the writer ended by itself: {status}");
        fs::write(&heard, said.join("\n") + "\n").unwrap();

        let verified = Command::new(WRITER).arg("verify").arg(&store).arg(&heard).output().unwrap();
        let report = String::from_utf8_lossy(&verified.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success(), "round {round}, after {kill_after}: {report}{complaint}");
    }
}
