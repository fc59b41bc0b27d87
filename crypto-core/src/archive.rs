//! Archive objects: what a citizen's devices keep, sealed, at the relay and in the browser
//! (`LBX-ARCH-1` to `LBX-ARCH-4`).
//!
//! Each object has a key of its own, derived from the archive root. Whose it is, its generation, id
//! and counter are authenticated, so that a relay cannot pass one object off as another or an old
//! one as new unnoticed. A letter is kept with its signature and its sender's entry: every device
//! verifies it again and need not believe the one that filed it.

use chacha20poly1305::{
    Key, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use relay_auth::{
    cbor::{Bytes, Bytes32, DecodeError, Limits, Start, Suite, Version, Wire, encode},
    identifier, label,
    receipt::{Deposit, ReceiptError, ReceiptKeys, SignedReceipt},
    secret::Secret,
};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    body::{BodyError, SignedBodyEntry, VerifiedBody},
    citizen::DirectoryId,
    letter::{LetterError, OpenedLetter, SignedLetter, VerifiedLetter},
    padding,
};

identifier! {
    /// The id of an archive object. Random: it shows nothing of what the object holds.
    ObjectId
}

/// The largest sealed object in bytes: a letter with its sender's entry, padded.
pub const LARGEST: usize = 96 * 1024;

/// Where an object stands. All of it is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// Whose archive it is in.
    #[n(0)]
    pub owner: DirectoryId,
    /// The generation of the archive root.
    #[n(1)]
    pub generation: u64,
    /// The object.
    #[n(2)]
    pub id: ObjectId,
    /// Counts the versions of this object, from 1.
    #[n(3)]
    pub counter: u64,
}

/// Why an object was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// The bytes are no object.
    #[error("a stored object cannot be read: {0}")]
    Malformed(#[from] DecodeError),
    /// One error for both, as for letters.
    #[error("a stored object is not of this archive, or was altered")]
    NotOfThisArchiveOrAltered,
    /// Too large to be sealed.
    #[error("an object is too large for the archive")]
    TooLarge,
    /// The relay's record of the letter's arrival does not hold.
    #[error("a stored letter has no valid record of its arrival: {0}")]
    Arrival(#[from] ReceiptError),
    /// The entry of a letter's sender does not hold.
    #[error("a stored letter names a sender that is not approved: {0}")]
    Sender(#[from] BodyError),
    /// A stored letter does not verify any more.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// A stored letter names other files than those that came with it.
    #[error("a stored letter names other files than those that came with it")]
    OtherFiles,
}

/// A sealed object.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SealedObject {
    #[n(0)]
    version: Version,
    #[n(1)]
    suite: Suite,
    #[n(2)]
    commitment: Bytes32,
    #[cbor(n(3), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[n(4)]
    ciphertext: Bytes,
}

impl Wire for SealedObject {
    const LIMITS: Limits = Limits { bytes: LARGEST, depth: 1, items: 6 };
    const START: Start = Start::VersionAndSuite;
}

impl SealedObject {
    /// Pads and seals an object to be stored at `place`.
    ///
    /// # Errors
    /// [`ArchiveError::TooLarge`].
    pub fn seal(
        item: &Item,
        place: &Place,
        root: &Secret,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, ArchiveError> {
        let mut nonce = [0; 24];
        rng.fill_bytes(&mut nonce);
        let padded = padding::pad(&Zeroizing::new(item.to_bytes()));
        let (key, commitment) = keys(root, place);
        let key: &Key = (&*key).into();
        let ciphertext = XChaCha20Poly1305::new(key)
            .encrypt(&XNonce::from(nonce), Payload { msg: &padded, aad: &associated_data(place) })
            .map_err(|_| ArchiveError::TooLarge)?;
        let sealed = Self {
            version: Version,
            suite: Suite,
            commitment: (*commitment).into(),
            nonce,
            ciphertext: ciphertext.into(),
        };
        if sealed.to_bytes().len() > LARGEST { Err(ArchiveError::TooLarge) } else { Ok(sealed) }
    }

    /// Opens the object that stands at `place`.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn open(&self, place: &Place, root: &Secret) -> Result<Item, ArchiveError> {
        let refused = ArchiveError::NotOfThisArchiveOrAltered;
        let (key, commitment) = keys(root, place);
        if !bool::from(commitment.ct_eq(&self.commitment.0)) {
            return Err(refused);
        }
        let key: &Key = (&*key).into();
        let padded = XChaCha20Poly1305::new(key)
            .decrypt(
                &XNonce::from(self.nonce),
                Payload { msg: self.ciphertext.as_ref(), aad: &associated_data(place) },
            )
            .map(Zeroizing::new)
            .map_err(|_| refused)?;
        Ok(Item::from_bytes(padding::unpad(&padded).map_err(|_| refused)?)?)
    }
}

fn associated_data(place: &Place) -> Vec<u8> {
    encode(&(Version, Suite, place))
}

/// The object's key and the commitment to it.
fn keys(root: &Secret, place: &Place) -> (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>) {
    let (mut key, mut commitment) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
    let extracted = Hkdf::<Sha256>::new(None, root.expose());
    let expanded = extracted
        .expand(&label::ARCHIVE.with(place), &mut key[..])
        .and_then(|()| extracted.expand(&label::ARCHIVE_COMMITMENT.with(place), &mut commitment[..]));
    // 32 bytes are within what HKDF-SHA256 can give (8,160).
    debug_assert!(expanded.is_ok());
    (key, commitment)
}

/// What an object holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Item {
    /// A letter.
    #[n(0)]
    Letter(#[n(0)] FiledLetter),
}

impl Wire for Item {
    const LIMITS: Limits = Limits { bytes: 80 * 1024, depth: 8, items: 256 };
    const START: Start = Start::Plain;

    fn validate(&self) -> Result<(), DecodeError> {
        let Self::Letter(letter) = self;
        letter.deposit.validate()
    }
}

/// A letter as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FiledLetter {
    /// Statement and signature.
    #[n(0)]
    pub signed: SignedLetter,
    /// The sender's entry that was in force when it arrived.
    #[n(1)]
    pub sender: SignedBodyEntry,
    /// The relay's record of its arrival, as listed.
    #[n(2)]
    pub deposit: Deposit,
    /// The relay's receipt for it, which signs the record's time and digest.
    #[n(3)]
    pub receipt: SignedReceipt,
}

impl FiledLetter {
    /// Verifies the letter again, as when it came. `sender` is [`FiledLetter::sender`], verified by the
    /// registry or by its approvals (`LBX-BODY-7`).
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn verify(
        self,
        owner: DirectoryId,
        sender: &VerifiedBody,
        relay: &ReceiptKeys,
    ) -> Result<VerifiedLetter, ArchiveError> {
        self.receipt.verify_for(relay, &self.deposit)?;
        let letter = OpenedLetter::from_signed(self.signed, owner)?.verify(sender, self.deposit.time)?;
        // LBX-ATT-5
        if letter.names_blobs(&self.deposit.blobs) { Ok(letter) } else { Err(ArchiveError::OtherFiles) }
    }
}
