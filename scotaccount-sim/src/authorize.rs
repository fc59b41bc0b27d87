//! What a relying party asks for at `/authorize`, checked before anybody sees a page.
//!
//! Errors go back to the relying party in the address, with the words that the documents show,
//! unless it is not sure who that is or where: then they stay here.

use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::Value;

use crate::{
    clients::{Client, Clients},
    parameters::{Parameters, Repeated, with_query},
    scopes::Scope,
    switches::{Fault, Switches},
};

/// The longest `state` or `nonce` that is taken, in bytes.
const LONGEST: usize = 2048;

/// The claims that ID tokens have, as discovery lists them.
pub(crate) const CLAIMS: [&str; 7] = ["sub", "iss", "aud", "exp", "iat", "nonce", "sid"];

/// A request that a person may answer.
pub(crate) struct AuthorizeRequest {
    pub(crate) client: Arc<Client>,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) challenge: String,
    pub(crate) scopes: Vec<Scope>,
}

/// An error that the browser carries back to the relying party.
pub(crate) struct Refused {
    redirect_uri: String,
    state: Option<String>,
    code: &'static str,
    description: String,
}

/// Why a request was not taken.
pub(crate) enum AuthorizeError {
    /// There is no address to go back to.
    Nowhere(&'static str),
    /// Back to the relying party.
    Refused(Refused),
}

impl Refused {
    /// Where the browser goes.
    pub(crate) fn location(&self) -> String {
        let mut pairs = vec![("error", self.code), ("error_description", self.description.as_str())];
        pairs.extend(self.state.as_deref().map(|state| ("state", state)));
        with_query(&self.redirect_uri, &pairs)
    }
}

impl AuthorizeRequest {
    /// Where the browser goes with a code.
    pub(crate) fn granted(&self, code: &str) -> String {
        with_query(&self.redirect_uri, &[("code", code), ("state", self.state.as_str())])
    }

    /// Where the browser goes when the person made no account.
    pub(crate) fn sign_up_cancelled(&self) -> String {
        self.refused("account_selection_required", "Account sign-up was cancelled")
    }

    /// Where the browser goes when nothing is released.
    pub(crate) fn denied(&self) -> String {
        self.refused("access_denied", "Access denied by resource owner or authorization server")
    }

    fn refused(&self, code: &'static str, description: &str) -> String {
        let (redirect_uri, state) = (self.redirect_uri.clone(), Some(self.state.clone()));
        Refused { redirect_uri, state, code, description: description.to_owned() }.location()
    }
}

/// Checks a request.
pub(crate) fn check(
    parameters: &Parameters,
    clients: &Clients,
    switches: &Switches,
) -> Result<AuthorizeRequest, AuthorizeError> {
    let (client, redirect_uri) = recipient(parameters, clients)?;
    // A state that came twice is none: which one would the relying party expect back?
    let state = parameters.one("state").ok().flatten().filter(|state| state.len() <= LONGEST);
    check_details(parameters, &client, switches)
        .and_then(|details| {
            let state = state.ok_or_else(|| invalid_request("Missing state parameter"))?;
            Ok(AuthorizeRequest {
                client: Arc::clone(&client),
                redirect_uri: redirect_uri.to_owned(),
                state: state.to_owned(),
                nonce: details.nonce,
                challenge: details.challenge,
                scopes: details.scopes,
            })
        })
        .map_err(|(code, description)| {
            let state = state.map(str::to_owned);
            AuthorizeError::Refused(Refused {
                redirect_uri: redirect_uri.to_owned(),
                state,
                code,
                description,
            })
        })
}

/// Who asks, and where the answer goes: both registered, the address to the letter.
fn recipient<'a>(
    parameters: &'a Parameters,
    clients: &Clients,
) -> Result<(Arc<Client>, &'a str), AuthorizeError> {
    let once = |name| parameters.one(name).map_err(|_| AuthorizeError::Nowhere("A parameter came twice"));
    let id = once("client_id")?.ok_or(AuthorizeError::Nowhere("Missing client_id parameter"))?;
    let client = clients.find(id).ok_or(AuthorizeError::Nowhere("Invalid client_id parameter"))?;
    let Some(redirect_uri) = once("redirect_uri")? else {
        // The documents show this error in the relying party's address. That is only safe to find
        // where there is no choice.
        let [only] = client.redirect_uris.as_slice() else {
            return Err(AuthorizeError::Nowhere("Missing redirect_uri parameter"));
        };
        return Err(AuthorizeError::Refused(Refused {
            redirect_uri: only.clone(),
            state: once("state")?.map(str::to_owned),
            code: "invalid_request",
            description: "Missing redirect_uri parameter".to_owned(),
        }));
    };
    if client.redirect_uris.iter().any(|registered| registered == redirect_uri) {
        Ok((Arc::clone(client), redirect_uri))
    } else {
        Err(AuthorizeError::Nowhere("Invalid redirect_uri parameter"))
    }
}

