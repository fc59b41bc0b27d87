//! Keys, state, and commands that cannot be understood.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::desk::{Desk, arguments, assert_names_nobody, letterbox, new_keys};

#[test]
fn a_keys_file_is_made_once_and_its_public_half_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (file, trust) = (folder.path().join("keys.toml"), folder.path().join("trust.json"));
    let made = new_keys(&file, &trust);
    assert_eq!((made.status.code(), made.stdout.len()), (Some(0), 44));
    let kept = fs::read(&file).unwrap();
    let again = new_keys(&file, &trust);
    assert_eq!((again.status.code(), again.stdout.len()), (Some(25), 0));
    assert_eq!(fs::read(&file).unwrap(), kept);
    let shown = letterbox(&["keys".into(), "public".into(), file.into()]);
    assert_eq!(shown.stdout, made.stdout);
    assert!(!String::from_utf8(kept).unwrap().contains(String::from_utf8(shown.stdout).unwrap().trim()));
}

#[test]
fn a_keys_file_that_others_can_read_is_25() {
    let desk = Desk::new();
    fs::set_permissions(desk.keys(), fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, said) = desk.send(&[]);
    assert_eq!(code, 25, "{said}");
    assert!(said.contains("chmod 600"), "{said}");
}

#[test]
fn a_damaged_state_is_25_and_says_what_to_do() {
    let desk = Desk::new();
    let (code, _, said) = desk.send(&[]);
    assert_ne!(code, 25, "{said}");
    let state = desk.town.folder.path().join("keys.toml.state");
    fs::write(state.join("trust"), b"damaged").unwrap();
    let (code, _, said) = desk.send(&[]);
    assert_eq!(code, 25, "{said}");
    assert!(said.contains("from its backup"), "{said}");
    // In a folder of its own there is nothing to be damaged.
    let other = desk.town.folder.path().join("other");
    assert_ne!(desk.send(&["--state", other.to_str().unwrap()]).0, 25);
}

#[test]
fn a_command_that_cannot_be_understood_repeats_nothing() {
    for (text, told) in [
        (&["send", "--to-given-name", "Ann", "O’Neil"][..], "unexpected argument"),
        (&["send", "--to-given-name", "Ann", "--born=1980-02-29"][..], "--to-family-name <NAME>"),
        (&["send", "--given-name", "Ann"][..], "unexpected argument"),
        (&["send", "--tries", "1980-02-29"][..], "invalid value"),
        (&["Ann", "O’Neil"][..], "letterbox --help"),
    ] {
        let refused = letterbox(&arguments(text));
        let said = String::from_utf8([refused.stdout, refused.stderr].concat()).unwrap();
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains(told), "{said}");
        assert_names_nobody(&said);
    }
}

#[test]
fn details_that_name_nobody_are_2_and_are_not_repeated() {
    let desk = Desk::new();
    let send = [
        arguments(&["send", "--to-given-name", "Ann", "--to-family-name", "O’Neil"]),
        arguments(&["--born", "29/02/1980", "--subject", "Your council tax", "--body"]),
        vec![desk.text().into(), "--keys".into(), desk.keys().into()],
    ];
    let refused = letterbox(&send.concat());
    let said = String::from_utf8([refused.stdout, refused.stderr].concat()).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("1980-12-31") && !said.contains("29/02"), "{said}");
    assert_names_nobody(&said);
}

#[test]
fn help_and_version_are_no_failures() {
    for text in ["--help", "--version"] {
        assert_eq!(letterbox(&arguments(&[text])).status.code(), Some(0));
    }
    let help = letterbox(&arguments(&["send", "--help"]));
    assert!(String::from_utf8(help.stdout).unwrap().contains("proven: nobody with these details"));
    assert_eq!(letterbox(&[]).status.code(), Some(2));
}
