//! The token endpoint: a code or a refresh token against tokens.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    assertions::AssertionError,
    clients::Client,
    grants::{GrantError, Held, Presented},
    ids,
    keys::KeyError,
    parameters::{Parameters, Repeated},
    scopes::{self, Scope},
    sim::Sim,
    switches::AccessTokenForm,
};

/// How many seconds ID tokens and refresh tokens work, and what the answer says of access tokens.
const LIFE: u64 = 900;

/// The only way in which a relying party proves who it is.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Grants that OAuth has and no relying party is registered for.
const OTHER_GRANTS: [&str; 3] =
    ["client_credentials", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer"];

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("{0}")]
    InvalidRequest(String),
    #[error("{0}")]
    InvalidClient(#[from] AssertionError),
    #[error("the code or refresh token is not taken: {0}")]
    InvalidGrant(#[from] GrantError),
    #[error("the client is not registered for this grant_type")]
    UnauthorizedClient,
    #[error("the grant_type is neither authorization_code nor refresh_token")]
    UnsupportedGrant,
    #[error("the scope goes beyond what was granted")]
    InvalidScope,
    #[error("Invalid SID or expired session")]
    SessionEnded,
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl From<Repeated> for TokenError {
    fn from(Repeated(name): Repeated) -> Self {
        Self::InvalidRequest(format!("Repeated {name} parameter"))
    }
}

/// Answers a request at the token endpoint.
pub(crate) fn exchange(sim: &Sim, parameters: &Parameters) -> Result<Value, TokenError> {
    let required = |name: &'static str| {
        let missing = || TokenError::InvalidRequest(format!("Missing {name} parameter"));
        parameters.one(name)?.ok_or_else(missing)
    };
    let client = caller(sim, parameters)?;
    let now = sim.clock.now();
    match required("grant_type")? {
        "authorization_code" => {
            let presented = Presented {
                code: required("code")?,
                client_id: &client.id,
                redirect_uri: required("redirect_uri")?,
                verifier: required("code_verifier")?,
            };
            let held = sim.grants.redeem(&presented, sim.switches().code_life.seconds(), now)?;
            let (scopes, nonce) = (held.1.scopes.clone(), held.1.nonce.clone());
            issue(sim, &held, &scopes, Some(&nonce), now)
        }
        "refresh_token" => {
            let held = sim.grants.refresh(required("refresh_token")?, &client.id, now)?;
            let scopes = narrowed(sim, &held.1.scopes, parameters.one("scope")?)?;
            // OpenID Connect Core §12.2: a refreshed ID token has no nonce. It answers no sign-in.
            issue(sim, &held, &scopes, None, now)
        }
        other if OTHER_GRANTS.contains(&other) => Err(TokenError::UnauthorizedClient),
        _ => Err(TokenError::UnsupportedGrant),
    }
}

fn caller(sim: &Sim, parameters: &Parameters) -> Result<Arc<Client>, TokenError> {
    if parameters.one("client_assertion_type")?.is_some_and(|found| found != ASSERTION_TYPE) {
        return Err(TokenError::InvalidRequest("Unsupported client_assertion_type".to_owned()));
    }
    let (Some(assertion), Some(_)) =
        (parameters.one("client_assertion")?, parameters.one("client_assertion_type")?)
    else {
        return Err(AssertionError::Missing.into());
    };
    let now = sim.clock.now();
    let client =
        sim.assertions.verify(assertion, &sim.token_endpoint(), &sim.clients, &sim.switches(), now)?;
    // It may stand in the form too (RFC 7521 §4.2), and must then be the same.
    if parameters.one("client_id")?.is_some_and(|id| id != client.id) {
        return Err(AssertionError::UnknownClient.into());
    }
    Ok(client)
}

/// The scopes that a refresh asks for: some of those that were granted.
fn narrowed(sim: &Sim, granted: &[Scope], asked: Option<&str>) -> Result<Vec<Scope>, TokenError> {
    let Some(asked) = asked else { return Ok(granted.to_vec()) };
    let naming = sim.switches().scope_name;
    asked
        .split(' ')
        .filter(|name| !name.is_empty())
        .map(|name| Scope::read(name, naming).filter(|scope| granted.contains(scope)))
        .collect::<Option<_>>()
        .ok_or(TokenError::InvalidScope)
}

fn issue(
    sim: &Sim,
    (number, grant): &Held,
    scopes: &[Scope],
    nonce: Option<&str>,
    now: u64,
) -> Result<Value, TokenError> {
    if !sim.sessions.is_live(&grant.sid, now) {
        return Err(TokenError::SessionEnded);
    }
    let mut id_claims = json!({
        "sub": grant.subject, "aud": grant.client_id, "iss": sim.issuer, "exp": now + LIFE, "iat": now,
        "jti": ids::random_uuid(), "sid": grant.sid,
    });
    if let Some(nonce) = nonce {
        id_claims["nonce"] = nonce.into();
    }
    Ok(json!({
        "access_token": access_token(sim, number, &grant.subject, &grant.client_id, scopes, now)?,
        "refresh_token": sim.grants.keep_refresh(number, now + LIFE, now),
        "id_token": sim.id_keys.sign("JWT", &id_claims)?,
        "scope": scopes::joined(scopes, sim.switches().scope_name),
        "token_type": "Bearer",
        "expires_in": LIFE,
    }))
}

fn access_token(
    sim: &Sim,
    grant: &str,
    subject: &str,
    client_id: &str,
    scopes: &[Scope],
    now: u64,
) -> Result<String, KeyError> {
    let switches = sim.switches();
    let expires = now + switches.access_token_life.seconds();
    let (number, token) = match switches.access_token {
        AccessTokenForm::Jwt => {
            let number = ids::random_uuid();
            let names: Vec<_> = scopes.iter().map(|scope| scope.name(switches.scope_name)).collect();
            let claims = json!({
                "sub": subject, "scp": names, "iss": sim.issuer, "exp": expires, "iat": now,
                "jti": number, "cid": client_id,
            });
            (number, sim.id_keys.sign("at+jwt", &claims)?)
        }
        AccessTokenForm::Opaque => {
            let token = ids::random_text();
            (token.clone(), token)
        }
    };
    sim.grants.keep_access(&number, grant, scopes, expires, now);
    Ok(token)
}
