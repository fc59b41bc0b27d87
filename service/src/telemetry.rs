//! Logs and metrics. Neither names a mailbox, an address, a key, a token or a body.

use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Bounds of the histogram of request times, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static PROMETHEUS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts writing logs to the standard error. `RUST_LOG` says how much.
pub fn start_logs() {
    let chosen = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,akd=warn"));
    tracing_subscriber::fmt().with_env_filter(without_keys(&chosen)).with_writer(std::io::stderr).init();
    // Who searches the log for what must not be in it knows by this line that nothing was held back.
    tracing::trace!("the log is in full detail");
}

/// sled writes down the key of each row that it touches, and the relay's keys are numbers of mailboxes. What
/// was asked of sled is left out, of its modules as well, which would count for more than sled itself.
fn without_keys(chosen: &EnvFilter) -> EnvFilter {
    let chosen = chosen.to_string();
    let others: Vec<&str> = chosen.split(',').filter(|one| !one.trim().starts_with("sled")).collect();
    let others = EnvFilter::new(others.join(","));
    others.add_directive("sled=warn".parse().expect("a target with a level is a directive"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_every_detail_does_not_get_the_keys_of_rows() {
        for (chosen, kept) in [
            ("trace", "trace"),
            ("info,sled=trace", "info"),
            ("sled=debug,warn", "warn"),
            ("sled::tree=trace,sled::pagecache::logger=trace,info,akd=warn", "akd=warn,info"),
            ("sled[span]=trace,info", "info"),
        ] {
            let filter = without_keys(&EnvFilter::new(chosen)).to_string();
            assert_eq!(filter.matches("sled").count(), 1, "{filter}");
            assert!(filter.contains("sled=warn"), "{filter}");
            assert!(kept.split(',').all(|one| filter.split(',').any(|kept| kept == one)), "{filter}");
        }
    }
}
