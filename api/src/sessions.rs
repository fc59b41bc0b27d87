//! Sessions: reading a mailbox for a while with its recovery code, without being one of its devices.

use minicbor::{Decode, Encode};
use utoipa::ToSchema;

use crate::{Octets, Octets16};

/// A session ends so many seconds after the last request that it signed.
pub const PAUSE: u64 = 15 * 60;

/// It ends so many seconds after it was opened, however much it asks.
pub const LIFE: u64 = 4 * 60 * 60;

/// For so many seconds the devices of the mailbox are told of it: 90 days.
pub const REMEMBERED: u64 = 90 * 24 * 60 * 60;

/// The most sessions of one mailbox that are open at one time.
pub const MOST_OPEN: usize = 4;

/// The most sessions of one mailbox that are remembered. Beyond it none is opened: one that the owner
/// is not told of would be worse than none.
pub const MOST_REMEMBERED: usize = 64;

/// Opens a session. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct OpenSession {
    /// The sealed ticket, as the directory gave it.
    #[n(0)]
    pub ticket: Octets,
}

/// What ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
#[cbor(index_only)]
pub enum SessionEnd {
    /// Whoever read said so.
    #[n(0)]
    Itself,
    /// A device of the mailbox said so.
    #[n(1)]
    Device,
    /// Somebody came back with the recovery code.
    #[n(2)]
    Restart,
    /// Nothing was asked for a while, or it was open for as long as it may be.
    #[n(3)]
    Time,
}

/// A session, as the devices of the mailbox are told of it. On the wire a CBOR array of the fields in
/// this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct SessionEntry {
    /// Its number.
    #[n(0)]
    pub id: Octets16,
    /// When it was opened, Unix seconds.
    #[n(1)]
    pub opened: u64,
    /// When it last asked for something, Unix seconds.
    #[n(2)]
    pub asked: u64,
    /// When it ended; while it is open, when it ends if nothing more is asked. Unix seconds.
    #[n(3)]
    pub ends: u64,
    /// What ended it; none while it is open.
    #[n(4)]
    pub end: Option<SessionEnd>,
}

/// The sessions of a mailbox that are remembered. On the wire a CBOR array of the fields in this order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, ToSchema)]
pub struct SessionList {
    /// In the order in which they were opened.
    #[n(0)]
    pub sessions: Vec<SessionEntry>,
}
