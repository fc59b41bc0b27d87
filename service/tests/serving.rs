//! Connections through a real socket: those who dawdle, and those who are being answered when the
//! service stops.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, routing::get};
use service::serve::{Connections, serve};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// Much longer than anything here takes; only a failure waits for it.
pub(crate) const NEVER: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<bool>,
}

async fn start(router: Router, header: Duration, drain: Duration) -> Running {
    start_with(
        router,
        Connections {
            most: 8,
            of_one_address: 8,
            header,
            drain,
            untaken: NEVER,
            trusted_proxies: Vec::new(),
        },
    )
    .await
}

async fn start_with(router: Router, connections: Connections) -> Running {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(async move {
        serve(listener, router, &connections, None, async {
            let _ = stopped.await;
        })
        .await
    });
    Running { address, stop, ended }
}

/// Everything that comes until the other side closes.
pub(crate) async fn to_the_end(mut stream: impl AsyncRead + Unpin) -> String {
    let mut all = Vec::new();
    // A connection that is reset has ended as well.
    let _ = timeout(NEVER, stream.read_to_end(&mut all)).await.expect("the connection stayed open");
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn a_head_that_does_not_come_to_its_end_ends_the_connection() {
    let router = Router::new().route("/", get(|| async { "here" }));
    let running = start(router, Duration::from_millis(50), NEVER).await;
    for beginning in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let answer = to_the_end(stream).await;
        assert!(!answer.contains("here"), "{beginning:?}: {answer}");
    }
    // Who is quick is answered.
    let mut quick = TcpStream::connect(running.address).await.unwrap();
    quick.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(to_the_end(quick).await.ends_with("here"));
}

/// Asks, and hears everything until the other side closes.
async fn asks_from(address: [u8; 4], service: SocketAddr) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((address, 0).into()).unwrap();
    let mut stream = socket.connect(service).await.unwrap();
    // Fails where it was closed already.
    let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    to_the_end(stream).await
}

#[tokio::test]
async fn an_address_that_has_all_its_connections_gets_no_other_until_one_ends_and_others_do() {
    let hour = Duration::from_secs(60 * 60);
    let [one, other, proxy] = [1, 2, 3].map(|number| [127_u8, 0, 0, number]);
    let connections = Connections {
        most: 8,
        of_one_address: 1,
        header: hour,
        drain: NEVER,
        untaken: hour,
        trusted_proxies: vec![IpAddr::from(proxy)],
    };
    let running = start_with(Router::new().route("/", get(|| async { "here" })), connections).await;
    // Connections are taken in the order in which they came.
    let silent = TcpStream::connect(running.address).await.unwrap();
    assert_eq!(asks_from(one, running.address).await, "");
    assert!(asks_from(other, running.address).await.ends_with("here"));
    let held = TcpSocket::new_v4().unwrap();
    held.bind((proxy, 0).into()).unwrap();
    let held = held.connect(running.address).await.unwrap();
    assert!(asks_from(proxy, running.address).await.ends_with("here"), "a proxy has any number");
    drop((silent, held));
    let again = async { while !asks_from(one, running.address).await.ends_with("here") {} };
    timeout(NEVER, again).await.unwrap();
}

#[tokio::test]
async fn too_many_header_fields_are_refused() {
    let running = start(Router::new().route("/", get(|| async { "here" })), NEVER, NEVER).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let fields: String = (0..100).map(|number| format!("x-{number}: 1\r\n")).collect();
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\n{fields}connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    assert!(to_the_end(stream).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn a_request_that_is_being_answered_when_the_service_stops_is_answered() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        move || async move {
            begun.notify_one();
            go_on.notified().await;
            "here"
        }
    };
    let running = start(Router::new().route("/", get(slow)), NEVER, NEVER).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    timeout(NEVER, begun.notified()).await.unwrap();
    running.stop.send(()).unwrap();
    go_on.notify_one();
    assert!(to_the_end(stream).await.ends_with("here"));
    assert!(timeout(NEVER, running.ended).await.unwrap().unwrap(), "all requests ended in time");
    assert!(TcpStream::connect(running.address).await.is_err(), "nobody else is taken");
}

#[tokio::test]
async fn a_request_that_does_not_end_does_not_keep_the_service_from_stopping() {
    let begun = Arc::new(Notify::new());
    let endless = {
        let begun = Arc::clone(&begun);
        move || async move {
            begun.notify_one();
            std::future::pending::<&'static str>().await
        }
    };
    let running = start(Router::new().route("/", get(endless)), NEVER, Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    timeout(NEVER, begun.notified()).await.unwrap();
    running.stop.send(()).unwrap();
    assert!(!timeout(NEVER, running.ended).await.unwrap().unwrap(), "it says that one was cut off");
}
