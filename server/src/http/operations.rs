//! `/healthz`, `/readyz`, `/metrics`: for those who run the relay. Nothing here names a mailbox, an
//! address or a key.

use std::{sync::Arc, time::Duration};

use api::Code;
use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use tokio::{sync::Mutex, time::Instant};

use super::problem::Refusal;
use crate::{app::App, telemetry};

/// How long an answer of the probe is good for: asking more often does not cost more writes.
const FRESH: Duration = Duration::from_secs(1);

/// What the last probe of the store said, and when.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    async fn ask(&self, app: &App) -> bool {
        // One probe at a time; whoever waited for it takes its answer.
        let mut last = self.0.lock().await;
        if let Some((asked, ready)) = *last
            && asked.elapsed() < FRESH
        {
            return ready;
        }
        let ready = match tokio::time::timeout(app.limits.probe, app.store.probe()).await {
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

/// What the operator may ask.
pub fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(Arc::clone(app))
}

/// Whether the store takes and gives back a row, in time.
async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Refusal> {
    if *app.stopping().borrow() {
        return Err(Refusal::new(Code::Unavailable, "The relay is stopping."));
    }
    if app.readiness.ask(&app).await {
        Ok("ready\n")
    } else {
        Err(Refusal::new(Code::Unavailable, "The store does not answer: see the relay's log."))
    }
}

async fn scrape(State(app): State<Arc<App>>) -> impl IntoResponse {
    let alarms = u32::try_from(app.alarms().len()).unwrap_or(u32::MAX);
    metrics::gauge!("letterbox_store_alarms").set(alarms);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], telemetry::prometheus().render())
}
