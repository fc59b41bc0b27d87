//! Connections: how many, how long their requests may take to arrive, how they end. With TLS all of it
//! holds for the handshake too (`transport`).

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tower::ServiceExt as _;

use crate::{addresses::Peer, places::Places, tls::Tls, transport::Transport, write_timeout::WriteTimeout};

/// The most header fields of a request, and how many bytes may wait to be read.
const MOST_FIELDS: usize = 64;
const BUFFER: usize = 32 * 1024;

/// How long the other side may free no room for more of an answer, in every service. Long enough for a
/// telephone that changes its network, and for one that gets 6 kB each second all the time; an answer that
/// broke off can be asked for again.
pub const UNTAKEN: Duration = Duration::from_secs(60);

/// How many connections one address may have, if no setting says otherwise. Many, because a whole office or
/// the customers of a telephone company can have one address between them.
pub const OF_ONE_ADDRESS: usize = 1024;

/// Limits on connections.
#[derive(Clone, Debug)]
pub struct Connections {
    /// How many there may be at one time; more wait to be accepted.
    pub most: usize,
    /// How many of these one address may have, so that one machine that asks nothing cannot have them all.
    /// One more is closed at once. Trusted proxies may have any number.
    pub of_one_address: usize,
    /// How long the head of a request may take, from the first moment it is waited for: of the first one
    /// on a connection with the handshake of TLS.
    pub header: Duration,
    /// How long running requests may go on when the service stops.
    pub drain: Duration,
    /// How long the other side may free no room for more of an answer ([`UNTAKEN`]).
    pub untaken: Duration,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Serves `router` until `stop` completes, then lets running requests end. Says whether all did
/// within their time. Who takes next to nothing of an answer for too long is cut off.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: &Connections,
    tls: Option<&Tls>,
    stop: impl Future<Output = ()>,
) -> bool {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(connections.header)
        .max_headers(MOST_FIELDS)
        .max_buf_size(BUFFER);
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(connections.most));
    let places = Arc::new(Places::default());
    let trusted: Arc<[IpAddr]> = connections.trusted_proxies.clone().into();
    let mut stop = pin!(stop);
    loop {
        let next = async {
            // A slot first: what there is no room for waits in the kernel's queue.
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            biased;
            () = &mut stop => break,
            next = next => next,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                pause(&error).await;
                continue;
            }
        };
        let address = peer.ip().to_canonical();
        let most = if trusted.contains(&address) { usize::MAX } else { connections.of_one_address };
        let Some(place) = places.take(address, most) else { continue };
        // Small answers must not wait for more to come. Without it they would only be slower.
        let _ = stream.set_nodelay(true);
        let (router, trusted) = (router.clone(), Arc::clone(&trusted));
        let service = service_fn(move |request| answer(router.clone(), request, peer, Arc::clone(&trusted)));
        let stream = WriteTimeout::new(stream, connections.untaken);
        let stream = TokioIo::new(Transport::new(stream, tls.map(Tls::acceptor)));
        let connection = graceful.watch(http.serve_connection(stream, service));
        tokio::spawn(async move {
            // A connection that breaks is the other side's affair, and names an address.
            let _ = connection.await;
            drop((slot, place));
        });
    }
    drop(listener);
    tokio::time::timeout(connections.drain, graceful.shutdown()).await.is_ok()
}

async fn answer(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    trusted: Arc<[IpAddr]>,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(Body::new);
    let address = origin(peer.ip(), request.headers(), &trusted);
    request.extensions_mut().insert(Peer(address));
    router.oneshot(request).await
}

/// Where a request comes from. Each trusted proxy has appended the address that it saw; the last one
/// that is not itself a trusted proxy counts, because everything before it was written by strangers.
fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut named: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut address = peer.to_canonical();
    while trusted.contains(&address) {
        let Some(before) = named.pop().and_then(|text| text.trim().parse::<IpAddr>().ok()) else { break };
        address = before.to_canonical();
    }
    address
}

/// Waits a little when the system has no room for another connection.
async fn pause(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!("cannot accept a connection: {error}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    /// Much longer than anything here takes; only a failure waits for it.
    const NEVER: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn who_takes_nothing_of_an_answer_loses_the_place_to_the_next() {
        // More than the buffers of any socket.
        let large = || async { vec![0_u8; 64 << 20] };
        let router = Router::new().route("/large", get(large)).route("/", get(|| async { "here" }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Connections {
            most: 1,
            of_one_address: OF_ONE_ADDRESS,
            header: NEVER,
            drain: NEVER,
            untaken: Duration::from_millis(50),
            trusted_proxies: Vec::new(),
        };
        tokio::spawn(
            async move { serve(listener, router, &connections, None, std::future::pending()).await },
        );

        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        let read = tokio::time::timeout(NEVER, next.read_to_string(&mut answer)).await;
        assert!(read.is_ok_and(|read| read.is_ok()) && answer.ends_with("here"), "{answer}");
        drop(idle);
    }

    #[test]
    fn only_trusted_proxies_say_where_a_request_comes_from() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let trusted = [address("10.0.0.1"), address("10.0.0.2")];
        let from = |peer: &str, forwarded: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            origin(address(peer), &headers, &trusted)
        };
        assert_eq!(from("192.0.2.9", "198.51.100.1"), address("192.0.2.9"));
        assert_eq!(from("10.0.0.1", "198.51.100.1"), address("198.51.100.1"));
        assert_eq!(from("10.0.0.1", "203.0.113.5, 198.51.100.1, 10.0.0.2"), address("198.51.100.1"));
        assert_eq!(from("10.0.0.1", "nonsense"), address("10.0.0.1"));
        assert_eq!(origin(address("10.0.0.1"), &HeaderMap::new(), &trusted), address("10.0.0.1"));
    }
}
