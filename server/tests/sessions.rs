//! Sessions: reading a mailbox with its recovery code, and being told of it.

use api::{
    Code, Octets, Octets32,
    letters::LetterPage,
    recovery::{RecoveryPut, RecoveryRestart},
    sessions::{
        LIFE, MOST_OPEN, MOST_REMEMBERED, OpenSession, PAUSE, REMEMBERED, SessionEnd, SessionEntry,
        SessionList,
    },
};
use axum::{
    body::{Body, BodyDataStream, Bytes},
    http::{Request, StatusCode, header},
};
use futures_util::{FutureExt as _, StreamExt as _};
use letterbox_server::blobs::{MOST_DOWNLOADS, MOST_DOWNLOADS_OF_A_SESSION, MOST_SESSION_DOWNLOADS};
use relay_auth::{
    access::SignedAccessList,
    cbor::{Suite, Version, Wire as _, encode},
    hostile::variants,
    id::MailboxId,
    request_key::RequestKeyId,
    session::SessionTicket,
    signing::SigningKey,
};

use crate::{
    blobs::{content, path_of},
    support::{
        MAILBOX, NOW, Relay, TestRng, access_key, access_list, copy, device, key, list, put, tickets, voucher,
    },
};

const LETTERS: &str = "/v1/mailbox/letters";
const ARCHIVE: &str = "/v1/mailbox/archive";
const OPEN: &str = "/v1/recovery/session";
const OWN: &str = "/v1/session";
const SESSIONS: &str = "/v1/mailbox/sessions";
const RECOVERY: &str = "/v1/recovery";
const RESTART: &str = "/v1/recovery/restart";

/// The code on paper.
fn code() -> SigningKey {
    key(20)
}

/// The key of a session.
fn reader() -> SigningKey {
    key(30)
}

fn ticket(mailbox: [u8; 16], key: &SigningKey, not_after: u64) -> SessionTicket {
    SessionTicket {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from(mailbox),
        session_key: key.verifying_key(),
        not_after,
    }
}

/// As the directory seals it; `keys` are those that it shares with a relay.
fn sealed(ticket: &SessionTicket, keys: u8) -> Vec<u8> {
    tickets(keys).seal(ticket, &mut TestRng(77))
}

fn putting(key: &SigningKey) -> Vec<u8> {
    let key = Octets32(*key.verifying_key().as_bytes());
    encode(&RecoveryPut { key, bundle: Octets(b"bundle".to_vec()) })
}

/// A restart with the code, for the device of this key.
fn restarting(new_device: &SigningKey) -> Vec<u8> {
    let list = SignedAccessList::sign(&access_list(2, std::slice::from_ref(new_device)), &code());
    encode(&RecoveryRestart {
        access_list: Octets(list.to_bytes()),
        key: Octets32(*code().verifying_key().as_bytes()),
        bundle: Octets(b"bundle".to_vec()),
    })
}

fn name(key: &SigningKey) -> String {
    RequestKeyId::of(&key.verifying_key()).to_text()
}

/// The number of the session that is begun first.
pub(crate) fn id() -> [u8; 16] {
    *RequestKeyId::of(&reader().verifying_key()).as_bytes()
}

/// Writes a code down, and opens a session with it.
pub(crate) async fn begin(relay: &Relay) {
    relay.write_down().await;
    relay.open_session(&reader()).await;
}

impl Relay {
    /// A relay with a mailbox whose code was written down, and a letter in it.
    async fn readable() -> Self {
        let relay = Self::opened().await;
        relay.write_down().await;
        relay.deposit(1, b"sealed").await;
        relay
    }

    async fn write_down(&self) {
        self.agreed(self.signed("PUT", "/v1/mailbox/recovery", &putting(&code()), &device())).await;
    }

    async fn agreed(&self, request: Request<Body>) {
        let (status, answer) = self.ask(request).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{answer:?}");
    }

    fn opening_session(&self, by: &SigningKey, ticket: &[u8]) -> Request<Body> {
        self.signed("POST", OPEN, &encode(&OpenSession { ticket: Octets(ticket.to_vec()) }), by)
    }

