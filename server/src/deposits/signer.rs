//! With which key a receipt is signed (`LBX-RECEIPT-5`).
//!
//! A listing has each receipt signed once more, also years after the key was replaced. By the key that was
//! in force when the letter came it has the bytes that the sender got.

use relay_auth::{
    receipt::{Receipt, SignedReceipt},
    secret::{ZeroizeOnDrop, is_wiped},
    signing::{SigningKey, VerifyingKey},
};

/// The key in force, and those that it replaced.
#[derive(Debug)]
pub struct ReceiptSigner {
    key: SigningKey,
    /// Each with the first second (Unix time) at which it was not in force any more, in order.
    former: Vec<(u64, SigningKey)>,
}

// When they were replaced is no secret.
impl ZeroizeOnDrop for ReceiptSigner {}

const _: fn(&ReceiptSigner) = |secrets| {
    is_wiped(&secrets.key);
    secrets.former.iter().for_each(|(_, key)| is_wiped(key));
};

impl From<SigningKey> for ReceiptSigner {
    fn from(key: SigningKey) -> Self {
        Self::new(key, Vec::new())
    }
}

impl ReceiptSigner {
    /// Takes the key in force, and each former one with the second at which it was replaced.
    #[must_use]
    pub fn new(key: SigningKey, mut former: Vec<(u64, SigningKey)>) -> Self {
        former.sort_unstable_by_key(|(replaced, _)| *replaced);
        Self { key, former }
    }

    /// The public half of the key in force.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// Signs with the key that was in force at the receipt's time. So the time at which a key is replaced
    /// can lie ahead, and nobody has to be there then.
    #[must_use]
    pub fn sign(&self, receipt: &Receipt) -> SignedReceipt {
        let former = self.former.iter().find(|(replaced, _)| receipt.time < *replaced);
        SignedReceipt::sign(receipt, former.map_or(&self.key, |(_, key)| key))
    }
}

#[cfg(test)]
mod tests {
    use relay_auth::{
        cbor::{Suite, Version},
        id::PermitId,
        receipt::{ChainHead, envelope_digest},
        secret::Secret,
    };

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&Secret::from([seed; 32]))
    }

    fn receipt(time: u64) -> Receipt {
        Receipt {
            version: Version,
            suite: Suite,
            permit: PermitId::from([3; 16]),
            digest: envelope_digest(b"sealed").into(),
            blobs: vec![],
            time,
            head: ChainHead::from([4; 32]),
        }
    }

    #[test]
    fn a_receipt_is_signed_with_the_key_that_was_in_force_at_its_time() {
        // Not in the order in which they were replaced.
        let signer = ReceiptSigner::new(key(3), vec![(200, key(2)), (100, key(1))]);
        for (time, by) in [(0, 1), (99, 1), (100, 2), (199, 2), (200, 3), (u64::MAX, 3)] {
            let receipt = receipt(time);
            assert_eq!(signer.sign(&receipt), SignedReceipt::sign(&receipt, &key(by)), "{time}");
        }
        assert_eq!(signer.verifying_key(), key(3).verifying_key());
    }

    #[test]
    fn one_key_signs_for_every_time_and_is_not_printed() {
        let signer = ReceiptSigner::from(key(3));
        let receipt = receipt(0);
        assert_eq!(signer.sign(&receipt), SignedReceipt::sign(&receipt, &key(3)));
        let shown = format!("{:?}", ReceiptSigner::new(key(3), vec![(9, key(2))]));
        assert_eq!(shown.matches("[redacted]").count(), 2, "{shown}");
    }
}
