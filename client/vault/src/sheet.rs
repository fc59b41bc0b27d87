//! The recovery code on its way to paper: between the passphrase and the signature.
//!
//! What finishing needs is kept in memory until the code was typed back, and wiped with it. A page
//! that is closed meanwhile loses nothing: the code lies sealed with the keys, and the passphrase
//! shows it again.

use client_messages::{Problem, RecoverySheet};
use crypto_core::recovery::RecoveryCode;

use crate::{device::Device, failure::Failure, finish::Finishing, opened::Shared, random};

/// Somebody is writing the code down.
pub(crate) struct Writing {
    finishing: Finishing,
    /// The places of the groups that are to be typed back, counted from 1, ascending.
    asked: [u8; 2],
}

impl Writing {
    pub(crate) fn new(finishing: Finishing) -> Self {
        Self { finishing, asked: two_places() }
    }

    /// What is to be written down.
    pub(crate) fn sheet(&self) -> Result<RecoverySheet, Failure> {
        Ok(RecoverySheet { groups: self.code()?.groups().to_vec(), asked: self.asked.to_vec() })
    }

    /// Compares what was typed back. If it is right, finishes; whatever fails then can be tried again
    /// in the same way, unless [`Writing::is_over`].
    pub(crate) async fn confirm(&mut self, device: &Device, typed: &[String]) -> Result<Shared, Failure> {
        let code = self.code()?;
        let fits = |(place, typed): (&u8, &String)| code.is_group(usize::from(*place) - 1, typed);
        if typed.len() != self.asked.len() || !self.asked.iter().zip(typed).all(fits) {
            return Err(Failure(Problem::CodeMistyped));
        }
        self.finishing.code_is_written_down(device).await?;
        self.finishing.finish(device).await
    }

    /// Whether the person has to sign in again before anything can be finished.
    pub(crate) fn is_over(&self) -> bool {
        !self.finishing.is_confirmed()
    }

    /// Whether the directory said that this person has a mailbox, made on another device.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.finishing.is_elsewhere()
    }

    fn code(&self) -> Result<RecoveryCode, Failure> {
        // It is dropped only once there is a mailbox.
        self.finishing.keys.recovery_code().ok_or(Failure(Problem::StorageDamaged))
    }
}

/// Two different places among the groups.
fn two_places() -> [u8; 2] {
    const GROUPS: u32 = RecoveryCode::GROUPS as u32;
    let first = random::number(GROUPS);
    let second = (first + 1 + random::number(GROUPS - 1)) % GROUPS;
    [first.min(second), first.max(second)].map(|place| place as u8 + 1)
}
