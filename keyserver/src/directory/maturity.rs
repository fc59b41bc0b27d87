//! Proofs that were captured, to be shown when they are old enough (`LBX-ENTRY-8`).
//!
//! After a reset, senders want to see that the new entry already stood in a head of at least 72 hours
//! ago. akd's tree proves the present alone: of each node it has the newest state and the one before,
//! so that an old epoch's proof cannot be made afterwards. It has to be made when that epoch is the
//! present one, and kept: [`Directory::capture`] keeps the head and the proof of presence of this
//! moment. Later a fresh proof of consistency, from that head to the present one, makes it
//! believable.
//!
//! Whoever knows which labels will need it (those of citizens with a reset, or whose details led to
//! somebody else before) captures them when they are published, and again once a day: a capture that
//! was missed between the two costs waiting, never safety. Captures are kept for [`KEPT`] at least, and
//! the youngest one that is older for as long as there is none to take its place.

use crypto_core::directory::{Maturity, Pin};
use relay_auth::cbor::encode;
use store::{Row, StoreError, View};

use crate::directory::{Directory, DirectoryError, Snapshot, log::Stored, rows};

/// How long each capture is kept at least, in seconds: 14 days.
const KEPT: u64 = 14 * 24 * 60 * 60;

/// How far two captures of one version of a value are apart at least, in seconds.
const APART: u64 = 60 * 60;

/// What stands in the row beside a captured proof: the log it leads to, and the value's version.
type Mark = (Pin, u64);

impl Directory {
    /// Keeps the proof of what stands under a label now, for [`Snapshot::at_least_old`]. Says whether
    /// anything does. Does nothing if the same version was captured within the hour. Takes a snapshot
    /// of its own: do not hold one.
    ///
    /// # Errors
    /// As [`Snapshot::presence`].
    pub async fn capture(&self, label: &[u8]) -> Result<bool, DirectoryError> {
        let snapshot = self.snapshot(None).await?;
        let Some(presence) = snapshot.presence(label).await? else { return Ok(false) };
        let head = snapshot.head().clone();
        let (pin, time) = (snapshot.verified.pin(), snapshot.verified.existed_by());
        drop(snapshot);

        let mark: Mark = (pin, presence.version());
        let proof = encode(&Maturity { head, presence });
        let prefix = rows::captures(&self.core.names.name(label));
        let key = rows::capture(&self.core.names.name(label), time);
        let written: Result<(), StoreError> =
            self.core.engine.write(move |view| keep(view, &prefix, &key, time, &mark, &proof)).await;
        written?;
        Ok(true)
    }
}

fn keep(
    view: &mut View,
    prefix: &[u8],
    key: &[u8],
    time: u64,
    mark: &Mark,
    proof: &[u8],
) -> Result<(), StoreError> {
    let captures = view.scan_prefix(prefix, None, usize::MAX)?;
    let is_fresh = captures.first().is_some_and(|(key, value)| {
        rows::number_of(key).is_some_and(|newest| time < newest.saturating_add(APART))
            && minicbor::decode::<Mark>(value).is_ok_and(|newest| newest.1 == mark.1)
    });
    if is_fresh {
        return Ok(());
    }
    // The newest first: what follows the first one that is over age is not needed any more.
    let is_over_age =
        |(key, _): &Row| rows::number_of(key).is_some_and(|made| made.saturating_add(KEPT) <= time);
    for (old, _) in captures.iter().skip_while(|capture| !is_over_age(capture)).skip(1) {
        view.remove(old)?;
        view.remove_long(old)?;
    }
    view.insert(key, &encode(mark))?;
    view.insert_long(key, proof)
}

impl Snapshot {
    /// The youngest captured proof of what stood under a label at least `age_seconds` ago, with the
    /// proof that this snapshot's head extends its head; `None` if none was captured that long ago.
    ///
    /// # Errors
    /// [`DirectoryError::Inconsistent`] if it does not belong to this log or is damaged,
    /// [`DirectoryError::Store`].
    pub async fn at_least_old(
        &self,
        label: &[u8],
        age_seconds: u64,
    ) -> Result<Option<Maturity>, DirectoryError> {
        let Some(until) = self.core.clock.now().checked_sub(age_seconds) else { return Ok(None) };
        let prefix = rows::captures(&self.core.names.name(label));
        // Together: a capture may remove old ones meanwhile.
        let found = self.core.engine.read(|reader| -> Result<_, DirectoryError> {
            let after = rows::after_later(&prefix, until);
            let Some((key, mark)) = reader.scan(&prefix, after.as_deref(), 1)?.pop() else { return Ok(None) };
            Ok(Some((mark, reader.get_long(&key)?.ok_or_else(damaged)?)))
        })?;
        let Some((mark, proof)) = found else { return Ok(None) };
        let (pin, _): Mark = minicbor::decode(&mark).map_err(|_| damaged())?;
        let mut maturity: Maturity = minicbor::decode(&proof).map_err(|_| damaged())?;
        let consistency = self.present.consistency(&Stored(&self.core.engine), &pin);
        maturity.head.consistency = consistency.map_err(|error| match error {
            DirectoryError::UnknownPin => damaged(),
            other => other,
        })?;
        Ok(Some(maturity))
    }
}

fn damaged() -> DirectoryError {
    DirectoryError::Inconsistent("a captured proof is damaged")
}
