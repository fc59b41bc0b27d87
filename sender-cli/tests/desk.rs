//! A desk in the town's public body: its keys file, a letter, and the command.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use sender_sdk::{key_text, parse_key};
use serde_json::Value;

use crate::town::{Town, deployment};

/// Runs the command. Nothing is taken from the environment of the test.
pub(crate) fn letterbox(arguments: &[OsString]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letterbox"));
    for name in ["TO_GIVEN_NAME", "TO_FAMILY_NAME", "BORN", "POSTCODE", "SUBJECT", "SUMMARY"] {
        command.env_remove(format!("LETTERBOX_{name}"));
    }
    command.args(arguments).output().unwrap()
}

pub(crate) fn arguments(texts: &[&str]) -> Vec<OsString> {
    texts.iter().map(OsString::from).collect()
}

pub(crate) fn new_keys(file: &Path, trust: &Path) -> Output {
    let deployment_key = key_text(&deployment().verifying_key());
    let new =
        ["keys", "new", "--body", "example-council", "--deployment-key", deployment_key.as_str(), "--trust"];
    letterbox(&[arguments(&new), vec![trust.into(), file.into()]].concat())
}

pub(crate) struct Desk {
    pub(crate) town: Town,
}

impl Desk {
    /// A desk whose key the command made and the operators registered.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = new_keys(&folder.path().join("keys.toml"), &folder.path().join("trust.json"));
        assert_eq!(made.status.code(), Some(0), "{made:?}");
        let public = String::from_utf8(made.stdout).unwrap();
        let key = parse_key(public.trim(), "public key").unwrap();
        let desk = Self { town: Town::found(folder, key, |_| {}) };
        fs::write(desk.text(), "\u{feff}Dear neighbour,\r\n\r\nyour **council tax** is due.\r\n").unwrap();
        desk
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.town.folder.path().join("keys.toml")
    }

    pub(crate) fn text(&self) -> PathBuf {
        self.town.folder.path().join("letter.md")
    }

    /// The command that sends Ann a letter, with more arguments.
    pub(crate) fn sending(&self, more: &[&str]) -> Output {
        let details = ["--to-given-name", "Ann", "--to-family-name", "O’Neil", "--born", "1980-02-29"];
        let letter = ["--postcode", "EH1 1AA", "--subject", "Your council tax for 2027", "--body"];
        let send = [
            arguments(&["send"]),
            arguments(&details),
            arguments(&letter),
            vec![self.text().into(), "--keys".into(), self.keys().into()],
            arguments(more),
        ];
        letterbox(&send.concat())
    }

    /// Sends Ann a letter, in both forms: JSON, and words. Gives back the exit code, the JSON and the
    /// words.
    pub(crate) fn send(&self, more: &[&str]) -> (i32, Value, String) {
        self.town.list(None);
        let words = self.sending(more);
        let with_json = self.sending(&[more, &["--json"]].concat());
        let code = words.status.code().unwrap();
        assert_eq!(with_json.status.code(), Some(code), "{with_json:?}");
        let json: Value = serde_json::from_slice(&with_json.stdout).unwrap();
        assert_eq!(json["exit"], code, "{json}");
        assert!(with_json.stderr.is_empty(), "{with_json:?}");
        let said = String::from_utf8([words.stdout, words.stderr].concat()).unwrap();
        assert_names_nobody(&said);
        assert_names_nobody(&json.to_string());
        (code, json, said)
    }
}

/// Nothing of what Ann is known by, nor of her letter. (Her given name could stand in a receipt.)
pub(crate) fn assert_names_nobody(said: &str) {
    for datum in ["O’Neil", "1980-02-29", "EH1 1AA", "EH11AA", "council tax"] {
        assert!(!said.contains(datum), "{datum}: {said}");
    }
}
