//! Settings that mean the same in every service.

use std::net::SocketAddr;

use axum::http::{HeaderValue, Uri};

/// The origins of the client, as browsers write them.
///
/// # Errors
/// A sentence that names what is no origin.
pub fn origins(origins: &[String]) -> Result<Vec<HeaderValue>, String> {
    origins
        .iter()
        .map(|origin| {
            let value = HeaderValue::from_str(origin).ok().filter(|_| is_origin(origin));
            value.ok_or_else(|| {
                format!(
                    "origins: {origin} is not an origin; one looks like https://letterbox.example or http://localhost:8080, without a path"
                )
            })
        })
        .collect()
}

/// What is signed as `@authority`, for a service that listens on `bound`.
///
/// # Errors
/// A sentence, for what is not a host name.
pub fn authority(configured: Option<&str>, bound: SocketAddr) -> Result<String, String> {
    let authority = configured.map_or_else(|| bound.to_string(), ToOwned::to_owned);
    let is_plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
    };
    if !authority.is_empty() && authority.bytes().all(is_plain) {
        Ok(authority)
    } else {
        Err(format!(
            "authority: {authority} is not a host name in lower case, with a port where it is not 443"
        ))
    }
}

/// What a reader of settings said, without what it repeats of them: a key may be written out there, in a line
/// that is no TOML or in the place of a table.
#[must_use]
pub fn without_values(said: &str) -> String {
    // Lines of the file stand behind a number and a bar, what points at them behind a bar.
    let is_ours = |line: &&str| {
        !line.trim_start_matches(|sign: char| sign == ' ' || sign.is_ascii_digit()).starts_with('|')
    };
    let said = said.lines().filter(is_ours).map(str::trim).collect::<Vec<_>>().join(", ");
    // What is of the wrong kind.
    match said.split_once("string \"") {
        Some((before, value)) => {
            let after = value.rsplit_once('"').map_or("", |(_, after)| after);
            format!("{before}string{after}")
        }
        None => said,
    }
}

/// Scheme, host and port, and nothing else: browsers compare an origin as text.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    !authority.as_str().contains(['@', '*']) && format!("{scheme}://{authority}") == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_origin_or_a_host_is_refused() {
        assert_eq!(
            origins(&["https://a.example".to_owned(), "http://localhost:1".to_owned()]).unwrap().len(),
            2
        );
        for hostile in
            ["*", "https://*.example", "https://a.example/", "a.example", "null", "https://u@a.example"]
        {
            assert!(origins(&[hostile.to_owned()]).is_err(), "{hostile}");
        }
        let bound = SocketAddr::from(([127, 0, 0, 1], 8081));
        for hostile in ["", "Relay.example", "relay.example/", "a b", "user@relay.example"] {
            assert!(authority(Some(hostile), bound).is_err(), "{hostile}");
        }
        assert_eq!(authority(None, bound).unwrap(), "127.0.0.1:8081");
    }
}
