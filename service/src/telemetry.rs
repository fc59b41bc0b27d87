//! Logs and metrics. Neither names a mailbox, an address, a key, a token or a body.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Bounds of the histogram of request times, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static PROMETHEUS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts writing logs to the standard error. `RUST_LOG` says how much.
pub fn start_logs() {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,akd=warn")),
        )
        .with_writer(std::io::stderr)
        .init();
}

/// The process's metrics. Counts from the first call on.
pub fn prometheus() -> &'static PrometheusHandle {
    PROMETHEUS.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        // Refused only for an empty list of bounds.
        let builder = builder.set_buckets(SECONDS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Fails only if there is a recorder already, which then keeps counting.
        let _ = metrics::set_global_recorder(recorder);
        handle
    })
}
