//! The cookie that says who is signed in.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::sessions::LIFE;

const NAME: &str = "scotaccount_sim_session";

/// The value of the browser's cookie.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lists = headers.get_all(header::COOKIE).into_iter().filter_map(|list| list.to_str().ok());
    lists
        .flat_map(|list| list.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME).then_some(value))
}

/// Signs the browser in. No script can read it; it comes along when a relying party sends the person
/// here, but not with requests that other pages make. Not marked Secure: there is no TLS here.
pub(super) fn set(headers: &mut HeaderMap, value: &str) {
    insert(headers, &format!("{NAME}={value}; Path=/; Max-Age={LIFE}; HttpOnly; SameSite=Lax"));
}

/// Signs the browser out.
pub(super) fn clear(headers: &mut HeaderMap) {
    insert(headers, &format!("{NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
}

fn insert(headers: &mut HeaderMap, cookie: &str) {
    // The value is base64url of our own making.
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        headers.insert(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; other_scotaccount_sim_session=x"));
        assert_eq!(cookie(&headers), None);
        headers.append(header::COOKIE, HeaderValue::from_static("c=d;scotaccount_sim_session=value"));
        assert_eq!(cookie(&headers), Some("value"));
    }
}