    /// A ticket that is good for a minute from now on.
    fn ticket_for(&self, key: &SigningKey, now: u64) -> Request<Body> {
        self.opening_session(&code(), &sealed(&ticket(MAILBOX, key, now + 60), 7))
    }

    async fn open_session(&self, key: &SigningKey) {
        self.agreed(self.ticket_for(key, NOW)).await;
    }

    fn reading(&self, path: &str) -> Request<Body> {
        self.signed("GET", path, b"", &reader())
    }

    async fn reads(&self) {
        let (status, answer) = self.ask(self.reading(LETTERS)).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
        let page: LetterPage = minicbor::decode(&answer).unwrap();
        assert_eq!(page.letters[0].envelope, Some(Octets(b"sealed".to_vec())));
    }

    async fn reads_no_more(&self) {
        for path in [LETTERS, ARCHIVE] {
            self.refused(self.reading(path), Code::SignatureInvalid).await;
        }
    }

    /// What this device is told.
    async fn told_to(&self, device: &SigningKey) -> Vec<SessionEntry> {
        let (status, answer) = self.ask(self.signed("GET", SESSIONS, b"", device)).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
        let list: SessionList = minicbor::decode(&answer).unwrap();
        list.sessions
    }

    async fn told(&self) -> Vec<SessionEntry> {
        self.told_to(&device()).await
    }
}

/// `LBX-SESSION-5`, `LBX-SESSION-7`
#[tokio::test]
async fn a_session_reads_letters_archive_and_files_and_the_devices_are_told() {
    let relay = Relay::readable().await;
    relay.agreed(relay.putting(&put(1, 0, 1, b"object", &[]))).await;
    assert!(relay.told().await.is_empty());
    relay.open_session(&reader()).await;
    relay.reads().await;
    for path in [ARCHIVE.to_owned(), format!("{ARCHIVE}/{}", "01".repeat(16))] {
        let (status, answer) = relay.ask(relay.reading(&path)).await;
        assert_eq!(status, StatusCode::OK, "{answer:?}");
    }
    // It may ask for files; there is none of this number.
    let file = format!("/v1/mailbox/blobs/{}", "ab".repeat(16));
    relay.refused(relay.reading(&file), Code::NoSuchBlob).await;

    let told = relay.told().await;
    let [entry] = told[..] else { panic!("{told:?}") };
    let expected = (NOW, NOW, NOW + PAUSE, None);
    assert_eq!((entry.opened, entry.asked, entry.ends, entry.end), expected);
    assert_eq!(entry.id.0, id());
}

/// `LBX-SESSION-1`
#[tokio::test]
async fn a_session_does_nothing_but_read() {
    let relay = Relay::readable().await;
    relay.open_session(&reader()).await;
    let ticket = encode(&OpenSession { ticket: Octets(sealed(&ticket(MAILBOX, &key(31), NOW + 60), 7)) });
    let file = format!("/v1/mailbox/blobs/{}", "ab".repeat(16));
    let itself = format!("{SESSIONS}/{}", name(&reader()));
    for (method, path, body) in [
        ("GET", "/v1/mailbox/events", Vec::new()),
        ("GET", SESSIONS, Vec::new()),
        ("GET", RECOVERY, Vec::new()),
        ("PUT", RECOVERY, putting(&key(21))),
        ("PUT", "/v1/mailbox/recovery", putting(&key(21))),
        ("POST", RESTART, restarting(&reader())),
        ("POST", OPEN, ticket),
        ("PUT", "/v1/mailbox/access", list(2, &[reader()])),
        ("POST", ARCHIVE, encode(&put(1, 0, 1, b"object", &[1]))),
        ("DELETE", file.as_str(), Vec::new()),
        ("DELETE", itself.as_str(), Vec::new()),
    ] {
        let request = relay.signed(method, path, &body, &reader());
        relay.refused(request, Code::SignatureInvalid).await;
    }
    // It is still open, and nothing is filed or acknowledged.
    relay.reads().await;
    assert_eq!(relay.told().await.len(), 1);
}

