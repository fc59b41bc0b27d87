//! What people granted: codes, and the tokens that come from them.
//!
//! A code works once, within its time, for the relying party, the address and the verifier that it
//! was made for. A code or a refresh token that comes a second time was stolen by somebody, before
//! or after: all that came from it stops working (RFC 6749 §4.1.2, RFC 9700 §4.14).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

use crate::{ids, people::Person, scopes::Scope};

/// How long anything of a grant can matter, in seconds: longer than the longest token.
const REMEMBERED: u64 = 6 * 60 * 60;

/// What a person granted to a relying party.
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) person: &'static Person,
    pub(crate) subject: String,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) nonce: String,
    /// The session in which it was granted.
    pub(crate) sid: String,
}

/// A code as it comes to the token endpoint.
pub(crate) struct Presented<'a> {
    pub(crate) code: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) verifier: &'a str,
}

/// Why a code or a refresh token was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GrantError {
    #[error("it is not one of this client's, or was revoked")]
    Unknown,
    #[error("it has expired")]
    Expired,
    #[error("it was used before; all tokens that came from it are revoked")]
    Reused,
    #[error("the redirect_uri is not the one of the authorisation request")]
    OtherAddress,
    #[error("the code_verifier does not fit the code_challenge")]
    OtherVerifier,
}

/// A grant under its number.
pub(crate) type Held = (String, Arc<Grant>);

struct Code {
    grant: String,
    redirect_uri: String,
    challenge: String,
    made: u64,
    is_spent: bool,
}

struct Refresh {
    grant: String,
    expires: u64,
    is_spent: bool,
}

struct Access {
    grant: String,
    scopes: Vec<Scope>,
    expires: u64,
}

#[derive(Default)]
struct Books {
    grants: HashMap<String, (Arc<Grant>, u64)>,
    codes: HashMap<String, Code>,
    refresh: HashMap<String, Refresh>,
    access: HashMap<String, Access>,
}

#[derive(Default)]
pub(crate) struct Grants(Mutex<Books>);

impl Grants {
    /// Makes a code for a grant.
    pub(crate) fn grant(&self, grant: Grant, redirect_uri: &str, challenge: &str, now: u64) -> String {
        let (number, code) = (ids::random_text(), ids::random_text());
        let mut books = self.books(now);
        books.grants.insert(number.clone(), (Arc::new(grant), now));
        let (redirect_uri, challenge) = (redirect_uri.to_owned(), challenge.to_owned());
        books.codes.insert(
            code.clone(),
            Code { grant: number, redirect_uri, challenge, made: now, is_spent: false },
        );
        code
    }

    /// Takes a code. It is spent from here on, also if something about it does not fit.
    pub(crate) fn redeem(&self, presented: &Presented<'_>, life: u64, now: u64) -> Result<Held, GrantError> {
        let mut books = self.books(now);
        let Books { grants, codes, .. } = &mut *books;
        let code = codes.get_mut(presented.code).ok_or(GrantError::Unknown)?;
        // Somebody else's attempt neither spends a code nor learns whether it was spent.
        let held = held(grants, &code.grant, presented.client_id);
        if code.is_spent {
            if held.is_some() {
                grants.remove(&code.grant);
                return Err(GrantError::Reused);
            }
            return Err(GrantError::Unknown);
        }
        let held = held.ok_or(GrantError::Unknown)?;
        code.is_spent = true;
        if code.made.saturating_add(life) <= now {
            return Err(GrantError::Expired);
        }
        if code.redirect_uri != presented.redirect_uri {
            return Err(GrantError::OtherAddress);
        }
        let challenge = Base64UrlUnpadded::encode_string(&Sha256::digest(presented.verifier));
        if is_verifier(presented.verifier) && challenge == code.challenge {
            Ok(held)
        } else {
            Err(GrantError::OtherVerifier)
        }
    }

    /// Takes a refresh token. It is spent from here on: another comes with the new tokens.
    pub(crate) fn refresh(&self, token: &str, client_id: &str, now: u64) -> Result<Held, GrantError> {
        let mut books = self.books(now);
        let Books { grants, refresh, .. } = &mut *books;
        let token = refresh.get_mut(token).ok_or(GrantError::Unknown)?;
        let held = held(grants, &token.grant, client_id).ok_or(GrantError::Unknown)?;
        if token.is_spent {
            grants.remove(&token.grant);
            return Err(GrantError::Reused);
        }
        if token.expires <= now {
            return Err(GrantError::Expired);
        }
        token.is_spent = true;
        Ok(held)
    }

    /// Keeps a refresh token of a grant. Returns it.
    pub(crate) fn keep_refresh(&self, grant: &str, expires: u64, now: u64) -> String {
        let token = ids::random_text();
        let refresh = Refresh { grant: grant.to_owned(), expires, is_spent: false };
        self.books(now).refresh.insert(token.clone(), refresh);
        token
    }

    /// Keeps an access token of a grant by its number.
    pub(crate) fn keep_access(&self, number: &str, grant: &str, scopes: &[Scope], expires: u64, now: u64) {
        let access = Access { grant: grant.to_owned(), scopes: scopes.to_vec(), expires };
        self.books(now).access.insert(number.to_owned(), access);
    }

    /// What the access token with this number is good for, if it still is.
    pub(crate) fn access(&self, number: &str, now: u64) -> Option<(Arc<Grant>, Vec<Scope>)> {
        let books = self.books(now);
        let access = books.access.get(number).filter(|access| access.expires > now)?;
        let (grant, _) = books.grants.get(&access.grant)?;
        Some((Arc::clone(grant), access.scopes.clone()))
    }

    /// The books without what no longer matters. A spent code stays for as long as what came from
    /// it could work.
    fn books(&self, now: u64) -> MutexGuard<'_, Books> {
        let mut books = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Books { grants, codes, refresh, access } = &mut *books;
        grants.retain(|_, (_, granted)| granted.saturating_add(REMEMBERED) > now);
        codes.retain(|_, code| code.made.saturating_add(REMEMBERED) > now);
        refresh.retain(|_, token| grants.contains_key(&token.grant));
        access.retain(|_, token| grants.contains_key(&token.grant));
        books
    }
}

/// A grant, if it stands and is this relying party's.
fn held(grants: &HashMap<String, (Arc<Grant>, u64)>, number: &str, client_id: &str) -> Option<Held> {
    let (grant, _) = grants.get(number).filter(|(grant, _)| grant.client_id == client_id)?;
    Some((number.to_owned(), Arc::clone(grant)))
}

/// 43 to 128 unreserved signs (RFC 7636 §4.1).
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}
