//! The headers that every answer carries.
//!
//! The same policy covers the page and, because a worker takes the policy of its own response, the
//! vault. It allows no inline script or style, no evaluation of text, no third party; scripts come
//! from this origin alone and only through the one Trusted Types policy of `boot.js`.

use std::{fmt, str::FromStr};

use axum::http::{HeaderName, HeaderValue, Uri, header};

/// An origin: scheme, host and port, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin(String);

/// Why a text is not an origin.
#[derive(Debug, thiserror::Error)]
#[error("an origin looks like https://relay.example or http://localhost:8081, without a path")]
pub(crate) struct NotAnOrigin;

impl FromStr for Origin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let scheme =
            uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or(NotAnOrigin)?;
        let authority = uri.authority().filter(|found| !found.as_str().contains('@')).ok_or(NotAnOrigin)?;
        let origin = format!("{scheme}://{authority}");
        // The text must be the origin and nothing else: no path, no trailing slash, and no sign that
        // would end this source or directive of the policy.
        let plain =
            origin.chars().all(|sign| sign.is_ascii_graphic() && !matches!(sign, ';' | ',' | '\'' | '*'));
        (origin == text && plain).then_some(Self(origin)).ok_or(NotAnOrigin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The Content-Security-Policy (CSP Level 3) with Trusted Types.
pub(crate) fn content_security_policy(connect: &[Origin]) -> String {
    let mut sources = String::from("'self'");
    for origin in connect {
        sources.push(' ');
        sources.push_str(&origin.0);
    }
    format!(
        "default-src 'none'; \
         script-src 'self' 'wasm-unsafe-eval'; \
         style-src 'self'; \
         img-src 'self'; \
         font-src 'self'; \
         manifest-src 'self'; \
         worker-src 'self'; \
         connect-src {sources}; \
         base-uri 'none'; \
         form-action 'none'; \
         frame-ancestors 'none'; \
         require-trusted-types-for 'script'; \
         trusted-types letterbox"
    )
}

/// Every header, in the order in which they are set.
pub(crate) fn all(connect: &[Origin]) -> Vec<(HeaderName, HeaderValue)> {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("origin-agent-cluster"), "?1"),
        (HeaderName::from_static("x-dns-prefetch-control"), "off"),
        (
            HeaderName::from_static("permissions-policy"),
            "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), \
             gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
        ),
    ];
    let mut headers: Vec<_> =
        fixed.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    // An origin holds only signs that a header value may hold, see `Origin::from_str`.
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(connect)) {
        headers.push((header::CONTENT_SECURITY_POLICY, policy));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_has_no_way_in() {
        let policy = content_security_policy(&["https://relay.example".parse().unwrap()]);
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
        assert!(policy.starts_with("default-src 'none'; "));
        assert!(policy.contains("connect-src 'self' https://relay.example; "));
        assert!(policy.contains("require-trusted-types-for 'script'; trusted-types letterbox"));
        assert!(!policy.contains("data:") && !policy.contains("blob:") && !policy.contains('*'));
    }

    #[test]
    fn the_policy_is_always_among_the_headers() {
        let headers = all(&["http://localhost:8081".parse().unwrap()]);
        assert!(headers.iter().any(|(name, _)| name == header::CONTENT_SECURITY_POLICY));
    }

    #[test]
    fn only_a_bare_origin_is_taken() {
        for hostile in [
            "",
            "*",
            "relay.example",
            "https://relay.example/",
            "https://relay.example/path",
            "https://user@relay.example",
            "https://relay.example;script-src",
            "https://relay.example script-src",
            "https://*.example",
            "data:text/html",
            "ftp://relay.example",
            "https://relay.example?x",
            "https://'self'",
        ] {
            assert!(hostile.parse::<Origin>().is_err(), "{hostile}");
        }
        assert!("http://localhost:8081".parse::<Origin>().is_ok());
        assert!("https://[::1]:8443".parse::<Origin>().is_ok());
    }
}