/// `LBX-SESSION-4`
#[tokio::test]
async fn neither_the_code_nor_a_sign_in_alone_opens_a_session() {
    let relay = Relay::readable().await;
    let good = sealed(&ticket(MAILBOX, &reader(), NOW + 60), 7);
    // The sign-in without the code.
    for stranger in [device(), access_key(), reader(), key(50)] {
        relay.refused(relay.opening_session(&stranger, &good), Code::SignatureInvalid).await;
    }
    // The code without the sign-in, or with one that is not the owner's, not now, or for something else.
    for path in [LETTERS, ARCHIVE] {
        relay.refused(relay.signed("GET", path, b"", &code()), Code::SignatureInvalid).await;
    }
    let elsewhere = sealed(&ticket([2; 16], &reader(), NOW + 60), 7);
    let of_another_directory = sealed(&ticket(MAILBOX, &reader(), NOW + 60), 8);
    let mut altered = good.clone();
    altered[100] ^= 1;
    for other in [elsewhere, of_another_directory, altered, voucher(1, NOW + 60), Vec::new()] {
        relay.refused(relay.opening_session(&code(), &other), Code::SessionTicketInvalid).await;
    }
    let late = sealed(&ticket(MAILBOX, &reader(), NOW - 1), 7);
    relay.refused(relay.opening_session(&code(), &late), Code::SessionTicketExpired).await;
    for (name, hostile) in variants(&encode(&OpenSession { ticket: Octets(good.clone()) })) {
        let answer = relay.send(relay.signed("POST", OPEN, &hostile, &code())).await;
        assert!(answer.status().is_client_error(), "{name}");
    }
    relay.reads_no_more().await;
    assert!(relay.told().await.is_empty());
    // With both it opens.
    relay.agreed(relay.opening_session(&code(), &good)).await;
    relay.reads().await;
}

/// `LBX-SESSION-6`
#[tokio::test]
async fn a_session_ends_when_nothing_was_asked_for_a_while() {
    let relay = Relay::readable().await;
    relay.open_session(&reader()).await;
    for round in 1..=2 {
        relay.set_time(NOW + round * PAUSE);
        relay.reads().await;
    }
    relay.set_time(NOW + 3 * PAUSE + 1);
    relay.reads_no_more().await;
    let told = relay.told().await;
    let ended = (told[0].asked, told[0].ends, told[0].end);
    assert_eq!(ended, (NOW + 2 * PAUSE, NOW + 3 * PAUSE, Some(SessionEnd::Time)));
    // Its key has had its session, also with a new ticket.
    let now = NOW + 3 * PAUSE + 1;
    relay.refused(relay.ticket_for(&reader(), now), Code::SessionOver).await;
    relay.reads_no_more().await;
    // A clock that is set back makes it last no longer than it would have.
    relay.set_time(NOW + 3 * PAUSE);
    relay.reads().await;
    relay.set_time(NOW);
    relay.reads().await;
    relay.set_time(NOW + 4 * PAUSE + 1);
    relay.reads_no_more().await;
}

/// `LBX-SESSION-6`
#[tokio::test]
async fn what_a_device_or_a_restart_ended_after_its_time_stays_over_when_the_clock_is_set_back() {
    let relay = Relay::readable().await;
    let (ended, restarted) = (reader(), key(31));
    relay.open_session(&ended).await;
    relay.open_session(&restarted).await;
    relay.set_time(NOW + PAUSE + 1);
    let path = format!("{SESSIONS}/{}", name(&ended));
    relay.agreed(relay.signed("DELETE", &path, b"", &device())).await;
    let new_device = key(8);
    relay.agreed(relay.signed("POST", RESTART, &restarting(&new_device), &code())).await;
    relay.set_time(NOW);
    for over in [&ended, &restarted] {
        relay.refused(relay.signed("GET", LETTERS, b"", over), Code::SignatureInvalid).await;
    }
    let told = relay.told_to(&new_device).await;
    let ends: Vec<_> = told.iter().map(|entry| (entry.ends, entry.end)).collect();
    assert_eq!(ends, [(NOW + PAUSE, Some(SessionEnd::Time)); 2]);
}

