//! A mailbox for everybody whose identity was checked: ScotAccount's designed, one-time call to the
//! mailbox service.
//!
//! After a journey in which the identity was confirmed, the mailbox service is asked for a mailbox:
//! first for a bearer token with client id and secret, then for the mailbox, with the name under
//! which that service knows the person and the token with the confirmed name. The number that it
//! answers is kept with the account and on the disk, so that the call is made once. When it fails,
//! the journey goes on, and the next one tries again.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use axum::http::StatusCode;
use base64ct::{Base64, Encoding as _};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use tokio::sync::Mutex;

use crate::{
    claims,
    clients::Client,
    durable,
    keys::KeyError,
    outgoing::{self, OutgoingError, Post},
    parameters::form,
    people::Person,
    scopes::Scope,
    sim::Sim,
};

/// The longest number of a mailbox that is kept.
const LONGEST_ID: usize = 128;

/// Why there is no mailbox.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// No mailbox service is named.
    #[error("no mailbox service is named: start with --mailbox-api")]
    NotNamed,
    /// Only a confirmed identity gets a mailbox.
    #[error("the identity is not confirmed")]
    NotConfirmed,
    /// The service did not answer.
    #[error("the mailbox service cannot be reached: {0}")]
    Unreachable(#[from] OutgoingError),
    /// The service refused.
    #[error("the mailbox service refused {step}: {status}")]
    Refused {
        /// What it was asked for.
        step: &'static str,
        /// Its answer.
        status: StatusCode,
    },
    /// The service answered something else.
    #[error("the mailbox service gave no {0}")]
    Misunderstood(&'static str),
    /// The secret's file cannot be used.
    #[error("the secret in {} cannot be used: {reason}", .file.display())]
    Secret {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The numbers of mailboxes cannot be read or kept.
    #[error("the numbers of mailboxes in {} cannot be read or kept: {cause}", .file.display())]
    Store {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The claims could not be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Where the mailbox service is, and how to prove to it who asks.
pub struct MailboxApi {
    url: String,
    client_id: String,
    secret: String,
}

impl MailboxApi {
    /// Reads the secret from its file, which nobody but its owner may read.
    ///
    /// # Errors
    /// [`MailboxError::Secret`].
    pub fn new(url: &str, client_id: &str, secret: &Path) -> Result<Self, MailboxError> {
        let refused = |reason| MailboxError::Secret { file: secret.to_owned(), reason };
        let failed = |error: io::Error| refused(error.to_string());
        if fs::metadata(secret).map_err(failed)?.mode() & 0o077 != 0 {
            return Err(refused("others can read it; run chmod 600 on it".to_owned()));
        }
        let text = fs::read_to_string(secret).map_err(failed)?;
        let text = text.trim_end().to_owned();
        if text.is_empty() {
            return Err(refused("it is empty".to_owned()));
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), client_id: client_id.to_owned(), secret: text })
    }
}

/// Client ids, and the people whom each knows with the numbers of their mailboxes.
type Numbers = BTreeMap<String, BTreeMap<String, String>>;

/// The mailboxes that were made.
pub(crate) struct Mailboxes {
    api: MailboxApi,
    file: PathBuf,
    /// Held during a call, so that two journeys at once make one.
    numbers: Mutex<Numbers>,
}

#[derive(Deserialize)]
struct BearerToken {
    access_token: String,
}

#[derive(Deserialize)]
struct MadeMailbox {
    mailbox_id: String,
}

impl Mailboxes {
    pub(crate) fn open(api: MailboxApi, folder: &Path) -> Result<Self, MailboxError> {
        let file = folder.join("mailboxes.json");
        let numbers = match fs::read(&file) {
            Ok(json) => serde_json::from_slice(&json)
                .map_err(|error| MailboxError::Store { file: file.clone(), cause: error.into() })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Numbers::new(),
            Err(cause) => return Err(MailboxError::Store { file, cause }),
        };
        Ok(Self { api, file, numbers: Mutex::new(numbers) })
    }

    async fn ensure(
        &self,
        client_id: &str,
        person: &str,
        subject: &str,
        claims_token: &str,
    ) -> Result<String, MailboxError> {
        let mut numbers = self.numbers.lock().await;
        if let Some(number) = numbers.get(client_id).and_then(|people| people.get(person)) {
            return Ok(number.clone());
        }
        let number = self.make(subject, claims_token).await?;
        let mut changed = numbers.clone();
        changed.entry(client_id.to_owned()).or_default().insert(person.to_owned(), number.clone());
        let failed = |cause| MailboxError::Store { file: self.file.clone(), cause };
        let json = serde_json::to_vec_pretty(&changed).map_err(|error| failed(error.into()))?;
        durable::write(&self.file, &json).map_err(failed)?;
        *numbers = changed;
        Ok(number)
    }

    async fn make(&self, subject: &str, claims_token: &str) -> Result<String, MailboxError> {
        let MailboxApi { url, client_id, secret } = &self.api;
        // RFC 6749 §2.3.1: both are encoded as in a form before they are joined.
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(client_id), encoded(secret));
        let BearerToken { access_token } = ask(
            "a bearer token",
            Post {
                url: &format!("{url}/oauth/token"),
                content_type: "application/x-www-form-urlencoded",
                authorization: Some(format!("Basic {}", Base64::encode_string(pair.as_bytes()))),
                body: form(&[("grant_type", "client_credentials")]),
            },
        )
        .await?;
        let MadeMailbox { mailbox_id } = ask(
            "a mailbox",
            Post {
                url: &format!("{url}/v1/mailboxes"),
                content_type: "application/json",
                authorization: Some(format!("Bearer {access_token}")),
                body: json!({ "sub": subject, "claims_token": claims_token }).to_string(),
            },
        )
        .await?;
        let is_number = (1..=LONGEST_ID).contains(&mailbox_id.len())
            && mailbox_id.bytes().all(|byte| byte.is_ascii_graphic());
        if is_number { Ok(mailbox_id) } else { Err(MailboxError::Misunderstood("number of a mailbox")) }
    }
}

async fn ask<T: DeserializeOwned>(what: &'static str, post: Post<'_>) -> Result<T, MailboxError> {
    let (status, body) = outgoing::post(post).await?;
    if !status.is_success() {
        return Err(MailboxError::Refused { step: what, status });
    }
    serde_json::from_slice(&body).map_err(|_| MailboxError::Misunderstood(what))
}

/// Sees to it that a person has a mailbox. Returns its number.
///
/// The mailbox service is a relying party like others, and knows the person by the name that it
/// alone is given. Where none of the relying parties is marked as that service, the one of the
/// journey is taken for it.
pub(crate) async fn provision(
    sim: &Sim,
    client: &Client,
    person: &'static Person,
) -> Result<String, MailboxError> {
    let mailboxes = sim.mailboxes.as_ref().ok_or(MailboxError::NotNamed)?;
    if !claims::is_confirmed(person) {
        return Err(MailboxError::NotConfirmed);
    }
    let client = sim.clients.mailbox().map_or(client, |mailbox| mailbox.as_ref());
    let subject = sim.subject(client, person);
    let token = claims::token(sim, &subject, person, &[Scope::Identity])?;
    let token = token.ok_or(MailboxError::NotConfirmed)?;
    mailboxes.ensure(&client.id, person.id, &subject, &token).await
}
