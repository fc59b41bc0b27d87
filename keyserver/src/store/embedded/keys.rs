//! The keys of rows, see the table in the parent module. Numbers are big-endian, so that rows lie in
//! their order.

use crypto_core::body::BodyId;

use crate::bodies::requests::Proven;

pub(super) const SUBJECT: u8 = 0x10;
pub(super) const ACCOUNT: u8 = 0x11;
pub(super) const ENTRY: u8 = 0x12;
pub(super) const EVIDENCE: u8 = 0x13;
pub(super) const ADDRESS: u8 = 0x14;
pub(super) const VOUCHER: u8 = 0x15;
pub(super) const SIGN_IN: u8 = 0x16;
pub(super) const SIGN_IN_DUE: u8 = 0x17;
pub(super) const NONCE: u8 = 0x18;
pub(super) const LOOKUPS: u8 = 0x19;
pub(super) const BODY: u8 = 0x1a;
pub(super) const BODY_ENTRY: u8 = 0x1b;

/// The row that shows that the store works.
pub(super) const PROBE: &[u8] = &[0x1f];

fn key(table: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![table];
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

pub(super) fn subject(name: &[u8; 32]) -> Vec<u8> {
    key(SUBJECT, &[name])
}

pub(super) fn account(citizen: &[u8; 32]) -> Vec<u8> {
    key(ACCOUNT, &[citizen])
}

pub(super) fn entry(citizen: &[u8; 32], number: u32) -> Vec<u8> {
    key(ENTRY, &[citizen, &number.to_be_bytes()])
}

pub(super) fn evidence(citizen: &[u8; 32], hash: &[u8; 32]) -> Vec<u8> {
    key(EVIDENCE, &[citizen, hash])
}

pub(super) fn address(citizen: &[u8; 32], evidence: &[u8; 32]) -> Vec<u8> {
    key(ADDRESS, &[citizen, evidence])
}

pub(super) fn voucher(citizen: &[u8; 32]) -> Vec<u8> {
    key(VOUCHER, &[citizen])
}

pub(super) fn sign_in(handle: &[u8; 32]) -> Vec<u8> {
    key(SIGN_IN, &[handle])
}

/// When a sign-in ends, and which.
pub(super) fn sign_in_due(end: u64, handle: &[u8; 32]) -> Vec<u8> {
    key(SIGN_IN_DUE, &[&end.to_be_bytes(), handle])
}

/// It is looked up by its whole key, which the request determines.
pub(super) fn nonce(by: &Proven) -> Vec<u8> {
    let until = by.remembered_until().to_be_bytes();
    key(NONCE, &[&until, by.key().as_bytes(), by.nonce().as_bytes()])
}

pub(super) fn lookups(day: u64, body: &BodyId) -> Vec<u8> {
    key(LOOKUPS, &[&day.to_be_bytes(), body.as_str().as_bytes()])
}

pub(super) fn body(id: &BodyId) -> Vec<u8> {
    key(BODY, &[id.as_str().as_bytes()])
}

/// No id has a zero byte in it, so none continues another one's keys.
pub(super) fn body_entry(id: &BodyId, number: u32) -> Vec<u8> {
    key(BODY_ENTRY, &[id.as_str().as_bytes(), &[0], &number.to_be_bytes()])
}

/// The number after the table's byte.
pub(super) fn time_of(key: &[u8]) -> Option<u64> {
    key.get(1..)?.first_chunk().copied().map(u64::from_be_bytes)
}

/// What follows that number.
pub(super) fn after_time(key: &[u8]) -> Option<&[u8]> {
    key.get(9..)
}