/// `LBX-SESSION-7`
#[tokio::test]
async fn the_stream_of_a_device_that_listens_ends_when_a_session_is_opened() {
    let relay = Relay::readable().await;
    let answer = relay.send(relay.get("/v1/mailbox/events")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let mut stream = answer.into_body().into_data_stream();
    assert!(stream.next().await.is_some());
    // What opens nothing ends nothing: neither the code without a ticket nor a ticket without the code.
    relay.refused(relay.opening_session(&code(), b"none"), Code::SessionTicketInvalid).await;
    let listened = stream.next().now_or_never();
    assert!(listened.is_none(), "{listened:?}");
    relay.open_session(&reader()).await;
    assert!(stream.next().await.is_none());

    // The device looks, and listens again. Opened again, it is the session of which it was told.
    let answer = relay.send(relay.get("/v1/mailbox/events")).await;
    let mut stream = answer.into_body().into_data_stream();
    assert!(stream.next().await.is_some());
    relay.open_session(&reader()).await;
    let listened = stream.next().now_or_never();
    assert!(listened.is_none(), "{listened:?}");
    relay.open_session(&key(31)).await;
    assert!(stream.next().await.is_none());
}

/// `LBX-SESSION-6`
#[tokio::test]
async fn a_session_ends_after_four_hours_however_much_it_asks() {
    let relay = Relay::readable().await;
    relay.open_session(&reader()).await;
    for round in 0..=LIFE / PAUSE {
        relay.set_time(NOW + round * PAUSE);
        relay.reads().await;
    }
    relay.set_time(NOW + LIFE + 1);
    relay.reads_no_more().await;
    let told = relay.told().await;
    assert_eq!((told[0].ends, told[0].end), (NOW + LIFE, Some(SessionEnd::Time)));
}

/// `LBX-SESSION-6`, `LBX-SESSION-7`
#[tokio::test]
async fn who_reads_a_device_and_whoever_comes_back_end_a_session_and_that_is_remembered() {
    let relay = Relay::readable().await;
    relay.open_session(&reader()).await;
    relay.agreed(relay.signed("DELETE", OWN, b"", &reader())).await;
    relay.reads_no_more().await;
    relay.refused(relay.signed("DELETE", OWN, b"", &reader()), Code::SignatureInvalid).await;

    let (second, third, new_device) = (key(31), key(32), key(8));
    relay.set_time(NOW + 1);
    relay.open_session(&second).await;
    let ending = |id: &str| relay.signed("DELETE", &format!("{SESSIONS}/{id}"), b"", &device());
    relay.agreed(ending(&name(&second))).await;
    relay.refused(relay.signed("GET", LETTERS, b"", &second), Code::SignatureInvalid).await;
    // What is over stays as it ended.
    relay.agreed(ending(&name(&reader()))).await;
    for nobodys in [name(&key(50)), "short".to_owned(), name(&device())] {
        relay.refused(ending(&nobodys), Code::NoSuchSession).await;
    }

    relay.set_time(NOW + 2);
    relay.open_session(&third).await;
    relay.agreed(relay.signed("POST", RESTART, &restarting(&new_device), &code())).await;
    relay.refused(relay.signed("GET", LETTERS, b"", &third), Code::SignatureInvalid).await;
    let told = relay.told_to(&new_device).await;
    let ends: Vec<_> = told.iter().map(|entry| (entry.opened, entry.ends, entry.end)).collect();
    let expected = [
        (NOW, NOW, Some(SessionEnd::Itself)),
        (NOW + 1, NOW + 1, Some(SessionEnd::Device)),
        (NOW + 2, NOW + 2, Some(SessionEnd::Restart)),
    ];
    assert_eq!(ends, expected);
    // A device that is out is told nothing, and ends nothing.
    relay.refused(relay.signed("GET", SESSIONS, b"", &device()), Code::SignatureInvalid).await;
}

#[tokio::test]
async fn whoever_asks_again_has_the_same_session_and_no_longer_one() {
    let relay = Relay::readable().await;
    relay.open_session(&reader()).await;
    let before = relay.told().await;
    relay.set_time(NOW + 50);
    relay.open_session(&reader()).await;
    assert_eq!(relay.told().await, before);
    relay.reads().await;
}

/// `LBX-SESSION-4`
#[tokio::test]
async fn a_mailbox_has_so_many_open_sessions_and_no_more() {
    let relay = Relay::readable().await;
    let keys: Vec<SigningKey> = (30..).take(MOST_OPEN + 1).map(key).collect();
    let (last, first) = keys.split_last().unwrap();
    for key in first {
        relay.open_session(key).await;
    }
    relay.refused(relay.ticket_for(last, NOW), Code::TooManySessions).await;
    relay.agreed(relay.signed("DELETE", OWN, b"", &reader())).await;
    relay.open_session(last).await;
    assert_eq!(relay.told().await.len(), MOST_OPEN + 1);
}

/// `LBX-SESSION-4`
#[tokio::test]
async fn who_has_to_wait_for_one_to_be_forgotten_is_told_for_how_long() {
    let relay = Relay::readable().await;
    for reader in (100..).take(MOST_REMEMBERED).map(key) {
        relay.open_session(&reader).await;
        relay.agreed(relay.signed("DELETE", OWN, b"", &reader)).await;
    }
    let refused = relay.send(relay.ticket_for(&reader(), NOW)).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], (REMEMBERED + 1).to_string());
    let now = NOW + REMEMBERED + 1;
    relay.set_time(now);
    // At once, although one request mostly takes away only a little of what is due.
    relay.agreed(relay.ticket_for(&reader(), now)).await;
    assert_eq!(relay.told().await.len(), 1, "all the others are forgotten");
}

