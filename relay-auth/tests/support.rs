//! Keys and identifiers to try things on.

use proptest::prelude::*;
pub(crate) use relay_auth::hostile::TestRng;
use relay_auth::{
    id::{BlobId, InboxKeyId, MailboxId, PermitId, VoucherId},
    secret::Secret,
    signing::SigningKey,
};

pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::from([number; 32]))
}

pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

macro_rules! any_id {
    ($($name:ident: $type:ty),+) => {
        $(pub(crate) fn $name() -> impl Strategy<Value = $type> {
            any::<[u8; 16]>().prop_map(<$type>::from)
        })+
    };
}

any_id!(
    any_mailbox: MailboxId,
    any_inbox_key: InboxKeyId,
    any_permit_id: PermitId,
    any_voucher_id: VoucherId,
    any_blob: BlobId
);
