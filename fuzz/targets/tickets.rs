//! Sealed permits and vouchers, with the key of the vectors.

#![no_main]

use letterbox_fuzz::one_encoding;
use libfuzzer_sys::fuzz_target;
use relay_auth::{cbor::Wire as _, permit::Permit, secret::Secret, ticket::TicketKeys, voucher::Voucher};

fuzz_target!(|bytes: &[u8]| {
    let keys = TicketKeys::new(1, vec![(1, Secret::from([9; 32]))]).expect("one key under one number");
    let (permit, voucher) = (keys.open::<Permit>(bytes), keys.open::<Voucher>(bytes));
    assert!(permit.is_err() || voucher.is_err(), "one ticket is of two kinds");
    if let Ok(permit) = permit {
        assert!(one_encoding::<Permit>(&permit.to_bytes()).is_some());
    }
    if let Ok(voucher) = voucher {
        assert!(one_encoding::<Voucher>(&voucher.to_bytes()).is_some());
    }
});
