//! What the relay says as it happens, one JSON value a line. An empty line is a heartbeat.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One line of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The stream has started; everything after `last` will be told.
    Start {
        /// The sequence number of the last deposit; 0 for none.
        last: u64,
    },
    /// A letter was deposited.
    Letter {
        /// Its sequence number.
        sequence: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_look_like_this() {
        let line = serde_json::to_string(&Event::Letter { sequence: 7 }).unwrap();
        assert_eq!(line, r#"{"event":"letter","sequence":7}"#);
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), Event::Letter { sequence: 7 });
    }
}
