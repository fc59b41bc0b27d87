//! When the trust file is fetched for the sake of a receipt.
//!
//! A mailbox may be open for days, and the relay's receipt key may be replaced meanwhile (`LBX-RECEIPT-5`).
//! A receipt by a key that the trust file in force does not know, or not for that time, is a lie only if the
//! trust file of today says so as well. So the file is fetched first, and the same answer judged once more.

use relay_auth::receipt::ReceiptError;

use crate::retry::until_next_look;

/// When the trust file was fetched last for that, Unix seconds; 0 for not yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Renewals(u64);

impl Renewals {
    /// Whether to fetch the trust file before `error` is told, and to judge the same answer once more by it.
    /// A relay that gives nothing but such receipts does not thereby say how often.
    #[must_use]
    pub fn is_due(&mut self, error: Option<ReceiptError>, now: u64) -> bool {
        let is_due = error.is_some_and(ReceiptError::is_of_key) && until_next_look(self.0, now) == 0;
        if is_due {
            self.0 = now;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use relay_auth::cbor::DecodeError;

    use super::*;

    #[test]
    fn the_trust_file_is_fetched_for_a_receipt_by_another_key_and_for_nothing_else() {
        for error in [ReceiptError::Forged, ReceiptError::NotInForce] {
            assert!(Renewals::default().is_due(Some(error), 1_000), "{error}");
        }
        for error in [ReceiptError::OtherContent, ReceiptError::Malformed(DecodeError::Shape)] {
            assert!(!Renewals::default().is_due(Some(error), 1_000), "{error}");
        }
        assert!(!Renewals::default().is_due(None, 1_000));
    }

    #[test]
    fn the_relay_does_not_say_how_often_the_trust_file_is_fetched() {
        let mut renewals = Renewals::default();
        let forged = Some(ReceiptError::Forged);
        let fetched: Vec<u64> = (1_000..1_021).filter(|now| renewals.is_due(forged, *now)).collect();
        assert_eq!(fetched, [1_000, 1_010, 1_020]);
        // What is no matter of a key takes no turn away.
        assert!(!renewals.is_due(Some(ReceiptError::OtherContent), 1_030));
        assert!(renewals.is_due(forged, 1_030));
    }
}
