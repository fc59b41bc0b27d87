//! The newest epoch, and the head that the log signs over it (`LBX-LOG-2`, `LBX-LOG-5`).

use std::sync::{Mutex, PoisonError};

use crypto_core::directory::{Epoch, Head, HeadProof, LogSigner, Pin, Trust, sign_checkpoint};
use relay_auth::{
    cbor::{Bytes, Bytes32},
    signing::SigningKey,
};

use crate::directory::{
    DirectoryError,
    log::{self, Hash, Subtrees},
};

/// How long a signed head is handed out, in seconds, before it is signed again with a new time.
pub(super) const SIGNED_FOR: u64 = 60;

/// The newest durable epoch.
pub(super) struct Present {
    epoch: Epoch,
    /// Of the log that ends with this epoch.
    root: Hash,
    inclusion: Vec<Bytes32>,
    signed: Mutex<Option<Signed>>,
}

/// A head that was signed, and verified as its readers will.
#[derive(Clone)]
struct Signed {
    checkpoint: Bytes,
    head: Head,
}

impl Present {
    /// The last epoch of a log.
    pub(super) fn of(log: &impl Subtrees, epoch: Epoch) -> Result<Self, DirectoryError> {
        let size = epoch.number;
        let last = size.checked_sub(1).ok_or(DirectoryError::Inconsistent("an epoch has the number 0"))?;
        let root = log::root(log, size)?;
        let inclusion = log::inclusion(log, last, size)?.into_iter().map(Bytes32).collect();
        Ok(Self { epoch, root, inclusion, signed: Mutex::default() })
    }

    /// The number of the epoch, which is how many leaves the log has.
    pub(super) fn size(&self) -> u64 {
        self.epoch.number
    }

    /// The head at `now`, with no proof of consistency yet. Signed at most [`SIGNED_FOR`] ago; also
    /// signed again if the clock was set back by as much.
    pub(super) fn head(
        &self,
        key: &SigningKey,
        trust: &Trust,
        now: u64,
    ) -> Result<(HeadProof, Head), DirectoryError> {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Signed { checkpoint, head }) = signed.as_ref()
            && now.abs_diff(head.confirmed()) < SIGNED_FOR
        {
            return Ok((self.proof(checkpoint.clone()), *head));
        }
        let signer = LogSigner { origin: &trust.log.origin, key };
        let checkpoint = Bytes::from(sign_checkpoint(&signer, self.size(), &self.root, now).into_bytes());
        let proof = self.proof(checkpoint.clone());
        let head = Head::verify(&proof, trust, None, now)
            .map_err(|_| DirectoryError::Inconsistent("the log's own head does not hold"))?;
        *signed = Some(Signed { checkpoint, head });
        Ok((proof, head))
    }

    fn proof(&self, checkpoint: Bytes) -> HeadProof {
        HeadProof {
            checkpoint,
            epoch: self.epoch.clone(),
            inclusion: self.inclusion.clone(),
            consistency: Vec::new(),
        }
    }

    /// That the log extends an earlier state of it.
    pub(super) fn consistency(&self, log: &impl Subtrees, pin: &Pin) -> Result<Vec<Bytes32>, DirectoryError> {
        consistency(log, pin, self.size())
    }
}

/// That the log extended an earlier state of it when it had `size` leaves.
pub(super) fn consistency(log: &impl Subtrees, pin: &Pin, size: u64) -> Result<Vec<Bytes32>, DirectoryError> {
    if pin.size == 0 || pin.size > size || log::root(log, pin.size)? != pin.root.0 {
        return Err(DirectoryError::UnknownPin);
    }
    Ok(log::consistency(log, pin.size, size)?.into_iter().map(Bytes32).collect())
}
