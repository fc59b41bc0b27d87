//! The alarm of a chain that did not hold (`LBX-GAP-1` to `LBX-GAP-3`).
//!
//! ```text
//! none ─ a listing breaks the chain ─▶ raised ─ a listing continues it to its end ─▶ over
//!   ▲                                    ▲                                            │
//!   │                                    └─ a listing breaks it ──────────────────────┤
//!   └─ the next unlock tells it once more; then a listing continues the chain ────────┘
//! ```
//!
//! A relay that is honest again for a moment, a page that is loaded again, and a list that is made anew
//! do not end it. It goes only after somebody who typed the passphrase was told.

use minicbor::{Decode, Encode};
use relay_auth::cbor::{Limits, Start, Suite, Version, Wire};

use crate::{
    inbox::RelayLie,
    local::{Record, Writes, names},
};

/// What is stored of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Raised {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    /// A listing was not what the relay signed.
    #[n(2)]
    is_broken: bool,
    /// A listing was older than one before.
    #[n(3)]
    is_older: bool,
    /// The chain has held since.
    #[n(4)]
    is_over: bool,
    /// The last deposit that the relay told of and did not list; 0 for none.
    #[n(5)]
    withheld: u64,
}

impl Wire for Raised {
    const LIMITS: Limits = Limits { bytes: 24, depth: 1, items: 8 };
    const START: Start = Start::VersionAndSuite;
}

/// Whether the chain of deposits is in doubt. Stored under [`names::DOUBT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    raised: Option<Raised>,
    /// It was over when it was loaded: whoever unlocked is told once more, and then it may go.
    was_over: bool,
}

impl Doubt {
    /// Takes what was stored, at an unlock. What cannot be read is taken for an alarm: damaging its
    /// record does not end it (`LBX-GAP-2`).
    #[must_use]
    pub fn load(stored: Option<&[u8]>) -> Self {
        let unreadable = Raised {
            version: Version,
            suite: Suite,
            is_broken: true,
            is_older: false,
            is_over: false,
            withheld: 0,
        };
        let raised = stored.map(|stored| Raised::from_bytes(stored).unwrap_or(unreadable));
        Self { raised, was_over: raised.is_some_and(|raised| raised.is_over) }
    }

    /// The same, when it is loaded again without an unlock in between.
    #[must_use]
    pub const fn reloaded(self, before: Self) -> Self {
        Self { was_over: self.was_over && before.was_over, ..self }
    }

    /// What the person is told at each unlock (`LBX-GAP-2`).
    #[must_use]
    pub fn lies(&self) -> Vec<RelayLie> {
        let of = |raised: Raised| {
            [(raised.is_broken, RelayLie::OtherChain), (raised.is_older, RelayLie::RolledBack)]
        };
        self.raised.into_iter().flat_map(of).filter_map(|(is_so, lie)| is_so.then_some(lie)).collect()
    }

    /// A listing broke the chain. To be stored before anybody is told (`LBX-GAP-1`).
    pub fn raise(&mut self, lie: RelayLie) -> Writes {
        let is_older = lie == RelayLie::RolledBack;
        let known = self.raised;
        let raised = Raised {
            version: Version,
            suite: Suite,
            is_broken: !is_older || known.is_some_and(|known| known.is_broken),
            is_older: is_older || known.is_some_and(|known| known.is_older),
            is_over: false,
            withheld: known.map_or(0, |known| known.withheld),
        };
        (self.raised, self.was_over) = (Some(raised), false);
        if known == self.raised { Writes::default() } else { stored(&raised) }
    }

    /// The relay told of a deposit and did not list it (`LBX-GAP-4`). As [`Doubt::raise`]; a list that ends
    /// before that deposit does not end the alarm.
    pub fn withhold(&mut self, told: u64) -> Writes {
        let writes = self.raise(RelayLie::Withheld);
        if let Some(raised) = &mut self.raised
            && told > raised.withheld
        {
            raised.withheld = told;
            return stored(raised);
        }
        writes
    }

    /// A listing continued the chain to its end, the deposit `last` (`LBX-GAP-3`).
    pub fn settle(&mut self, last: u64) -> Writes {
        let Some(raised) = self.raised.filter(|raised| raised.withheld <= last) else {
            return Writes::default();
        };
        if self.was_over {
            *self = Self::default();
            return Writes { remove: vec![names::DOUBT.to_owned()], ..Writes::default() };
        }
        if raised.is_over {
            return Writes::default();
        }
        let over = Raised { is_over: true, ..raised };
        self.raised = Some(over);
        stored(&over)
    }
}

