//! What holds for connections holds by TLS too, and for the handshake before it.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use axum::{Router, routing::get};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
    version::{TLS12, TLS13},
};
use service::{
    keys::PemFile,
    serve::{Connections, serve},
    tls::{Tls, TlsFiles},
};
use tempfile::TempDir;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::serving::{NEVER, to_the_end};

/// Longer than any test waits: what ends is ended by something else.
const HOUR: Duration = Duration::from_secs(60 * 60);

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

const PATIENT: Connections = Connections {
    most: 8,
    of_one_address: 8,
    header: HOUR,
    drain: NEVER,
    untaken: HOUR,
    trusted_proxies: Vec::new(),
};

struct Served {
    address: SocketAddr,
    certificate: CertificateDer<'static>,
    tls: Arc<Tls>,
    folder: TempDir,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<bool>,
}

/// Serves the router by TLS, with a certificate of its own.
async fn start(router: Router, connections: Connections) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let file = |name| PemFile(folder.path().join(name));
    let files = TlsFiles { certificate: file("certificate.pem"), key: file("key.pem") };
    let tls = Arc::new(Tls::load(&files).unwrap());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = Arc::clone(&tls);
    let ended = tokio::spawn(async move {
        serve(listener, router, &connections, Some(&*serving), async {
            let _ = stopped.await;
        })
        .await
    });
    Served { address, certificate, tls, folder, stop, ended }
}

fn here() -> Router {
    Router::new().route("/", get(|| async { "here" }))
}

/// Writes a new certificate and its key, in the place of those that are there.
fn certify(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = folder.join("key.pem");
    fs::write(folder.join("certificate.pem"), made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    made.cert.der().clone()
}

/// Of a client that trusts this certificate alone and speaks this version alone.
fn client(
    certificate: &CertificateDer<'static>,
    version: &'static SupportedProtocolVersion,
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

async fn shake(config: Arc<ClientConfig>, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
    timeout(NEVER, TlsConnector::from(config).connect(name(), stream)).await.unwrap()
}

impl Served {
    async fn connect(&self) -> TlsStream<TcpStream> {
        self.connect_trusting(&self.certificate).await.unwrap()
    }

    async fn connect_trusting(
        &self,
        certificate: &CertificateDer<'static>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        shake(client(certificate, &TLS13), TcpStream::connect(self.address).await.unwrap()).await
    }
}

async fn asks(mut stream: TlsStream<TcpStream>) -> String {
    stream.write_all(REQUEST).await.unwrap();
    stream.flush().await.unwrap();
    to_the_end(stream).await
}

#[tokio::test]
async fn who_speaks_tls_1_3_is_answered_and_who_speaks_less_is_refused() {
    let served = start(here(), PATIENT).await;
    assert!(asks(served.connect().await).await.ends_with("here"));

    let stream = TcpStream::connect(served.address).await.unwrap();
    let refused = shake(client(&served.certificate, &TLS12), stream).await.unwrap_err();
    let reason = refused.get_ref().and_then(|reason| reason.downcast_ref::<rustls::Error>());
    assert_eq!(reason, Some(&rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)));
}

#[tokio::test]
async fn a_long_answer_comes_whole() {
    let long = Router::new().route("/", get(|| async { vec![b'x'; 8 << 20] }));
    let served = start(long, PATIENT).await;
    let answer = asks(served.connect().await).await;
    let (_, content) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(content.len(), 8 << 20);
}

#[tokio::test]
async fn who_speaks_no_tls_is_refused_at_once() {
    let served = start(here(), PATIENT).await;
    let hostile: [&[u8]; 7] = [
        REQUEST,
        b"SSH-2.0-x\r\n",
        &[0; 64],
        // A record that is longer than any.
        b"\x16\x03\x01\xff\xff",
        // A greeting without content.
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
        // Content, and an alarm, before any greeting.
        b"\x17\x03\x03\x00\x01\x00",
        b"\x15\x03\x03\x00\x02\x02\x28",
    ];
    for bytes in hostile {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let answer = to_the_end(stream).await;
        assert!(!answer.contains("HTTP"), "{bytes:?}: {answer:?}");
    }
    assert!(asks(served.connect().await).await.ends_with("here"));
}

#[tokio::test]
async fn a_handshake_that_does_not_come_to_its_end_ends_the_connection() {
    let served = start(here(), Connections { header: Duration::from_millis(50), ..PATIENT }).await;
    let mut greeting = Vec::new();
    let mut connection = ClientConnection::new(client(&served.certificate, &TLS13), name()).unwrap();
    connection.write_tls(&mut greeting).unwrap();
    for beginning in [0, 5, greeting.len() / 2, greeting.len()] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(&greeting[..beginning]).await.unwrap();
        // Fails where the connection stays open.
        to_the_end(stream).await;
    }
}

