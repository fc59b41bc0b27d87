//! What the tabs of this page say to each other: ScotAccount sends the browser back to another tab than the one
//! in which a session was begun (`LBX-SESSION-8`).
//!
//! ```text
//! the tab that came back                  the tab that waits
//!     WhoWaits(state) ──────────────────▶ is it mine?
//!                     ◀────────────────── Waiting(state)
//!     Here { state, query } ────────────▶ taken once, under this state alone
//! ```
//!
//! What ScotAccount sent is on the channel only once somebody has said that they wait for it. Nothing is stored,
//! and a tab that nobody answers goes on as if it had not asked. Only this origin hears the channel.

use std::time::Duration;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{BroadcastChannel, MessageEvent, Url, UrlSearchParams};

const CHANNEL: &str = "letterbox-signed-in";

/// How long an answer is waited for. One that comes later is heard all the same: a browser may have put the tab
/// that waits to sleep, and wakes it when somebody looks at it.
pub(crate) const PATIENCE: Duration = Duration::from_millis(400);

#[derive(Serialize, Deserialize)]
enum Word {
    /// Who waits for what came back with this `state`?
    WhoWaits(String),
    /// This tab does.
    Waiting(String),
    /// What ScotAccount sent: the part after the question mark, as it came.
    Here { state: String, query: String },
}

/// What this tab came back with.
struct Brought {
    state: String,
    query: String,
}

/// The other tabs, from this one.
#[derive(Clone, Copy)]
pub(crate) struct Tabs {
    /// `None` in a browser that has none: then tabs know nothing of each other.
    channel: StoredValue<Option<BroadcastChannel>, LocalStorage>,
    /// The `state` that this tab waits for.
    awaited: StoredValue<Option<String>>,
    brought: StoredValue<Option<Brought>>,
    /// Whether this tab came back, and another has what it came back with.
    pub(crate) has_handed_over: RwSignal<bool>,
}

impl Tabs {
    pub(crate) fn new() -> Self {
        Self {
            channel: StoredValue::new_local(BroadcastChannel::new(CHANNEL).ok()),
            awaited: StoredValue::new(None),
            brought: StoredValue::new(None),
            has_handed_over: RwSignal::new(false),
        }
    }

    /// Hears the others. `take` gets what one of them hands over; `is_in_use` says whether the reader has
    /// something here that handing over would end. Call once.
    pub(crate) fn listen(self, take: impl Fn(String) + 'static, is_in_use: impl Fn() -> bool + 'static) {
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // Another version of this page may say something else.
            if let Ok(word) = serde_wasm_bindgen::from_value::<Word>(event.data()) {
                self.hear(word, &take, &is_in_use);
            }
        });
        self.channel.with_value(|channel| {
            if let Some(channel) = channel {
                channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
            }
        });
        hear.forget(); // lives as long as the page
    }

    /// Asks who waits for what ScotAccount sent. `false` if nobody can be asked.
    pub(crate) fn ask(self, query: &str) -> bool {
        let Some(state) = UrlSearchParams::new_with_str(query).ok().and_then(|query| state_in(&query)) else {
            return false;
        };
        self.brought.set_value(Some(Brought { state: state.clone(), query: query.to_owned() }));
        self.say(&Word::WhoWaits(state))
    }

    /// Waits for what comes back from this address at ScotAccount, and for nothing else any more.
    pub(crate) fn wait_for(self, link: &str) {
        self.awaited.set_value(Url::new(link).ok().and_then(|url| state_in(&url.search_params())));
    }

    /// Waits for nothing any more: what comes back now is not for this tab, which could do nothing with it.
    pub(crate) fn stop_waiting(self) {
        self.awaited.set_value(None);
    }

    fn hear(self, word: Word, take: &impl Fn(String), is_in_use: &impl Fn() -> bool) {
        match word {
            Word::WhoWaits(state) if self.awaits(&state) => {
                self.say(&Word::Waiting(state));
            }
            Word::Waiting(state) => self.hand_over(&state, is_in_use()),
            Word::Here { state, query } if self.awaits(&state) => {
                self.awaited.set_value(None);
                take(query);
            }
            Word::WhoWaits(_) | Word::Here { .. } => {}
        }
    }

    /// An answer can come late: what the reader has opened here meanwhile stays, and what was brought goes.
    fn hand_over(self, wanted: &str, is_in_use: bool) {
        let brought = self.brought.try_update_value(|brought| brought.take_if(|it| it.state == wanted));
        let Some(Brought { state, query }) = brought.flatten().filter(|_| !is_in_use) else { return };
        if self.say(&Word::Here { state, query }) {
            self.has_handed_over.set(true);
            // A browser may keep a tab that no script has opened: then the screen says what to do.
            let _ = window().close();
        }
    }

    fn awaits(self, state: &str) -> bool {
        self.awaited.with_value(|awaited| awaited.as_deref() == Some(state))
    }

    fn say(self, word: &Word) -> bool {
        let Ok(word) = serde_wasm_bindgen::to_value(word) else { return false };
        let said = |channel: &Option<BroadcastChannel>| {
            channel.as_ref().is_some_and(|channel| channel.post_message(&word).is_ok())
        };
        self.channel.with_value(said)
    }
}

fn state_in(query: &UrlSearchParams) -> Option<String> {
    query.get("state").filter(|state| !state.is_empty())
}
