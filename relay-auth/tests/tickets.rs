//! Permits, vouchers and session tickets, sealed and open.

use proptest::prelude::*;
use relay_auth::{
    cbor::{DecodeError, Suite, Version, Wire as _},
    hostile,
    id::{InboxKeyId, MailboxId, PermitId, VoucherId},
    permit::{LARGEST_BLOB_QUOTA, LONGEST_LIFE, Permit},
    session::SessionTicket,
    ticket::{Ticket as _, TicketError, TicketKeys},
    voucher::Voucher,
};

use crate::{
    portable_test,
    support::{TestRng, any_inbox_key, any_mailbox, any_permit_id, any_voucher_id, config, key},
};

fn permit() -> Permit {
    Permit {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from([1; 16]),
        inbox_key: InboxKeyId::from([2; 16]),
        not_after: 1_800_000_000,
        id: PermitId::from([3; 16]),
        blob_quota: 1 << 20,
    }
}

fn voucher() -> Voucher {
    Voucher {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from([1; 16]),
        access_key: key(4).verifying_key(),
        not_after: 1_800_000_000,
        id: VoucherId::from([3; 16]),
    }
}

fn session() -> SessionTicket {
    SessionTicket {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from([1; 16]),
        session_key: key(4).verifying_key(),
        not_after: 1_800_000_000,
    }
}

fn keys(number: u8) -> TicketKeys {
    TicketKeys::new(number, vec![(number, [number; 32].into())]).unwrap()
}

#[portable_test]
fn ticket_keys_do_not_show() {
    assert_eq!(format!("{:?}", keys(7)), "TicketKeys { sealing: 7, keys: [(7, [redacted])] }");
}

#[portable_test]
fn permits_vouchers_and_session_tickets_have_one_encoding() {
    hostile::assert_strict(&permit());
    hostile::assert_strict(&voucher());
    hostile::assert_strict(&session());
}

#[portable_test]
fn a_permit_for_more_attachments_than_the_protocol_allows_is_refused() {
    let greedy = Permit { blob_quota: LARGEST_BLOB_QUOTA + 1, ..permit() };
    assert!(matches!(Permit::from_bytes(&greedy.to_bytes()), Err(DecodeError::Value(_))));
    let largest = Permit { blob_quota: LARGEST_BLOB_QUOTA, ..permit() };
    assert_eq!(Permit::from_bytes(&largest.to_bytes()), Ok(largest));
}

/// `LBX-ATT-1`, `LBX-PERMIT-2`
#[portable_test]
fn a_permit_is_for_24_hours_and_32_mebibytes_at_most() {
    assert_eq!(LONGEST_LIFE, 86_400);
    assert_eq!(LARGEST_BLOB_QUOTA, 33_554_432);
}

#[portable_test]
fn an_altered_ticket_is_refused_wherever_it_was_altered() {
    let keys = keys(1);
    let sealed = keys.seal(&permit(), &mut TestRng(1));
    assert_eq!(keys.open::<Permit>(&sealed).unwrap(), permit());
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(keys.open::<Permit>(&altered).is_err(), "byte {place}");
    }
    for (name, hostile) in hostile::variants(&sealed) {
        assert!(keys.open::<Permit>(&hostile).is_err(), "{name}");
    }
}

#[portable_test]
fn a_ticket_of_another_version_or_suite_is_refused_as_such() {
    let mut sealed = keys(1).seal(&permit(), &mut TestRng(1));
    sealed[1] = 2;
    assert_eq!(keys(1).open::<Permit>(&sealed), Err(TicketError::Malformed(DecodeError::Version)));
    sealed[1] = 1;
    sealed[2] = 2;
    assert_eq!(keys(1).open::<Permit>(&sealed), Err(TicketError::Malformed(DecodeError::Version)));
}

#[portable_test]
fn a_voucher_is_no_permit_and_a_permit_is_no_voucher() {
    let keys = keys(1);
    let mut rng = TestRng(1);
    assert_eq!(keys.open::<Permit>(&keys.seal(&voucher(), &mut rng)), Err(TicketError::Forged));
    assert_eq!(keys.open::<Voucher>(&keys.seal(&permit(), &mut rng)), Err(TicketError::Forged));
}

