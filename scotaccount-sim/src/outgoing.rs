//! The calls that the stand-in makes itself: to relying parties when somebody signs out, to the
//! mailbox service. Plain HTTP, one request to a connection, small answers.
//!
//! It speaks no TLS, because it runs beside what it calls. It follows no redirect.

use std::{io, time::Duration};

use axum::{
    body::Bytes,
    http::{Request, StatusCode, Uri, header},
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// Not an address that can be called from here.
    #[error("the address is not one like http://localhost:8082/path; there is no TLS here")]
    Address,
    /// The connection did not come about.
    #[error("nobody answers there: {0}")]
    Connect(io::Error),
    /// The exchange broke off.
    #[error("the exchange broke off: {0}")]
    Exchange(#[from] hyper::Error),
    /// The request could not be written.
    #[error("the request cannot be written: {0}")]
    Request(#[from] axum::http::Error),
    /// The answer cannot be read or is too long.
    #[error("the answer cannot be read: {0}")]
    Answer(Box<dyn std::error::Error + Send + Sync>),
    /// No answer in time.
    #[error("there was no answer within {PATIENCE:?}")]
    Late,
}

/// What is posted.
pub(crate) struct Post<'a> {
    pub(crate) url: &'a str,
    pub(crate) content_type: &'static str,
    pub(crate) authorization: Option<String>,
    pub(crate) body: String,
}

/// Posts, and reads the answer whole.
pub(crate) async fn post(post: Post<'_>) -> Result<(StatusCode, Bytes), OutgoingError> {
    timeout(PATIENCE, exchange(post)).await.map_err(|_| OutgoingError::Late)?
}

async fn exchange(post: Post<'_>) -> Result<(StatusCode, Bytes), OutgoingError> {
    let uri: Uri = post.url.parse().map_err(|_| OutgoingError::Address)?;
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
    let authority = authority.ok_or(OutgoingError::Address)?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80)))
        .await
        .map_err(OutgoingError::Connect)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the sender.
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, post.content_type)
        .header(header::ACCEPT, "application/json");
    if let Some(authorization) = post.authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let response = sender.send_request(request.body(Full::new(Bytes::from(post.body)))?).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(OutgoingError::Answer)?;
    Ok((status, body.to_bytes()))
}
