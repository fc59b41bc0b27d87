//! Access lists.

use proptest::prelude::*;
use relay_auth::{
    access::{AccessError, AccessList, MOST_DEVICES, MOST_INBOX_KEYS, SignedAccessList},
    cbor::{DecodeError, Suite, Version, Wire as _},
    hostile,
    id::{InboxKeyId, MailboxId},
};

use crate::{
    portable_test,
    support::{any_inbox_key, any_mailbox, config, key},
};

fn list() -> AccessList {
    AccessList {
        version: Version,
        suite: Suite,
        mailbox: MailboxId::from([1; 16]),
        counter: 2,
        next_access_key: key(9).verifying_key(),
        request_keys: vec![key(1).verifying_key(), key(2).verifying_key()],
        inbox_keys: vec![InboxKeyId::from([9; 16])],
    }
}

#[portable_test]
fn access_lists_have_one_encoding() {
    hostile::assert_strict(&list());
    hostile::assert_strict(&SignedAccessList::sign(&list(), &key(7)));
}

#[portable_test]
fn a_list_is_taken_only_from_its_mailbox_and_right_after_the_one_in_force() {
    let signed = SignedAccessList::sign(&list(), &key(7));
    let (mailbox, governs) = (MailboxId::from([1; 16]), key(7).verifying_key());
    assert_eq!(signed.verify(mailbox, &governs, 1), Ok(list()));
    assert_eq!(signed.verify(mailbox, &governs, 2), Err(AccessError::OutOfTurn));
    assert_eq!(signed.verify(mailbox, &governs, 3), Err(AccessError::OutOfTurn));
    assert_eq!(signed.verify(mailbox, &governs, 0), Err(AccessError::OutOfTurn));
    assert_eq!(signed.verify(mailbox, &governs, u64::MAX), Err(AccessError::OutOfTurn));
    assert_eq!(signed.verify(MailboxId::from([2; 16]), &governs, 1), Err(AccessError::OtherMailbox));
    assert_eq!(signed.verify(mailbox, &key(8).verifying_key(), 1), Err(AccessError::Forged));
}

#[portable_test]
fn a_signed_list_with_any_byte_altered_is_refused() {
    let bytes = SignedAccessList::sign(&list(), &key(7)).to_bytes();
    for place in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[place] ^= 1;
        let verified = SignedAccessList::from_bytes(&altered)
            .map(|signed| signed.verify(MailboxId::from([1; 16]), &key(7).verifying_key(), 0));
        assert!(!matches!(verified, Ok(Ok(_))), "byte {place}");
    }
}

#[portable_test]
fn a_list_with_as_many_keys_as_there_may_be_is_taken() {
    let full = AccessList {
        request_keys: (0..32).map(|number| key(number).verifying_key()).collect(),
        inbox_keys: (0..8).map(|number| InboxKeyId::from([number; 16])).collect(),
        ..list()
    };
    assert_eq!((full.request_keys.len(), full.inbox_keys.len()), (MOST_DEVICES, MOST_INBOX_KEYS));
    assert_eq!(AccessList::from_bytes(&full.to_bytes()), Ok(full));
}

#[portable_test]
fn lists_with_too_many_or_repeated_keys_are_refused() {
    let many = |count: usize| -> Vec<_> {
        (0..count).map(|number| InboxKeyId::from([u8::try_from(number).unwrap(); 16])).collect()
    };
    let refused = [
        AccessList { counter: 0, ..list() },
        AccessList { inbox_keys: many(MOST_INBOX_KEYS + 1), ..list() },
        AccessList { inbox_keys: [many(1), many(1)].concat(), ..list() },
        AccessList { request_keys: vec![key(1).verifying_key(); 2], ..list() },
        AccessList {
            request_keys: (0..=u8::try_from(MOST_DEVICES).unwrap()).map(|n| key(n).verifying_key()).collect(),
            ..list()
        },
    ];
    for list in refused {
        let result = AccessList::from_bytes(&list.to_bytes());
        assert!(matches!(result, Err(DecodeError::Value(_) | DecodeError::Items)), "{result:?}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_list_comes_back(
        mailbox in any_mailbox(), counter in 1..u64::MAX,
        devices in proptest::collection::btree_set(any::<u8>(), 0..MOST_DEVICES),
        inbox in proptest::collection::btree_set(any_inbox_key(), 0..MOST_INBOX_KEYS),
    ) {
        let list = AccessList {
            version: Version, suite: Suite, mailbox, counter, next_access_key: key(9).verifying_key(),
            request_keys: devices.into_iter().map(|number| key(number).verifying_key()).collect(),
            inbox_keys: inbox.into_iter().collect(),
        };
        prop_assert_eq!(&AccessList::from_bytes(&list.to_bytes()).unwrap(), &list);
        let signed = SignedAccessList::from_bytes(&SignedAccessList::sign(&list, &key(7)).to_bytes()).unwrap();
        prop_assert_eq!(signed.verify(mailbox, &key(7).verifying_key(), counter - 1), Ok(list));
    }
}
