//! How often one network address may ask. Addresses are kept in memory for as long as they matter
//! and are never written down.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
};

use api::Code;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock as _, DefaultClock},
};

use crate::refusal::Refusal;

/// The address that a connection comes from, or the one that a trusted proxy names. Put on each
/// request by whoever accepts connections.
#[derive(Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Counts requests by address (GCRA).
pub struct Addresses {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Addresses {
    /// A limit of so many requests in a second on average, and so many at once.
    #[must_use]
    pub fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        Self { limiter: DefaultKeyedRateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Counts a request; says in how many seconds to ask again if it is one too many.
    fn count(&self, address: IpAddr) -> Result<(), u64> {
        self.limiter
            .check_key(&network(address))
            .map_err(|refused| refused.wait_time_from(self.clock.now()).as_secs().saturating_add(1))
    }

    /// Forgets addresses that have not asked for a while. To be called every minute or so.
    pub fn forget_quiet(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Addresses")
    }
}

/// An IPv6 subscriber has a network of 64 bits to choose addresses from, so the network counts.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// Refuses what comes too often from one address.
pub(crate) async fn limit(State(addresses): State<Arc<Addresses>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
    match addresses.count(peer) {
        Ok(()) => next.run(request).await,
        Err(seconds) => {
            let detail = format!("Too many requests came from your network: try again in {seconds} s.");
            Refusal::new(Code::TooManyRequests, detail).retry_after(seconds).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_refused_after_its_burst_and_others_are_not() {
        let addresses = Addresses::new(1, 3);
        let one = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..3 {
            assert_eq!(addresses.count(one), Ok(()));
        }
        assert!(addresses.count(one).is_err_and(|seconds| seconds >= 1));
        assert_eq!(addresses.count(IpAddr::from([192, 0, 2, 2])), Ok(()));
    }

    #[test]
    fn one_network_counts_as_one_address() {
        let address = |text: &str| network(text.parse().unwrap());
        assert_eq!(address("2001:db8::1"), address("2001:db8::ffff:1"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
    }
}
