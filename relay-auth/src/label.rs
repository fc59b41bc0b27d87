//! Domain separation: every label of the protocol, in one place (`LBX-LABEL-1`).
//!
//! Every hash, signature, key derivation and HPKE `info` starts with its label. What follows is
//! one CBOR array, so that no two inputs can be read in two ways. The labels are distinct and none
//! begins with another; a test proves it.

use minicbor::Encode;
use sha2::{Digest, Sha256};

use crate::cbor::encode_after;

/// The start of an input to a hash, signature or key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(&'static str);

impl Label {
    /// The label's ASCII bytes.
    #[must_use]
    pub const fn as_bytes(self) -> &'static [u8] {
        self.0.as_bytes()
    }

    /// `label || encoded`, where `encoded` is one CBOR array.
    #[must_use]
    pub fn with_encoded(self, encoded: &[u8]) -> Vec<u8> {
        [self.as_bytes(), encoded].concat()
    }

    /// `label || CBOR(fields)`.
    #[must_use]
    pub fn with<T: Encode<()>>(self, fields: &T) -> Vec<u8> {
        encode_after(self.as_bytes(), fields)
    }

    /// SHA-256 (FIPS 180-4) over `label || CBOR(fields)`.
    #[must_use]
    pub fn hash<T: Encode<()>>(self, fields: &T) -> [u8; 32] {
        Sha256::digest(self.with(fields)).into()
    }

    /// SHA-256 over `label || encoded`, where `encoded` is one CBOR array.
    #[must_use]
    pub fn hash_encoded(self, encoded: &[u8]) -> [u8; 32] {
        Sha256::digest(self.with_encoded(encoded)).into()
    }
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $purpose:literal;)+) => {
        $($(#[$doc])* pub const $name: Label = Label(concat!("letterbox/v1/", $purpose));)+

        /// Every label of the protocol.
        pub const ALL: &[Label] = &[$($name),+];
    };
}

labels! {
    /// Key of sealed permits.
    PERMIT = "permit";
    /// Key of sealed vouchers.
    VOUCHER = "voucher";
    /// Key of sealed session tickets.
    SESSION_TICKET = "session-ticket";
    /// Signature of the relay over a receipt.
    RECEIPT = "receipt";
    /// First head of a mailbox's chain of deposits.
    CHAIN_START = "chain-start";
    /// Each further head of that chain.
    CHAIN_LINK = "chain-link";
    /// Digest of an envelope, as receipts and the chain name it.
    ENVELOPE_DIGEST = "envelope-digest";
    /// Name of a request key.
    REQUEST_KEY_ID = "id-of-request-key";
    /// Signature of the mailbox access key over an access list.
    ACCESS_LIST = "access-list";
    /// HPKE `info` of a letter.
    SEAL_LETTER = "seal/letter";
    /// HPKE exporter context of the key commitment of a letter or a recovery bundle.
    SEAL_COMMITMENT = "seal/commitment";
    /// Signature of a body over a letter's statement.
    LETTER = "letter-statement";
    /// Fingerprint of a letter, by which a replay is told from a forgery.
    LETTER_FINGERPRINT = "letter-fingerprint";
    /// Id of an inbox key.
    INBOX_KEY_ID = "id-of-inbox-key";
    /// Key of one attachment's stream.
    ATTACHMENT = "attachment";
    /// Signature over a citizen's entry.
    ENTRY_SIGNATURE = "entry-signature";
    /// Hash of a citizen's signed entry.
    ENTRY_HASH = "entry-hash";
    /// Salted commitment to a device key.
    DEVICE_COMMITMENT = "device-commitment";
    /// Salted hash of the recovery key.
    RECOVERY_KEY = "recovery-key-hash";
    /// Seed of the X-Wing key of a recovery code.
    RECOVERY_SEAL = "recovery/seal";
    /// Seed of the request key of a recovery code.
    RECOVERY_REQUEST = "recovery/request";
    /// HPKE `info` of a recovery bundle.
    RECOVERY_BUNDLE = "recovery/bundle";
    /// Digest of a sealed recovery bundle.
    RECOVERY_BUNDLE_DIGEST = "recovery/digest-of-bundle";
    /// Salted commitment to the archive's head and the recovery bundle.
    ARCHIVE_HEAD = "archive-head";
    /// Nonce of a sign-in with ScotAccount.
    SIGN_IN_NONCE = "sign-in-nonce";
    /// Salted hash of the provider's name for a person, by which the sign-ins of one enrolment are
    /// held together.
    SIGN_IN_SUBJECT = "sign-in-subject";
    /// Signature of the identity key with which a device collects what a sign-in brought.
    SIGN_IN_COLLECTION = "collection-of-sign-in";
    /// Hash of the evidence of an entry.
    EVIDENCE = "evidence-hash";
    /// Salted commitment to the address token of the evidence.
    ADDRESS = "address-commitment";
    /// Signature of an operator over a body's entry.
    BODY_APPROVAL = "body-approval";
    /// Hash of a body's signed entry.
    BODY_HASH = "body-hash";
    /// Directory label of a citizen.
    DIRECTORY_CITIZEN = "directory/citizen";
    /// Directory label of a person, by attributes.
    DIRECTORY_PERSON = "directory/person";
    /// Directory label of a public body.
    DIRECTORY_BODY = "directory/body";
    /// Directory label of an identity provider's key set.
    DIRECTORY_IDENTITY_PROVIDER = "directory/identity-provider";
    /// In front of every hash of the directory's tree; followed there by a zero byte.
    DIRECTORY_TREE = "directory/tree";
    /// Names under which the directory's store keeps labels.
    DIRECTORY_ROW = "directory/row";
    /// Names under which the directory's store keeps what belongs to a person.
    ROW_INDEX = "directory/index";
    /// Key of one sealed row of the directory's store.
    SEALED_ROW = "directory/sealed-row";
    /// Hash of the secret that names a sign-in.
    SIGN_IN_HANDLE = "directory/sign-in";
    /// Hash of the token with which ScotAccount provides mailboxes.
    PROVISIONING_TOKEN = "directory/provisioning";
    /// Directory label that the first epoch sets, so that the tree is never empty.
    DIRECTORY_GENESIS = "directory/genesis";
    /// Leaf of the log: one epoch of the directory.
    EPOCH = "epoch-leaf";
    /// Hash of the VRF key of the directory.
    VRF_KEY = "vrf-key-hash";
    /// Key that wraps a secret under a passphrase.
    PASSPHRASE = "passphrase-wrap";
    /// Key commitment of such a wrap.
    PASSPHRASE_COMMITMENT = "passphrase-commitment";
    /// Key of one record in a device's own storage.
    LOCAL_RECORD = "local-record";
    /// Key commitment of such a record.
    LOCAL_COMMITMENT = "local-commitment";
    /// Key of one archive object.
    ARCHIVE = "archive-object";
    /// Key commitment of such an object.
    ARCHIVE_COMMITMENT = "archive-commitment";
    /// Signature of the deployment over the trust file.
    TRUST = "trust-file";
    /// Authentication of what a sender remembers, under the key of its state folder.
    SENDER_RECORD = "sender/record";
    /// Name of a file of what a sender remembers, under the same key.
    SENDER_FILE_NAME = "sender/file-name";
    /// Inbox key from the device group's exporter.
    INBOX = "inbox";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with another program: SHA-256 of `letterbox/v1/envelope-digest` and the bytes 81 01.
    #[test]
    fn a_hash_is_over_the_label_and_one_array_whether_it_is_encoded_yet_or_not() {
        let expected = [
            0xf5, 0x2f, 0x08, 0xac, 0x10, 0x3d, 0x96, 0xd1, 0x22, 0x55, 0x3f, 0x7e, 0xb0, 0x29, 0xc5, 0x9f,
            0x64, 0x07, 0xba, 0x5a, 0x3b, 0x34, 0x8b, 0xee, 0xbe, 0x83, 0x4b, 0x37, 0xff, 0x7a, 0xad, 0x4f,
        ];
        assert_eq!(ENVELOPE_DIGEST.hash_encoded(b"\x81\x01"), expected);
        assert_eq!(ENVELOPE_DIGEST.hash(&(1_u8,)), expected);
    }

    #[test]
    fn labels_are_distinct_and_none_begins_with_another() {
        for (position, one) in ALL.iter().enumerate() {
            assert!(one.0.starts_with("letterbox/v1/") && one.0.is_ascii(), "{one:?}");
            for (other_position, other) in ALL.iter().enumerate() {
                assert!(position == other_position || !other.0.starts_with(one.0), "{one:?} {other:?}");
            }
        }
    }
}
