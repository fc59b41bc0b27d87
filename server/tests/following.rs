//! The event stream.

use std::time::Duration;

use api::{Code, events::Event};
use axum::{
    body::{Body, Bytes},
    http::{Request, StatusCode},
};
use futures_util::StreamExt as _;
use letterbox_server::{app::Limits, deposits::arrivals::MOST_WAITERS};

use crate::support::{Relay, device, generous, key, list};

const EVENTS: &str = "/v1/mailbox/events";

struct Stream(axum::body::BodyDataStream);

impl Stream {
    async fn open(relay: &Relay, request: Request<Body>) -> Self {
        let answer = relay.send(request).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Self(answer.into_body().into_data_stream())
    }

    /// The next line; `None` at the end.
    async fn line(&mut self) -> Option<Bytes> {
        self.0.next().await.map(Result::unwrap)
    }

    async fn event(&mut self) -> Event {
        serde_json::from_slice(&self.line().await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn a_stream_tells_where_it_starts_and_every_deposit_after() {
    let relay = Relay::opened().await;
    relay.deposit(1, b"before").await;
    let mut stream = Stream::open(&relay, relay.get(EVENTS)).await;
    assert_eq!(stream.event().await, Event::Start { last: 1 });
    // Several at once are told one by one.
    relay.deposit(2, b"one").await;
    relay.deposit(3, b"two").await;
    assert_eq!(stream.event().await, Event::Letter { sequence: 2 });
    assert_eq!(stream.event().await, Event::Letter { sequence: 3 });
    relay.deposit(4, b"three").await;
    assert_eq!(stream.event().await, Event::Letter { sequence: 4 });
}

#[tokio::test]
async fn who_comes_back_hears_first_where_the_mailbox_stands_also_after_a_restart() {
    let relay = Relay::opened().await;
    let mut stream = Stream::open(&relay, relay.get(EVENTS)).await;
    assert_eq!(stream.event().await, Event::Start { last: 0 });
    drop(stream);
    relay.deposit(1, b"while nobody listens").await;
    let relay = relay.restart();
    relay.deposit(2, b"before anybody listens again").await;
    let mut stream = Stream::open(&relay, relay.get(EVENTS)).await;
    assert_eq!(stream.event().await, Event::Start { last: 2 });
}

#[tokio::test]
async fn a_stream_ends_when_the_relay_stops() {
    let relay = Relay::opened().await;
    let mut stream = Stream::open(&relay, relay.get(EVENTS)).await;
    stream.event().await;
    relay.app.stop();
    assert_eq!(stream.line().await, None);
}

#[tokio::test]
async fn a_stream_ends_when_its_device_is_removed() {
    let relay = Relay::opened().await;
    let mut stream = Stream::open(&relay, relay.get(EVENTS)).await;
    stream.event().await;
    let change = relay.signed("PUT", "/v1/mailbox/access", &list(2, &[key(8)]), &device());
    assert_eq!(relay.send(change).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(stream.line().await, None);
}

#[tokio::test]
async fn a_silent_stream_says_that_it_lives_and_ends_in_time() {
    let limits = Limits { heartbeat: Duration::from_millis(1), stream: Duration::from_secs(1), ..generous() };
    let relay = Relay::with(limits, 10);
    relay.open_mailbox().await;
    let mut stream = Stream::open(&relay, relay.get(EVENTS)).await;
    stream.event().await;
    assert_eq!(stream.line().await.unwrap(), "\n");
    while let Some(line) = stream.line().await {
        assert_eq!(line, "\n");
    }
}

#[tokio::test]
async fn a_device_whose_streams_were_cut_without_a_word_is_heard_again_however_often() {
    let relay = Relay::opened().await;
    let mut cut = Vec::new();
    for _ in 0..=MOST_WAITERS {
        cut.push(Stream::open(&relay, relay.get(EVENTS)).await);
    }
    let mut newest = Stream::open(&relay, relay.get(EVENTS)).await;
    for mut older in cut {
        assert_eq!(older.event().await, Event::Start { last: 0 });
        assert_eq!(older.line().await, None);
    }
    assert_eq!(newest.event().await, Event::Start { last: 0 });
    relay.deposit(1, b"one").await;
    assert_eq!(newest.event().await, Event::Letter { sequence: 1 });
}

#[tokio::test]
async fn a_new_stream_of_one_device_ends_none_of_another() {
    let relay = Relay::opened().await;
    let change = relay.signed("PUT", "/v1/mailbox/access", &list(2, &[device(), key(8)]), &device());
    assert_eq!(relay.send(change).await.status(), StatusCode::NO_CONTENT);
    let mut other = Stream::open(&relay, relay.signed("GET", EVENTS, b"", &key(8))).await;
    assert_eq!(other.event().await, Event::Start { last: 0 });
    let mut mine = Stream::open(&relay, relay.get(EVENTS)).await;
    assert_eq!(mine.event().await, Event::Start { last: 0 });
    relay.deposit(1, b"one").await;
    for stream in [&mut other, &mut mine] {
        assert_eq!(stream.event().await, Event::Letter { sequence: 1 });
    }
}

#[tokio::test]
async fn a_stranger_follows_nothing() {
    let relay = Relay::opened().await;
    relay.refused(relay.signed("GET", EVENTS, b"", &key(50)), Code::SignatureInvalid).await;
}