fn stored(raised: &Raised) -> Writes {
    Writes { put: vec![Record::new(names::DOUBT, raised.to_bytes())], ..Writes::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a device keeps, from one unlock to the next.
    #[derive(Default)]
    struct Disk(Option<Vec<u8>>);

    impl Disk {
        fn write(&mut self, writes: &Writes) {
            for record in &writes.put {
                self.0 = Some(record.content.as_ref().to_vec());
            }
            if !writes.remove.is_empty() {
                self.0 = None;
            }
        }

        fn unlock(&self) -> Doubt {
            Doubt::load(self.0.as_deref())
        }
    }

    #[test]
    fn without_a_lie_nothing_is_told_and_nothing_stored() {
        let mut doubt = Disk::default().unlock();
        assert!(doubt.lies().is_empty() && doubt.settle(3).is_empty());
    }

    #[test]
    fn an_alarm_is_told_at_every_unlock_for_as_long_as_the_chain_does_not_hold() {
        let mut disk = Disk::default();
        disk.write(&disk.unlock().raise(RelayLie::Withheld));
        for _ in 0..3 {
            let mut doubt = disk.unlock();
            assert_eq!(doubt.lies(), [RelayLie::OtherChain]);
            // The same again is known.
            assert!(doubt.raise(RelayLie::OtherChain).is_empty());
        }
    }

    #[test]
    fn a_relay_that_is_honest_again_does_not_end_it_before_the_next_unlock_has_told_it() {
        let mut disk = Disk::default();
        let mut doubt = disk.unlock();
        disk.write(&doubt.raise(RelayLie::RolledBack));
        // However long this page stays open.
        for _ in 0..3 {
            disk.write(&doubt.settle(3));
            assert_eq!(doubt.lies(), [RelayLie::RolledBack]);
        }
        // An unlock without a listing ends nothing.
        assert_eq!(disk.unlock().lies(), [RelayLie::RolledBack]);
        let mut doubt = disk.unlock();
        assert_eq!(doubt.lies(), [RelayLie::RolledBack]);
        disk.write(&doubt.settle(3));
        assert_eq!((doubt.lies(), disk.unlock().lies()), (vec![], vec![]));
    }

    #[test]
    fn a_lie_after_the_alarm_was_over_begins_it_anew() {
        let mut disk = Disk::default();
        let mut doubt = disk.unlock();
        disk.write(&doubt.raise(RelayLie::OtherChain));
        disk.write(&doubt.settle(3));
        let mut doubt = disk.unlock();
        disk.write(&doubt.raise(RelayLie::RolledBack));
        disk.write(&doubt.settle(3));
        // Both kinds, and still after this listing.
        assert_eq!(disk.unlock().lies(), [RelayLie::OtherChain, RelayLie::RolledBack]);
    }

    #[test]
    fn a_list_that_ends_before_what_was_told_does_not_end_the_alarm() {
        let mut disk = Disk::default();
        disk.write(&disk.unlock().withhold(4));
        for _ in 0..3 {
            let mut doubt = disk.unlock();
            assert_eq!(doubt.lies(), [RelayLie::OtherChain]);
            assert!(doubt.settle(3).is_empty());
            assert!(doubt.withhold(4).is_empty());
        }
        disk.write(&disk.unlock().settle(4));
        disk.write(&disk.unlock().settle(4));
        assert!(disk.unlock().lies().is_empty());
    }

    #[test]
    fn a_record_that_is_damaged_is_an_alarm_and_not_the_end_of_one() {
        for damaged in [&[0_u8; 0][..], &[0x80], &[0xff; 40]] {
            let mut doubt = Doubt::load(Some(damaged));
            assert_eq!(doubt.lies(), [RelayLie::OtherChain]);
            assert!(doubt.settle(3).remove.is_empty());
        }
    }

    #[test]
    fn loading_again_without_an_unlock_is_no_unlock() {
        let mut disk = Disk::default();
        let mut doubt = disk.unlock();
        disk.write(&doubt.raise(RelayLie::OtherChain));
        disk.write(&doubt.settle(3));
        let mut doubt = disk.unlock().reloaded(doubt);
        assert!(doubt.settle(3).is_empty());
        assert_eq!(disk.unlock().lies(), [RelayLie::OtherChain]);
    }
}
