//! `/healthz`, `/readyz`, `/metrics`: for those who run a service. Nothing here names a person, a
//! mailbox, an address or a key.

use std::{sync::Arc, time::Duration};

use api::Code;
use async_trait::async_trait;
use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use tokio::{sync::Mutex, time::Instant};

use crate::{refusal::Refusal, telemetry};

/// How long an answer of the probe is good for: asking more often does not cost more writes.
const FRESH: Duration = Duration::from_secs(1);

/// How long the store may take for the probe.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a service tells its operator.
#[async_trait]
pub trait Operated: Send + Sync + 'static {
    /// Whether the store takes and gives back a row.
    ///
    /// # Errors
    /// What is wrong, for the log.
    async fn probe(&self) -> Result<(), String>;

    /// Whether the service is on its way out.
    fn is_stopping(&self) -> bool;

    /// What the operator should know although the service goes on.
    fn alarms(&self) -> Vec<String>;
}

struct Probed {
    service: Arc<dyn Operated>,
    last: Mutex<Option<(Instant, bool)>>,
}

/// What the operator may ask.
pub fn router(service: Arc<dyn Operated>) -> Router {
    telemetry::prometheus();
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(Arc::new(Probed { service, last: Mutex::default() }))
}

/// Whether the store takes and gives back a row, in time.
async fn ready(State(probed): State<Arc<Probed>>) -> Result<&'static str, Refusal> {
    if probed.service.is_stopping() {
        return Err(Refusal::new(Code::Unavailable, "The service is stopping."));
    }
    if probed.is_ready().await {
        Ok("ready\n")
    } else {
        Err(Refusal::new(Code::Unavailable, "The store does not answer: see the service's log."))
    }
}

impl Probed {
    async fn is_ready(&self) -> bool {
        // One probe at a time; whoever waited for it takes its answer.
        let mut last = self.last.lock().await;
        if let Some((asked, ready)) = *last
            && asked.elapsed() < FRESH
        {
            return ready;
        }
        let ready = match tokio::time::timeout(PATIENCE, self.service.probe()).await {
            Ok(Ok(())) => true,
            Ok(Err(failure)) => {
                tracing::warn!("the readiness probe failed: {failure}");
                false
            }
            Err(_) => {
                tracing::warn!("the store did not answer the readiness probe in time");
                false
            }
        };
        *last = Some((Instant::now(), ready));
        ready
    }
}

async fn scrape(State(probed): State<Arc<Probed>>) -> impl IntoResponse {
    let alarms = u32::try_from(probed.service.alarms().len()).unwrap_or(u32::MAX);
    metrics::gauge!("letterbox_store_alarms").set(alarms);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], telemetry::prometheus().render())
}
