//! A file of a letter: fetched as a stream, opened as it comes, given to the page when it is whole.
//!
//! A stream that breaks is asked for again from where it broke. What came is given away only after its
//! last byte, its padding and its digest were checked (`LBX-ATT-4`). The page gets a `Blob`, which the
//! browser keeps: no byte of the file is ever in the memory of the page's program.
//!
//! How far a file is goes with the number of its request, apart from what else the vault is doing.

use api::Code;
use client_mailbox::{
    download::{Download, Saved},
    http::AnswerError,
};
use client_messages::{Answer, Event, Problem, SavedFile};
use crypto_core::archive::ObjectId;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsValue;
use web_sys::{Blob, BlobPropertyBag};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    network::{Stream, Unreachable},
    source::Source,
    waits::{OPENING_MILLISECONDS, Waits, within},
    watch::Watch,
};

/// How often a broken stream is asked for again before the person is told.
const TRIES: u32 = 5;

/// A stream that brought so many bytes was worth it: the count begins anew. Little enough for the slowest
/// line, whose streams the relay cuts off before they have brought much.
const WORTH_IT: u64 = 64 * 1024;

/// A stream that brings nothing for so long is broken.
const SILENCE_MILLISECONDS: u32 = 30_000;

/// What no browser shows: whatever the sender calls the file, it is saved.
const BYTES: &str = "application/octet-stream";

/// How much of a file is outside of this program's memory and not with the browser yet, in bytes.
const PIECE: usize = 256 * 1024;

/// Fetches the file and answers request `number`. A mailbox that was locked meanwhile says nothing more,
/// nor does one whose time is over: on a device that slept, the last bytes may come before the clocks were
/// looked at, and whoever woke it would be given the file.
pub(crate) async fn answer(source: Source, watch: Watch, number: u32, id: String, attachment: u32) {
    let place = usize::try_from(attachment).unwrap_or(usize::MAX);
    let outcome = Saving { source: &source, watch: &watch, number, place }.file(&id).await;
    if source.is_locked() || watch.is_over() {
        return;
    }
    let answer = match outcome {
        Ok(file) => Answer::File(file),
        Err(Failure(problem)) => Answer::Problem(problem),
    };
    source.worker().answer(number, answer);
}

/// One request for a file.
struct Saving<'a> {
    source: &'a Source,
    watch: &'a Watch,
    number: u32,
    /// Among the files of the letter, counted from 0.
    place: usize,
}

impl Saving<'_> {
    /// The file, from wherever it is whole: where a letter came more than once, each copy names the same
    /// files in places of its own (`LBX-LETTER-5`).
    async fn file(&self, id: &str) -> Result<SavedFile, Failure> {
        let id = self.source.find(id)?.ok_or(Failure(Problem::NoSuchLetter))?;
        let failure = match self.file_of(&id).await {
            Err(failure @ Failure(Problem::AttachmentLost | Problem::AttachmentAltered)) => failure,
            outcome => return outcome,
        };
        for copy in self.source.copies(&id)? {
            match self.file_of(&copy).await {
                Err(failure) if !failure.is_temporary() && !self.source.is_locked() => {}
                outcome => return outcome,
            }
        }
        // Of the letter that is shown: what is wrong with the others is of no use to anybody.
        Err(failure)
    }

    /// The file as one copy of the letter names it.
    async fn file_of(&self, id: &ObjectId) -> Result<SavedFile, Failure> {
        let mut download = self.source.download(id, self.place).await?;
        self.fetch(&mut download).await?;
        let Saved { file_name, media_type, content } = download.finish()?;
        let content = Zeroizing::new(content);
        // All that a browser can lack for this is room.
        let content = blob(&content).map_err(|_| Failure(Problem::NoMemory))?;
        Ok(SavedFile { file_name, media_type, content })
    }

    /// Fetches until everything is here.
    async fn fetch(&self, download: &mut Download) -> Result<(), Failure> {
        let mut waits = Waits::new();
        let mut tries = 0;
        let mut told = None;
        loop {
            let before = download.received();
            match self.stream(download, &mut told, &mut waits).await {
                Err(failure) if !failure.is_temporary() => return Err(failure),
                _ if download.is_complete() => return Ok(()),
                // It broke, or the relay ended it too early.
                _ => {}
            }
            if download.received().saturating_sub(before) >= WORTH_IT {
                tries = 0;
                waits.start_over();
            }
            if tries == TRIES {
                return Err(Failure(Problem::RelayUnreachable));
            }
            tries += 1;
            self.source.worker().sleep(waits.next()).await;
        }
    }

    /// One stream, from where the download stands to its end.
    async fn stream(
        &self,
        download: &mut Download,
        told: &mut Option<u64>,
        waits: &mut Waits,
    ) -> Result<(), Failure> {
        let gone = |Unreachable| Failure(Problem::RelayUnreachable);
        let worker = self.source.worker();
        self.tell(download, told);
        let request = self.source.rest_of(download)?;
        let opening = within(worker, OPENING_MILLISECONDS, Stream::open(worker, &request));
        let mut stream = opening.await.unwrap_or(Err(Unreachable)).map_err(gone)?;
        if !stream.is_open() {
            let refused = within(worker, OPENING_MILLISECONDS, stream.refusal()).await;
            let refused = refused.unwrap_or(Err(Unreachable)).map_err(gone)?;
            // LBX-REQUEST-5: of a device that fetches as many files as it may.
            if let Some(seconds) = refused.retry_after {
                waits.ask_for(seconds);
            }
            return Err(match refused.content() {
                Err(AnswerError::Refused(refused)) if refused.is(Code::NoSuchBlob) => {
                    Failure(Problem::AttachmentLost)
                }
                Err(error) => self.source.refused(&error),
                // A success of another kind than a file.
                Ok(_) => Failure(Problem::RelayLied),
            });
        }
        while !download.is_complete() {
            let next = within(worker, SILENCE_MILLISECONDS, stream.next()).await;
            let Some(bytes) = next.unwrap_or(Err(Unreachable)).map_err(gone)? else { break };
            if self.source.is_locked() || self.watch.is_over() {
                return Err(Failure(Problem::OutOfTurn));
            }
            download.push(&bytes)?;
            self.tell(download, told);
        }
        Ok(())
    }

    /// Tells the page how far it is, once for each percent.
    fn tell(&self, download: &Download, told: &mut Option<u64>) {
        let (received, total) = (download.received(), download.total());
        let percent = received.saturating_mul(100) / total.max(1);
        if *told != Some(percent) {
            *told = Some(percent);
            self.source.worker().tell(Event::Download { number: self.number, received, total });
        }
    }
}

/// A file as the browser keeps it. On its way there it is in one small room, piece after piece, that is
/// wiped: what is in JavaScript's memory otherwise stays there until the browser tidies up.
fn blob(content: &[u8]) -> Result<Blob, JsValue> {
    let room = Uint8Array::new_with_length(PIECE as u32);
    let piece = |piece: &[u8]| {
        let filled = room.subarray(0, piece.len() as u32);
        filled.copy_from(piece);
        // The blob has a copy of its own.
        Blob::new_with_u8_array_sequence(&Array::of1(&filled))
    };
    let pieces = content.chunks(PIECE).map(piece).collect::<Result<Array, JsValue>>();
    room.fill(0, 0, PIECE as u32);
    let options = BlobPropertyBag::new();
    options.set_type(BYTES);
    let pieces = pieces?;
    Blob::new_with_blob_sequence_and_options(&pieces, &options)
}
