//! What each outcome and each failure means to the program that called. Documented, so never changed.

use sender_sdk::{
    ConnectError, Obstacle, Peer, SendError, SettingsError, StandingError, TransportError, TrustFault,
    UploadError,
};

pub(crate) const SENT: u8 = 0;
pub(crate) const USAGE: u8 = 2;
pub(crate) const DIRECTORY: u8 = 20;
pub(crate) const RELAY: u8 = 21;
pub(crate) const UNREACHABLE: u8 = 22;
pub(crate) const TRUST: u8 = 23;
pub(crate) const LETTER: u8 = 24;
pub(crate) const KEYS: u8 = 25;

pub(crate) const fn of_obstacle(obstacle: Obstacle) -> u8 {
    match obstacle {
        Obstacle::NoMailbox => 10,
        Obstacle::NotReady => 11,
        Obstacle::Resetting => 12,
        Obstacle::Ambiguous => 13,
        Obstacle::Expired => 14,
    }
}

pub(crate) const fn of_settings(error: &SettingsError) -> u8 {
    match error {
        SettingsError::KeysFile(_) | SettingsError::State(_) => KEYS,
    }
}

pub(crate) const fn of_connect(error: &ConnectError) -> u8 {
    match error {
        ConnectError::Trust(fault) => of_trust(fault),
        ConnectError::Transport(error) => of_transport(error),
        ConnectError::Standing(error) => of_standing(error),
        ConnectError::State(_) => KEYS,
    }
}

pub(crate) const fn of_send(error: &SendError) -> u8 {
    match error {
        SendError::Letter(_) => LETTER,
        SendError::Standing(error) => of_standing(error),
        SendError::Lookup(_) | SendError::NoPermit => DIRECTORY,
        SendError::RecipientKeyChanged
        | SendError::PermitExpired
        | SendError::FilesLost
        | SendError::KeyKeepsChanging
        | SendError::PermitsExpire
        | SendError::RelayBehind
        | SendError::Receipt(_) => RELAY,
        SendError::Upload(error) => of_upload(error),
        SendError::Transport(error) => of_transport(error),
        SendError::State(_) => KEYS,
    }
}

const fn of_upload(error: &UploadError) -> u8 {
    match error {
        UploadError::File { .. } => LETTER,
        UploadError::Transport(error) => of_transport(error),
        UploadError::Answer(_) | UploadError::MoreThanSent | UploadError::NotKept => RELAY,
    }
}

const fn of_trust(fault: &TrustFault) -> u8 {
    match fault {
        TrustFault::Transport(error) => of_transport(error),
        TrustFault::State(_) => KEYS,
        TrustFault::File { .. }
        | TrustFault::NotValid(_)
        | TrustFault::OtherDeployment
        | TrustFault::Older => TRUST,
    }
}

const fn of_standing(error: &StandingError) -> u8 {
    match error {
        StandingError::Transport(error) => of_transport(error),
        StandingError::Registry(_) => DIRECTORY,
        StandingError::NotListed(_)
        | StandingError::Suspended
        | StandingError::KeyNotRegistered
        | StandingError::KeyNotInTime
        | StandingError::State(_) => KEYS,
    }
}

const fn of_transport(error: &TransportError) -> u8 {
    if error.is_temporary() {
        return UNREACHABLE;
    }
    match error {
        // Services' addresses stand in the trust file.
        TransportError::Address { .. } => TRUST,
        TransportError::Tls(_) | TransportError::Client(_) | TransportError::Unreachable { .. } => {
            UNREACHABLE
        }
        TransportError::TooLarge { peer, .. } | TransportError::NotLetterbox { peer, .. } => of_peer(*peer),
        TransportError::Refused(refusal) => of_peer(refusal.peer),
    }
}

const fn of_peer(peer: Peer) -> u8 {
    match peer {
        Peer::TrustFile => TRUST,
        Peer::Directory => DIRECTORY,
        Peer::Relay => RELAY,
    }
}

#[cfg(test)]
mod tests {
    use sender_sdk::{BodyId, FileError, LetterError, TrustError};

    use super::*;

    fn gone(peer: Peer) -> TransportError {
        TransportError::Unreachable { peer, reason: "gone".to_owned() }
    }

    #[test]
    fn each_failure_has_the_code_that_the_help_names() {
        let odd = |peer| TransportError::NotLetterbox { peer, status: 302 };
        for (error, code) in [
            (SendError::Letter(LetterError::Subject), 24),
            (SendError::Letter(LetterError::Files), 24),
            (SendError::Upload(UploadError::File { number: 1, cause: FileError::Changed }), 24),
            (SendError::Upload(UploadError::NotKept), 21),
            (SendError::Upload(UploadError::Transport(odd(Peer::Relay))), 21),
            (SendError::Upload(UploadError::Transport(gone(Peer::Relay))), 22),
            (SendError::NoPermit, 20),
            (SendError::KeyKeepsChanging, 21),
            (SendError::PermitsExpire, 21),
            (SendError::RelayBehind, 21),
            (SendError::FilesLost, 21),
            (SendError::Transport(odd(Peer::Directory)), 20),
            (SendError::Transport(odd(Peer::Relay)), 21),
            (SendError::Transport(gone(Peer::Directory)), 22),
            (SendError::Transport(gone(Peer::Relay)), 22),
            (SendError::Standing(StandingError::Suspended), 25),
            (SendError::Standing(StandingError::NotListed(BodyId::new("example-council").unwrap())), 25),
        ] {
            assert_eq!(of_send(&error), code, "{error}");
        }
        for (fault, code) in [
            (TrustFault::NotValid(TrustError::Forged), 23),
            (TrustFault::Older, 23),
            (TrustFault::Transport(odd(Peer::TrustFile)), 23),
            (TrustFault::Transport(gone(Peer::TrustFile)), 22),
        ] {
            assert_eq!(of_connect(&ConnectError::Trust(fault)), code);
        }
    }
}
