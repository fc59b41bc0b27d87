//! The trust file: by whom, how old, from where.

use sender_sdk::{
    AddressError, ConnectError, Peer, Sender, Settings, StateError, TransportError, TrustError, TrustFault,
    TrustSource,
};

use crate::{
    town::{Town, deployment},
    world::key,
};

fn refused(town: &Town) -> TrustFault {
    match town.connect() {
        Err(ConnectError::Trust(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trust_file_of_another_deployment_is_refused() {
    let town = Town::new();
    town.write_trust(&key(99), |_| {});
    let fault = refused(&town);
    assert!(matches!(fault, TrustFault::NotValid(TrustError::OtherDeployment)), "{fault}");
}

#[test]
fn a_state_belongs_to_one_deployment() {
    let town = Town::new();
    drop(town.connect().unwrap());
    town.write_trust(&key(99), |_| {});
    let settings = Settings { deployment_key: key(99).verifying_key(), ..town.settings() };
    let fault = town.run(Sender::connect(settings)).unwrap_err();
    assert!(matches!(fault, ConnectError::Trust(TrustFault::OtherDeployment)), "{fault}");
}

#[test]
fn a_newer_trust_file_of_the_same_deployment_is_taken_and_an_older_one_is_not() {
    let town = Town::new();
    drop(town.connect().unwrap());
    town.write_trust(&deployment(), |file| file.issued += 1);
    drop(town.connect().unwrap());
    town.write_trust(&deployment(), |_| {});
    let fault = refused(&town);
    assert!(matches!(fault, TrustFault::Older), "{fault}");
}

#[test]
fn an_altered_or_missing_trust_file_is_refused() {
    let town = Town::new();
    let json = std::fs::read_to_string(town.trust_path()).unwrap();
    std::fs::write(town.trust_path(), json.replace("login", "logon")).unwrap();
    let fault = refused(&town);
    assert!(matches!(fault, TrustFault::NotValid(TrustError::Forged)), "{fault}");
    std::fs::remove_file(town.trust_path()).unwrap();
    let fault = refused(&town);
    assert!(matches!(fault, TrustFault::File { .. }), "{fault}");
}

#[test]
fn services_are_not_asked_in_the_clear_over_a_network() {
    let town = Town::new();
    town.write_trust(&deployment(), |file| file.relay.url = "http://relay.example".to_owned());
    let fault = town.connect().unwrap_err();
    let is_refused = matches!(
        &fault,
        ConnectError::Transport(TransportError::Address {
            peer: Peer::Relay,
            cause: AddressError::NotEncrypted(_)
        })
    );
    assert!(is_refused, "{fault}");
    assert!(fault.to_string().contains("use https://"), "{fault}");
    assert!(town.told().queries.is_empty());

    let trust = TrustSource::Address("http://letterbox.example/trust.json".to_owned());
    let fault = town.run(Sender::connect(Settings { trust, ..town.settings() })).unwrap_err();
    assert!(matches!(fault, ConnectError::Trust(TrustFault::Transport(_))), "{fault}");
}

#[test]
fn a_directory_that_is_not_there_is_told_as_such() {
    let town = Town::new();
    // Nobody listens on the port of a listener that is closed again.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    town.write_trust(&deployment(), |file| file.directory.url = format!("http://127.0.0.1:{port}"));
    let fault = town.connect().unwrap_err();
    assert!(fault.to_string().contains("the directory cannot be reached"), "{fault}");
    assert!(!matches!(fault, ConnectError::State(StateError::Damaged(_))));
}
