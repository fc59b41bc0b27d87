//! Addresses that may be asked.

use std::net::IpAddr;

use crypto_core::trust::authority_of;
use reqwest::Url;

/// Why an address may not be asked. It is not repeated here: it could hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No address, or one with a user, a password or a fragment.
    #[error("it is not a plain address such as https://letterbox.example")]
    NotAnAddress,
    /// Letters and questions about people do not go over a network in the clear.
    #[error("{0} would be asked without encryption: use https://. Only this computer is asked by http://")]
    NotEncrypted(String),
}

/// The origin of a service: scheme, host and port.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    base: Url,
    authority: String,
}

impl Origin {
    pub(super) fn parse(text: &str) -> Result<Self, AddressError> {
        let authority = authority_of(text).ok_or(AddressError::NotAnAddress)?;
        let base = parse(text)?;
        // What is signed has to be what is sent: no address that is written in a second way.
        if base.authority() == authority {
            Ok(Self { base, authority: authority.to_owned() })
        } else {
            Err(AddressError::NotAnAddress)
        }
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    pub(super) fn is_encrypted(&self) -> bool {
        is_encrypted(&self.base)
    }

    pub(super) fn url(&self, path: &str, query: Option<&str>) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }
}

/// An address that is encrypted or on this computer.
pub(super) fn parse(address: &str) -> Result<Url, AddressError> {
    let url = Url::parse(address).map_err(|_| AddressError::NotAnAddress)?;
    let host = url.host_str().ok_or(AddressError::NotAnAddress)?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(AddressError::NotAnAddress);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_computer(host) => Ok(url),
        "http" => Err(AddressError::NotEncrypted(host.to_owned())),
        _ => Err(AddressError::NotAnAddress),
    }
}

pub(super) fn is_encrypted(url: &Url) -> bool {
    url.scheme() == "https"
}

fn is_this_computer(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_asked_and_signed_in_one_form() {
        for (text, authority, url) in [
            ("https://relay.example", "relay.example", "https://relay.example/v1/x?y=1"),
            ("http://localhost:8081", "localhost:8081", "http://localhost:8081/v1/x?y=1"),
            ("http://[::1]:8081", "[::1]:8081", "http://[::1]:8081/v1/x?y=1"),
        ] {
            let origin = Origin::parse(text).unwrap();
            assert_eq!(origin.authority(), authority);
            assert_eq!(origin.url("/v1/x", Some("y=1")).as_str(), url);
        }
        for hostile in
            ["https://relay.example/x", "http://127.1:8081", "http://0x7f000001", "https://user@x.y"]
        {
            assert_eq!(Origin::parse(hostile).unwrap_err(), AddressError::NotAnAddress, "{hostile}");
        }
    }

    #[test]
    fn an_unencrypted_address_is_refused_unless_it_is_this_computer() {
        assert!(parse("http://localhost:1/trust.json").is_ok());
        assert!(parse("http://127.0.0.1/trust.json").is_ok());
        assert!(parse("https://letterbox.example/trust.json").is_ok());
        for host in ["letterbox.example", "192.168.0.1", "127.0.0.1.example", "localhost.example"] {
            let refused = parse(&format!("http://{host}/trust.json"));
            assert_eq!(refused, Err(AddressError::NotEncrypted(host.to_owned())));
        }
        for hostile in
            ["", "trust.json", "file:///etc/passwd", "https://me:secret@x.example/", "https://x.example/#y"]
        {
            let refused = parse(hostile).unwrap_err();
            assert_eq!(refused, AddressError::NotAnAddress, "{hostile}");
            assert!(!refused.to_string().contains("secret"));
        }
    }
}
