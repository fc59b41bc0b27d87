//! What relay, sender and device exchange about deposits and access.

#![no_main]

use letterbox_fuzz::{one_encoding, stranger};
use libfuzzer_sys::fuzz_target;
use relay_auth::{
    access::{AccessList, SignedAccessList},
    id::MailboxId,
    permit::Permit,
    receipt::{Deposit, Receipt, SignedReceipt},
    session::SessionTicket,
    voucher::Voucher,
};

fuzz_target!(|bytes: &[u8]| {
    one_encoding::<AccessList>(bytes);
    one_encoding::<Deposit>(bytes);
    one_encoding::<Permit>(bytes);
    one_encoding::<Receipt>(bytes);
    one_encoding::<SessionTicket>(bytes);
    one_encoding::<Voucher>(bytes);
    if let Some(signed) = one_encoding::<SignedReceipt>(bytes) {
        assert!(signed.verify(&stranger(250).verifying_key().into(), b"an envelope", &[]).is_err());
    }
    if let Some(signed) = one_encoding::<SignedAccessList>(bytes) {
        assert!(signed.verify(MailboxId::from([1; 16]), &stranger(250).verifying_key(), 0).is_err());
    }
});
