//! `/oauth/token`: an access token for the one client that may have mailboxes provided (RFC 6749
//! §4.4).

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use api::Problem;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use base64ct::{Base64, Encoding as _};
use serde::Serialize;
use service::{body, signed::only};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::problem::{TokenError, TokenRefusal, TokenRefused};
use crate::{app::App, provisioning::access};

/// The longest form, in bytes.
const LONGEST_FORM: usize = 4096;

/// The form of a token request. The client may say who it is here or in the field `Authorization`.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form")]
struct TokenRequest {
    /// Always `client_credentials`.
    grant_type: String,
    /// The client's id.
    client_id: Option<String>,
    /// The client's secret.
    client_secret: Option<String>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
struct TokenAnswer {
    /// The token.
    access_token: String,
    /// Always `Bearer`.
    token_type: String,
    /// How long it is taken, in seconds.
    expires_in: u64,
}

/// Give an access token.
///
/// For ScotAccount, with the client id and secret that the operator agreed with it. Errors are in the
/// form of RFC 6749 §5.2.
#[utoipa::path(
    post,
    path = "/oauth/token",
    tag = "provisioning",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token.", body = TokenAnswer, content_type = "application/json"),
        (status = 400, description = "invalid_request, unsupported_grant_type", body = TokenError, content_type = "application/json"),
        (status = 401, description = "invalid_client", body = TokenError, content_type = "application/json"),
        (status = 404, description = "not-found: this directory takes no provisioning", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn give(State(app): State<Arc<App>>, request: Request) -> Result<Response, TokenRefusal> {
    if !app.access.is_open() {
        return Err(TokenRefused::Closed.into());
    }
    let (parts, content) = request.into_parts();
    let content = body::read(content, LONGEST_FORM, app.limits.body).await?;
    let form = form(&parts.headers, &content)?;
    let (id, secret) = client(&parts.headers, &form)?;
    let token = app.access.token(&id, &secret, app.clock.now()).ok_or(TokenRefused::Client)?;
    let answer = TokenAnswer {
        access_token: token.to_string(),
        token_type: "Bearer".to_owned(),
        expires_in: access::LIFE,
    };
    let answer = serde_json::to_vec(&answer).unwrap_or_default();
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

type Form<'a> = HashMap<Cow<'a, str>, Cow<'a, str>>;

/// The fields of the form, each at most once.
fn form<'a>(headers: &HeaderMap, content: &'a [u8]) -> Result<Form<'a>, TokenRefused> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let kind = only(headers, "content-type").and_then(|kind| kind.split(';').next()).map(str::trim);
    if kind != Some(FORM) {
        return Err(TokenRefused::Request);
    }
    let mut form = Form::new();
    for (name, value) in form_urlencoded::parse(content) {
        if form.insert(name, value).is_some() {
            return Err(TokenRefused::Request);
        }
    }
    match form.get("grant_type").map(|kind| &**kind) {
        Some("client_credentials") => Ok(form),
        Some(_) => Err(TokenRefused::GrantType),
        None => Err(TokenRefused::Request),
    }
}

/// Who the client says it is: in one place, not in two (RFC 6749 §2.3).
fn client(
    headers: &HeaderMap,
    form: &Form<'_>,
) -> Result<(Zeroizing<String>, Zeroizing<String>), TokenRefused> {
    let owned = |text: &Cow<'_, str>| Zeroizing::new(text.to_string());
    let in_form = (form.get("client_id"), form.get("client_secret"));
    match (headers.contains_key(header::AUTHORIZATION), in_form) {
        (false, (Some(id), Some(secret))) => Ok((owned(id), owned(secret))),
        (true, (id, None)) => {
            let (basic_id, secret) = basic(headers).ok_or(TokenRefused::Client)?;
            if id.is_some_and(|id| &**id != basic_id.as_str()) {
                return Err(TokenRefused::Request);
            }
            Ok((basic_id, secret))
        }
        (true, (_, Some(_))) => Err(TokenRefused::Request),
        (false, _) => Err(TokenRefused::Client),
    }
}

/// The credentials of the scheme Basic (RFC 7617), each encoded as in a form (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    let (scheme, credentials) = only(headers, "authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(Base64::decode_vec(credentials).ok()?);
    let (id, secret) = core::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let unescaped = |text: &str| {
        // As the value of a field without a name.
        let field = Zeroizing::new(format!("={text}"));
        let value = form_urlencoded::parse(field.as_bytes()).next()?.1.into_owned();
        Some(Zeroizing::new(value))
    };
    Some((unescaped(id)?, unescaped(secret)?))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(authorization: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some(text) = authorization {
            headers.insert("authorization", text.parse().unwrap());
        }
        headers
    }

    fn asked(authorization: Option<&str>, content: &str) -> Result<(String, String), TokenRefused> {
        let headers = headers(authorization);
        let form = form(&headers, content.as_bytes())?;
        client(&headers, &form).map(|(id, secret)| (id.to_string(), secret.to_string()))
    }

    #[test]
    fn the_client_says_who_it_is_in_the_form_or_in_the_field_for_it() {
        let both = Ok(("a b".to_owned(), "c:d".to_owned()));
        let in_form = "grant_type=client_credentials&client_id=a+b&client_secret=c%3Ad";
        assert_eq!(asked(None, in_form), both);
        // a%20b:c%3Ad
        assert_eq!(asked(Some("Basic YSUyMGI6YyUzQWQ="), "grant_type=client_credentials"), both);
        assert_eq!(asked(Some("Basic YSUyMGI6YyUzQWQ="), in_form), Err(TokenRefused::Request));
    }

    #[test]
    fn forms_that_can_be_read_in_two_ways_are_refused() {
        for (form, refused) in [
            ("", TokenRefused::Request),
            ("grant_type=password", TokenRefused::GrantType),
            ("grant_type=client_credentials&grant_type=client_credentials", TokenRefused::Request),
            ("grant_type=client_credentials", TokenRefused::Client),
            ("grant_type=client_credentials&client_id=a", TokenRefused::Client),
        ] {
            assert_eq!(asked(None, form), Err(refused), "{form}");
        }
        for hostile in ["", "Basic", "Basic ?", "Basic YQ==", "Bearer YSUyMGI6YyUzQWQ="] {
            let outcome = asked(Some(hostile), "grant_type=client_credentials");
            assert_eq!(outcome, Err(TokenRefused::Client), "{hostile}");
        }
    }
}
