//! Mailboxes: opened once with a voucher, governed by access lists from then on.

pub mod requests;

use std::sync::Arc;

use relay_auth::{
    access::{AccessError, AccessList, SignedAccessList},
    cbor::Wire as _,
    id::{MailboxId, VoucherId},
    ticket::{TicketError, TicketKeys},
    voucher::Voucher,
};

use self::requests::Proven;
use crate::{
    deposits::arrivals::Arrivals,
    store::{Denied, MailStore, StoreFailure},
};

/// A mailbox to be opened. Voucher and list are verified.
#[derive(Debug)]
pub struct NewMailbox {
    /// Its number.
    pub mailbox: MailboxId,
    /// The voucher that is spent by it.
    pub voucher: VoucherId,
    /// The last second (Unix time) at which a voucher that is not spent is taken.
    pub not_after: u64,
    /// The first access list.
    pub list: AccessList,
    /// The list as it was signed, by which a repetition is known.
    pub signed_list: Vec<u8>,
}

/// How opening ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The mailbox is open, by this call or by the same one before.
    Open,
    /// The voucher's time is over.
    Expired,
    /// The voucher was spent with another list.
    VoucherSpent,
    /// The mailbox was opened with another voucher.
    OtherVoucher,
    /// A request key of the list belongs to another mailbox, or is a recovery key.
    KeyTaken,
}

/// A newer access list. Key and counter change with each list, so it is verified where nothing can
/// come between.
#[derive(Debug)]
pub struct AccessChange {
    /// The list, not yet verified.
    pub list: SignedAccessList,
    /// The list as it was signed.
    pub signed_list: Vec<u8>,
}

impl AccessChange {
    /// Takes a list as it came.
    ///
    /// # Errors
    /// [`AccessError::Malformed`].
    pub fn read(signed_list: Vec<u8>) -> Result<Self, AccessError> {
        Ok(Self { list: SignedAccessList::from_bytes(&signed_list)?, signed_list })
    }
}

/// How a change of the access list ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The list is in force, by this call or by the same one before.
    InForce,
    /// The list does not follow the one in force.
    Refused(AccessError),
    /// A request key of the list belongs to another mailbox, or is a recovery key.
    KeyTaken,
}

/// Why a mailbox was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The voucher was not taken.
    #[error(transparent)]
    Voucher(#[from] TicketError),
    /// The list was not taken.
    #[error(transparent)]
    List(#[from] AccessError),
    /// The voucher was spent with another list.
    #[error("the voucher has opened its mailbox with another access list")]
    VoucherSpent,
    /// The mailbox was opened with another voucher.
    #[error("the mailbox was opened with another voucher")]
    OtherVoucher,
    /// A request key of the list belongs to another mailbox, or is a recovery key.
    #[error("a request key of the list is in use elsewhere: make a new one for each device and mailbox")]
    KeyTaken,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Why an access list was not put in force.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// The list was not taken.
    #[error(transparent)]
    List(#[from] AccessError),
    /// A request key of the list belongs to another mailbox, or is a recovery key.
    #[error("a request key of the list is in use elsewhere: make a new one for each device and mailbox")]
    KeyTaken,
    /// The request was not admitted, or the store did not do it.
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Opens mailboxes and changes who may ask for them.
#[derive(Debug)]
pub struct Mailboxes {
    pub(crate) store: Arc<dyn MailStore>,
    pub(crate) tickets: Arc<TicketKeys>,
    pub(crate) arrivals: Arrivals,
}

impl Mailboxes {
    /// Opens a mailbox. The same voucher with the same list opens it again, to no effect: whoever
    /// lost the answer asks once more.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(&self, voucher: &[u8], signed_list: &[u8], now: u64) -> Result<(), OpenError> {
        let voucher: Voucher = self.tickets.open(voucher)?;
        let list = SignedAccessList::from_bytes(signed_list).map_err(AccessError::from)?;
        let list = list.verify(voucher.mailbox, &voucher.access_key, 0)?;
        let new = NewMailbox {
            mailbox: voucher.mailbox,
            voucher: voucher.id,
            not_after: voucher.not_after,
            list,
            signed_list: signed_list.to_vec(),
        };
        match self.store.open_mailbox(new, now).await? {
            Opening::Open => Ok(()),
            Opening::Expired => Err(TicketError::Expired.into()),
            Opening::VoucherSpent => Err(OpenError::VoucherSpent),
            Opening::OtherVoucher => Err(OpenError::OtherVoucher),
            Opening::KeyTaken => Err(OpenError::KeyTaken),
        }
    }

    /// Puts a newer access list in force. From then on removed devices are refused, and event
    /// streams that they have open end.
    ///
    /// # Errors
    /// See [`ReplaceError`].
    pub async fn replace_access(&self, by: Proven, signed_list: &[u8], now: u64) -> Result<(), ReplaceError> {
        let mailbox = by.mailbox();
        let change = AccessChange::read(signed_list.to_vec())?;
        let outcome = self.store.replace_access(by, change, now).await?;
        match outcome {
            Replacement::InForce => {
                self.arrivals.announce(mailbox);
                Ok(())
            }
            Replacement::Refused(error) => Err(error.into()),
            Replacement::KeyTaken => Err(ReplaceError::KeyTaken),
        }
    }
}