#[tokio::test]
async fn a_handshake_has_one_of_the_places_for_connections() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = move || {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        async move { format!("number {number}") }
    };
    let router = Router::new().route("/", get(count));
    let served = start(router, Connections { most: 1, ..PATIENT }).await;
    let first = TcpStream::connect(served.address).await.unwrap();
    let config = client(&served.certificate, &TLS13);
    let second = tokio::spawn({
        let (config, address) = (Arc::clone(&config), served.address);
        async move { asks(shake(config, TcpStream::connect(address).await.unwrap()).await.unwrap()).await }
    });
    // In the time of a whole exchange elsewhere the second would have been answered, if it had a place.
    let elsewhere = start(here(), PATIENT).await;
    assert!(asks(elsewhere.connect().await).await.ends_with("here"));
    assert!(asks(shake(config, first).await.unwrap()).await.ends_with("number 0"));
    assert!(timeout(NEVER, second).await.unwrap().unwrap().ends_with("number 1"));
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_by_tls_loses_the_place_to_the_next() {
    // More than the buffers of any socket.
    let router = here().route("/large", get(|| async { vec![0_u8; 64 << 20] }));
    let untaken = Duration::from_millis(50);
    let served = start(router, Connections { most: 1, untaken, ..PATIENT }).await;
    let mut idle = served.connect().await;
    idle.write_all(b"GET /large HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    idle.flush().await.unwrap();
    assert!(asks(served.connect().await).await.ends_with("here"));
    drop(idle);
}

#[tokio::test]
async fn a_handshake_that_stands_still_does_not_keep_the_service_from_stopping() {
    let served = start(here(), PATIENT).await;
    let mut still = TcpStream::connect(served.address).await.unwrap();
    still.write_all(b"\x16\x03\x01").await.unwrap();
    // Connections are taken in the order in which they came.
    assert!(asks(served.connect().await).await.ends_with("here"));
    served.stop.send(()).unwrap();
    assert!(timeout(NEVER, served.ended).await.unwrap().unwrap(), "nothing was cut off");
    drop(still);
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_shown_to_who_comes_next_and_nobody_is_cut_off() {
    let served = start(here(), PATIENT).await;
    let before = served.connect().await;
    let next = certify(served.folder.path());
    served.tls.reload().await.unwrap();
    assert!(asks(before).await.ends_with("here"));
    let former = served.connect_trusting(&served.certificate).await;
    assert!(former.is_err(), "the former certificate is not shown any more");
    assert!(asks(served.connect_trusting(&next).await.unwrap()).await.ends_with("here"));

    // What cannot be used changes nothing.
    fs::write(served.folder.path().join("certificate.pem"), "nonsense").unwrap();
    assert!(served.tls.reload().await.is_err());
    assert!(asks(served.connect_trusting(&next).await.unwrap()).await.ends_with("here"));
}

/// A file that cannot be read before somebody writes it. Whoever waits for that is let go at the end.
struct Slow(PathBuf);

impl Slow {
    fn at(file: PathBuf) -> Self {
        fs::remove_file(&file).unwrap();
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
        Self(file)
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        // Opened for both, it waits for nobody.
        drop(fs::OpenOptions::new().read(true).write(true).open(&self.0));
    }
}

#[tokio::test]
async fn a_certificate_that_is_slow_to_be_read_keeps_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = certify(folder.path());
    let pem = fs::read(folder.path().join("certificate.pem")).unwrap();
    let file = |name| PemFile(folder.path().join(name));
    let tls = Tls::load(&TlsFiles { certificate: file("certificate.pem"), key: file("key.pem") }).unwrap();
    let slow = Slow::at(folder.path().join("certificate.pem"));
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    // A thread that serves and reads, and nothing else: were it to wait for the file, nobody would be served.
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome = runtime.block_on(async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let connections = PATIENT;
            let served = serve(listener, here(), &connections, Some(&tls), async {
                let _ = stopped.await;
            });
            tokio::join!(served, tls.reload()).1
        });
        // Nobody hears it where the test has failed before.
        let _ = end.send(outcome);
    });
    let address = timeout(NEVER, told).await.expect("it did not come to serve").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = shake(client(&certificate, &TLS13), stream).await.unwrap();
    assert!(asks(stream).await.ends_with("here"));
    // Writing waits for whoever reads: on a thread of its own, so that a test without a reader fails.
    let written = spawn_blocking({
        let file = slow.0.clone();
        move || fs::write(file, pem)
    });
    timeout(NEVER, written).await.expect("nobody reads the certificate").unwrap().unwrap();
    stop.send(()).unwrap();
    let outcome = timeout(NEVER, ended).await.expect("it did not come to its end");
    outcome.expect("its thread broke off").unwrap();
}

#[test]
fn a_certificate_that_is_never_read_to_its_end_does_not_keep_the_service_from_ending() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let file = |name| PemFile(folder.path().join(name));
    let tls = Tls::load(&TlsFiles { certificate: file("certificate.pem"), key: file("key.pem") }).unwrap();
    let slow = Slow::at(folder.path().join("certificate.pem"));
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                _ = tls.reload() => {}
                _ = stopped => {}
            }
        });
        // As at the end of a program.
        drop(runtime);
        tell.send(()).unwrap();
    });
    // Opened once somebody is reading, who then waits for what is never written.
    let writer = fs::OpenOptions::new().write(true).open(&slow.0).unwrap();
    stop.send(()).unwrap();
    let ended = told.recv_timeout(NEVER);
    drop(writer);
    assert!(ended.is_ok(), "it waits for the certificate");
}
