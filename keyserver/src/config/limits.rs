//! Limits, and for how long things hold.

use std::{net::IpAddr, time::Duration};

use relay_auth::permit::LONGEST_LIFE;
use serde::{Deserialize, Serialize};
use service::serve::{Connections, OF_ONE_ADDRESS, UNTAKEN};

use crate::app::Limits;

/// Limits on connections and requests, and for how long things hold. Times are in seconds.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Connections at one time.
    pub connections: usize,
    /// Connections of one address at one time. Trusted proxies may have any number.
    pub connections_of_one_address: usize,
    /// For the head of a request to arrive, the handshake of TLS included, and for an idle connection.
    pub header_seconds: u64,
    /// For the body of a request to arrive.
    pub body_seconds: u64,
    /// For a request in all. Signing in waits for ScotAccount.
    pub request_seconds: u64,
    /// For running requests to end when the directory stops.
    pub drain_seconds: u64,
    /// Requests of one address in a second, on average.
    pub requests_per_second: u32,
    /// Requests of one address at once.
    pub burst: u32,
    /// Memory for the store's pages, in bytes.
    pub cache_bytes: u64,
    /// Codes that are taken to ScotAccount at a time.
    pub sign_ins_at_once: usize,
    /// People whom one public body may look up in a day.
    pub lookups_a_day: u64,
    /// How long a permit is taken; at most a day.
    pub permit_seconds: u64,
    /// How long a voucher is taken.
    pub voucher_seconds: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let Limits {
            body,
            request,
            requests_per_second,
            burst,
            sign_ins_at_once,
            lookups_a_day,
            permit_seconds,
            voucher_seconds,
        } = Limits::default();
        Self {
            connections: 4096,
            connections_of_one_address: OF_ONE_ADDRESS,
            header_seconds: 10,
            body_seconds: body.as_secs(),
            request_seconds: request.as_secs(),
            drain_seconds: 20,
            requests_per_second,
            burst,
            cache_bytes: 256 << 20,
            sign_ins_at_once,
            lookups_a_day,
            permit_seconds,
            voucher_seconds,
        }
    }
}

impl LimitsConfig {
    /// Limits on requests, and for how long things hold.
    #[must_use]
    pub fn requests(&self) -> Limits {
        Limits {
            body: Duration::from_secs(self.body_seconds),
            request: Duration::from_secs(self.request_seconds),
            requests_per_second: self.requests_per_second,
            burst: self.burst,
            sign_ins_at_once: self.sign_ins_at_once,
            lookups_a_day: self.lookups_a_day,
            permit_seconds: self.permit_seconds.min(LONGEST_LIFE),
            voucher_seconds: self.voucher_seconds,
        }
    }

    /// Limits on connections.
    #[must_use]
    pub fn connections(&self, trusted_proxies: &[IpAddr]) -> Connections {
        Connections {
            most: self.connections,
            of_one_address: self.connections_of_one_address,
            header: Duration::from_secs(self.header_seconds),
            drain: Duration::from_secs(self.drain_seconds),
            untaken: UNTAKEN,
            trusted_proxies: trusted_proxies.to_vec(),
        }
    }
}
