//! `/v1/mailbox/events`: an answer that goes on for as long as the device listens.
//!
//! A signed streaming fetch, not an event source, whose requests cannot be signed. The stream says
//! that something came, never what: the device then lists.

use std::{
    collections::VecDeque,
    convert::Infallible,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use api::{Code, Problem, events::Event};
use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use service::refusal::Refusal;
use tokio::{sync::watch, time::Instant};

use super::signed;
use crate::{
    app::App,
    deposits::PageLimits,
    deposits::arrivals::Subscription,
    mailboxes::requests::Admitted,
    store::{Denied, StoreFailure},
};

/// How many deposits are looked up at once.
const AT_ONCE: usize = 256;

/// Follow what happens in the mailbox.
///
/// One JSON value a line; an empty line says that the stream lives. It starts with the last sequence
/// number and then tells each new deposit. It ends when the relay stops, when the device is removed
/// from the access list or asks for another stream, when a session is opened, and after an hour at the
/// latest; the device then asks again.
#[utoipa::path(
    get,
    path = "/v1/mailbox/events",
    tag = "mailbox",
    security(("device" = [])),
    responses(
        (status = 200, description = "The stream.", body = Event, content_type = "application/x-ndjson"),
        (status = 401, description = "signature-invalid, request-out-of-time, request-replayed", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "too-many-streams, too-many-requests", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "Another error", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "unavailable", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn follow(State(app): State<Arc<App>>, request: Request) -> Result<Response, Refusal> {
    let by = signed::admit(&app, request).await?;
    // Before the last number is read: what comes in between is told, not missed.
    let news = app.arrivals.subscribe(by.mailbox(), by.key()).ok_or_else(|| {
        let detail = "This mailbox has as many event streams as it may: close one, or list instead.";
        Refusal::new(Code::TooManyStreams, detail).retry_after(60)
    })?;
    // A restart between the two steps above would have told nobody here.
    if app.store.request_key(by.key()).await?.is_none_or(|known| known.mailbox != by.mailbox()) {
        return Err(Denied::KeyGone.into());
    }
    let nothing = PageLimits { entries: 1, bytes: 0 };
    let last = app.deposits.letters_after(&by, u64::MAX, nothing).await?.last;
    let following = Following {
        stopping: app.stopping(),
        ends: Instant::now() + lifetime(app.limits.stream, RandomState::new().hash_one(by.key().as_bytes())),
        by,
        news,
        told: last,
        more: false,
        lines: VecDeque::from([line(&Event::Start { last })]),
        _counted: Counted::new(),
        app,
    };
    let body = Body::from_stream(stream::unfold(following, |mut following| async move {
        let line = following.next().await?;
        Some((Ok::<_, Infallible>(line), following))
    }));
    Ok(([(header::CONTENT_TYPE, api::media::JSON_LINES)], body).into_response())
}

/// A stream that somebody listens to.
struct Following {
    app: Arc<App>,
    by: Admitted,
    news: Subscription,
    stopping: watch::Receiver<bool>,
    ends: Instant,
    /// The last deposit that was told.
    told: u64,
    /// Whether there may be more deposits than were looked up.
    more: bool,
    lines: VecDeque<Bytes>,
    _counted: Counted,
}

enum Wake {
    End,
    News,
    Heartbeat,
}

impl Following {
    /// The next line; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            let wake = if self.more { Wake::News } else { self.wait().await };
            match wake {
                Wake::End => return None,
                Wake::Heartbeat => return Some(Bytes::from_static(b"\n")),
                Wake::News => self.look().await.ok()??,
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        tokio::select! {
            biased;
            () = stopped(&mut self.stopping) => Wake::End,
            () = tokio::time::sleep_until(self.ends) => Wake::End,
            () = self.news.news() => Wake::News,
            () = tokio::time::sleep(self.app.limits.heartbeat) => Wake::Heartbeat,
        }
    }

    /// Puts what is new in line. `None` if the device may not listen any more.
    async fn look(&mut self) -> Result<Option<()>, StoreFailure> {
        if !self.news.is_newest() {
            return Ok(None);
        }
        let known = self.app.store.request_key(self.by.key()).await?;
        if known.is_none_or(|known| known.mailbox != self.by.mailbox()) {
            return Ok(None);
        }
        let new = self.app.store.sequences_after(self.by.mailbox(), self.told, AT_ONCE).await?;
        self.more = new.len() == AT_ONCE;
        self.told = new.last().copied().unwrap_or(self.told);
        self.lines.extend(new.into_iter().map(|sequence| line(&Event::Letter { sequence })));
        Ok(Some(()))
    }
}

/// How long a stream lasts: at most `longest`, and by chance up to a quarter less, because a relay that was
/// started again has streams that began together.
fn lifetime(longest: Duration, chance: u64) -> Duration {
    const STEPS: u32 = 1 << 16;
    // Less than 2^16.
    let step = u32::try_from(chance % u64::from(STEPS)).unwrap_or_default();
    longest - longest / 4 / STEPS * step
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error says that the relay is gone: the same.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

fn line(event: &Event) -> Bytes {
    // An event is numbers and fixed names: it always serialises.
    let mut line = serde_json::to_vec(event).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

/// Counts open streams.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("letterbox_event_streams").increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("letterbox_event_streams").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_began_together_do_not_end_together() {
        let hour = Duration::from_secs(60 * 60);
        for chance in [0, 1, 0xffff, 0x1_0000, u64::MAX] {
            let lasts = lifetime(hour, chance);
            assert!(lasts <= hour && lasts > hour / 4 * 3, "{lasts:?}");
        }
        assert_eq!(lifetime(hour, 0), hour);
        // The relay has each of them ask again in a moment of its own.
        let spread = lifetime(hour, 0) - lifetime(hour, 0xffff);
        assert!(spread > Duration::from_secs(14 * 60), "{spread:?}");
        let drawn = |_| RandomState::new().hash_one([1; 16]);
        let chances: std::collections::BTreeSet<u64> = (0..100).map(drawn).collect();
        assert!(chances.len() > 90, "{} different", chances.len());
    }
}