/// A file of a letter, of so many pieces as the relay sends, and the request for it.
async fn with_file(relay: &Relay) -> (Bytes, String) {
    let file = content(1 << 20);
    relay.upload(9, 7, 1 << 20, 0, &file).await;
    relay.deposit_with(9, &[7]).await;
    (file.into(), path_of(7))
}

/// What comes of a download after its first piece, and whether that is all of it.
async fn rest(mut stream: BodyDataStream) -> (usize, bool) {
    let mut length = 0;
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => length += piece.len(),
            Err(_) => return (length, false),
        }
    }
    (length, true)
}

/// `LBX-SESSION-6`
#[tokio::test]
async fn a_download_breaks_off_when_its_session_is_over() {
    let relay = Relay::readable().await;
    let (file, path) = with_file(&relay).await;
    let (ended, quiet, open) = (key(31), key(32), reader());
    let mut downloads = Vec::new();
    for reader in [&ended, &quiet, &open] {
        relay.open_session(reader).await;
        let answer = relay.send(relay.signed("GET", &path, b"", reader)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut stream = answer.into_body().into_data_stream();
        let first = stream.next().await.unwrap().unwrap();
        downloads.push((first.len(), stream));
    }
    let id = name(&ended);
    relay.agreed(relay.signed("DELETE", &format!("{SESSIONS}/{id}"), b"", &device())).await;
    // One that has asked for nothing since is over by time, also while it is being sent something.
    relay.set_time(NOW + PAUSE);
    relay.reads().await;
    relay.set_time(NOW + PAUSE + 1);
    let mut outcomes = Vec::new();
    for (first, stream) in downloads {
        let (more, is_whole) = rest(stream).await;
        outcomes.push((first + more <= 512 * 1024, is_whole, first + more == file.len()));
    }
    assert_eq!(outcomes, [(true, false, false), (true, false, false), (false, true, true)]);
    // A device gets all of it.
    assert_eq!(relay.downloaded(7, "").await, file);
}

/// `LBX-SESSION-6`
#[tokio::test]
async fn sessions_take_no_download_from_the_devices() {
    let relay = Relay::readable().await;
    let (file, path) = with_file(&relay).await;
    let mut unread = Vec::new();
    for reader in (30..).take(MOST_OPEN).map(key) {
        relay.open_session(&reader).await;
        let reading = || relay.signed("GET", &path, b"", &reader);
        // One that reads slowly, or not at all, takes none from the others.
        for _ in 0..MOST_DOWNLOADS_OF_A_SESSION {
            let answer = relay.send(reading()).await;
            assert_eq!(answer.status(), StatusCode::OK);
            unread.push(answer);
        }
        relay.refused(reading(), Code::TooManyStreams).await;
    }
    assert_eq!(unread.len(), MOST_SESSION_DOWNLOADS);
    // What a session that is over has not read yet counts until it is broken off.
    relay.agreed(relay.signed("DELETE", OWN, b"", &key(31))).await;
    relay.open_session(&key(50)).await;
    relay.refused(relay.signed("GET", &path, b"", &key(50)), Code::TooManyStreams).await;
    for _ in 0..MOST_DOWNLOADS {
        let answer = relay.send(relay.get(&path)).await;
        assert_eq!(answer.status(), StatusCode::OK);
        unread.push(answer);
    }
    relay.refused(relay.get(&path), Code::TooManyStreams).await;
    unread.clear();
    assert_eq!(relay.downloaded(7, "").await, file);
    assert_eq!(relay.send(relay.reading(&path)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_key_of_a_session_is_no_devices_and_no_codes() {
    let relay = Relay::readable().await;
    for taken in [device(), code()] {
        relay.refused(relay.ticket_for(&taken, NOW), Code::RequestKeyTaken).await;
    }
    relay.open_session(&reader()).await;
    let access = relay.signed("PUT", "/v1/mailbox/access", &list(2, &[device(), reader()]), &device());
    relay.refused(access, Code::RequestKeyTaken).await;
    let announced = relay.signed("PUT", RECOVERY, &putting(&reader()), &code());
    relay.refused(announced, Code::RequestKeyTaken).await;
    let restart = relay.signed("POST", RESTART, &restarting(&reader()), &code());
    relay.refused(restart, Code::RequestKeyTaken).await;
    relay.reads().await;
}

#[tokio::test]
async fn what_a_session_signs_works_once_and_all_of_it_is_there_after_a_restart_of_the_relay() {
    let relay = Relay::readable().await;
    relay.open_session(&reader()).await;
    let (read, end) = (relay.reading(LETTERS), relay.signed("DELETE", OWN, b"", &reader()));
    let again = [copy(&read, b""), copy(&read, b"")];
    let end_again = copy(&end, b"");
    assert_eq!(relay.send(read).await.status(), StatusCode::OK);
    let [one, other] = again;
    relay.refused(one, Code::RequestReplayed).await;
    let before = relay.told().await;
    let relay = relay.restart();
    relay.refused(other, Code::RequestReplayed).await;
    assert_eq!(relay.told().await, before);
    relay.reads().await;
    relay.agreed(end).await;
    let relay = relay.restart();
    relay.reads_no_more().await;
    assert!(relay.send(end_again).await.status().is_client_error());
    assert_eq!(relay.told().await[0].end, Some(SessionEnd::Itself));
}

#[tokio::test]
async fn a_session_is_told_of_for_ninety_days() {
    let relay = Relay::readable().await;
    relay.open_session(&reader()).await;
    relay.set_time(NOW + REMEMBERED);
    assert_eq!(relay.told().await.len(), 1);
    relay.set_time(NOW + REMEMBERED + 1);
    assert!(relay.told().await.is_empty());
}

/// `LBX-SESSION-7`: what could not be written down is not read.
#[tokio::test]
async fn on_a_full_disk_a_device_reads_on_and_a_session_does_not() {
    let relay = Relay::readable().await;
    relay.open_session(&reader()).await;
    let relay = relay.restart_with_reserve(u64::MAX);
    assert_eq!(relay.letters("").await.last, 1);
    relay.refused(relay.reading(LETTERS), Code::ServiceFull).await;
    relay.refused(relay.ticket_for(&key(31), NOW), Code::ServiceFull).await;
    let relay = relay.restart();
    relay.reads().await;
    assert_eq!(relay.told().await.len(), 1);
}