struct Details {
    nonce: String,
    challenge: String,
    scopes: Vec<Scope>,
}

type Refusal = (&'static str, String);

fn invalid_request(description: impl Into<String>) -> Refusal {
    ("invalid_request", description.into())
}

impl From<Repeated> for Refusal {
    fn from(Repeated(name): Repeated) -> Self {
        invalid_request(format!("Repeated {name} parameter"))
    }
}

fn check_details(parameters: &Parameters, client: &Client, switches: &Switches) -> Result<Details, Refusal> {
    if switches.fault == Fault::Internal {
        return Err(("server_error", "Unexpected server error".to_owned()));
    }
    parameters.one("state")?;
    let required = |name: &'static str| {
        let missing = || invalid_request(format!("Missing {name} parameter"));
        parameters.one(name)?.ok_or_else(missing)
    };
    if required("response_type")? != "code" {
        return Err(("unsupported_response_type", "Unsupported response_type, use code".to_owned()));
    }
    if parameters.one("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(invalid_request("Unsupported response_mode, use query"));
    }
    let scopes = scopes(required("scope")?, client, switches)?;
    let challenge = challenge(parameters)?;
    let nonce = required("nonce")?;
    if nonce.len() > LONGEST {
        return Err(invalid_request("Invalid nonce parameter"));
    }
    check_claims(parameters.one("claims")?)?;
    // A parameter of ScotAccount's own. No document lists its values, so that none is right.
    if parameters.one("dis_prompt")?.is_some() {
        return Err(("invalid_dis_prompt", "Invalid dis_prompt parameter".to_owned()));
    }
    Ok(Details { nonce: nonce.to_owned(), challenge: challenge.to_owned(), scopes })
}

fn scopes(names: &str, client: &Client, switches: &Switches) -> Result<Vec<Scope>, Refusal> {
    let mut scopes = Vec::new();
    for name in names.split(' ').filter(|name| !name.is_empty()) {
        let scope = Scope::read(name, switches.scope_name).filter(|scope| client.scopes.contains(scope));
        // The documents show the scope itself as the description.
        let scope = scope.ok_or_else(|| ("invalid_scope", name.to_owned()))?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    if scopes.contains(&Scope::OpenId) {
        Ok(scopes)
    } else {
        Err(("invalid_scope", "missing scope openid".to_owned()))
    }
}

/// The challenge of PKCE (RFC 7636) with S256. The documents' own words name `plain` too; it is not
/// taken.
fn challenge(parameters: &Parameters) -> Result<&str, Refusal> {
    let required = || invalid_request("Required PKCE method(s): [plain, S256]");
    let challenge = parameters.one("code_challenge")?.ok_or_else(required)?;
    if parameters.one("code_challenge_method")?.ok_or_else(required)? != "S256" {
        return Err(invalid_request("Unsupported code_challenge_method, use S256"));
    }
    let is_digest = Base64UrlUnpadded::decode_vec(challenge).is_ok_and(|digest| digest.len() == 32);
    if is_digest { Ok(challenge) } else { Err(invalid_request("Invalid code_challenge parameter")) }
}

/// The `claims` parameter (OpenID Connect Core §5.5). It can name what comes in any case, and no
/// more: attributes are released by scope.
fn check_claims(claims: Option<&str>) -> Result<(), Refusal> {
    let Some(claims) = claims else { return Ok(()) };
    let claims: Value = serde_json::from_str(claims)
        .map_err(|_| invalid_request("Invalid claims parameter: Invalid JSON"))?;
    let known = |members: &Value| {
        members.as_object().is_some_and(|members| members.keys().all(|name| CLAIMS.contains(&name.as_str())))
    };
    let is_known = claims
        .as_object()
        .is_some_and(|parts| parts.iter().all(|(part, members)| part == "id_token" && known(members)));
    if is_known { Ok(()) } else { Err(("invalid_claims", "Unsupported claims parameter".to_owned())) }
}