/// `LBX-SESSION-3`
#[portable_test]
fn a_session_ticket_is_no_voucher_and_no_permit_and_neither_of_them_is_one() {
    let keys = keys(1);
    let mut rng = TestRng(1);
    let sealed = keys.seal(&session(), &mut rng);
    assert_eq!(keys.open::<SessionTicket>(&sealed).unwrap(), session());
    // As long as a permit: nothing can be told from it, and the mailbox's number does not stand in it.
    assert_eq!(sealed.len(), keys.seal(&permit(), &mut rng).len());
    assert!(!sealed.windows(16).any(|bytes| bytes == session().mailbox.as_bytes()));
    assert_eq!(keys.open::<Permit>(&sealed), Err(TicketError::Forged));
    assert_eq!(keys.open::<Voucher>(&sealed), Err(TicketError::Forged));
    for other in [keys.seal(&permit(), &mut rng), keys.seal(&voucher(), &mut rng)] {
        assert_eq!(keys.open::<SessionTicket>(&other), Err(TicketError::Forged));
    }
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(keys.open::<SessionTicket>(&altered).is_err(), "byte {place}");
    }
}

#[portable_test]
fn a_ticket_of_another_directory_is_refused() {
    let sealed = keys(1).seal(&permit(), &mut TestRng(1));
    let same_number = TicketKeys::new(1, vec![(1, [99; 32].into())]).unwrap();
    assert_eq!(same_number.open::<Permit>(&sealed), Err(TicketError::Forged));
    assert_eq!(keys(2).open::<Permit>(&sealed), Err(TicketError::UnknownKey));
}

#[portable_test]
fn after_a_change_of_keys_tickets_of_both_are_taken() {
    let old = keys(1).seal(&permit(), &mut TestRng(1));
    let both = TicketKeys::new(2, vec![(2, [2; 32].into()), (1, [1; 32].into())]).unwrap();
    assert_eq!(both.open::<Permit>(&old).unwrap(), permit());
    let new = both.seal(&permit(), &mut TestRng(2));
    assert_eq!(keys(2).open::<Permit>(&new).unwrap(), permit());
    assert_eq!(TicketKeys::new(3, vec![(1, [1; 32].into())]).err(), Some(TicketError::NoSealingKey));
    let doubled = TicketKeys::new(1, vec![(1, [1; 32].into()), (1, [2; 32].into())]);
    assert_eq!(doubled.err(), Some(TicketError::NoSealingKey));
}

#[portable_test]
fn a_ticket_is_taken_until_its_last_second() {
    assert_eq!(permit().in_time(1_800_000_000), Ok(()));
    assert_eq!(permit().in_time(1_800_000_001), Err(TicketError::Expired));
    assert_eq!(voucher().in_time(1_800_000_000), Ok(()));
    assert_eq!(voucher().in_time(1_800_000_001), Err(TicketError::Expired));
    assert_eq!(session().in_time(1_800_000_000), Ok(()));
    assert_eq!(session().in_time(1_800_000_001), Err(TicketError::Expired));
}

#[portable_test]
fn two_permits_for_one_mailbox_look_unrelated() {
    let keys = keys(1);
    let mut rng = TestRng(7);
    let (one, other) = (keys.seal(&permit(), &mut rng), keys.seal(&permit(), &mut rng));
    assert_eq!(one.len(), other.len());
    // Past version, suite, key number and lengths, bytes agree by chance only (one in 256).
    let equal = one.iter().zip(&other).skip(6).filter(|(a, b)| a == b).count();
    assert!(equal < 12, "{equal} of {} bytes agree", one.len());
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_permit_comes_back_and_all_are_of_one_length(
        mailbox in any_mailbox(), inbox_key in any_inbox_key(), not_after: u64, id in any_permit_id(),
        blob_quota in 0..=LARGEST_BLOB_QUOTA, seed: u64,
    ) {
        let permit = Permit { version: Version, suite: Suite, mailbox, inbox_key, not_after, id, blob_quota };
        hostile::assert_strict(&permit);
        let sealed = keys(1).seal(&permit, &mut TestRng(seed));
        prop_assert_eq!(sealed.len(), 176);
        prop_assert_eq!(keys(1).open::<Permit>(&sealed).unwrap(), permit);
    }

    #[test]
    fn every_voucher_comes_back(
        mailbox in any_mailbox(), access: u8, not_after: u64, id in any_voucher_id(), seed: u64,
    ) {
        let voucher = Voucher { version: Version, suite: Suite, mailbox, access_key: key(access).verifying_key(), not_after, id };
        prop_assert_eq!(&Voucher::from_bytes(&voucher.to_bytes()).unwrap(), &voucher);
        let sealed = keys(1).seal(&voucher, &mut TestRng(seed));
        prop_assert_eq!(keys(1).open::<Voucher>(&sealed).unwrap(), voucher);
    }
}
