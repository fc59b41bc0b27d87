//! sled's log as bytes, looked at without sled.
//!
//! sled opens a damaged log without a word. A message that does not match its checksum it takes for
//! the end of what a crash left: it drops the rest of the segment, zeroes it, and goes on with an older
//! state. So a log is looked at here before it is opened: [`check`] writes nothing.
//!
//! ```text
//! the file `db`: segments of 512 KiB, in any order; a segment that is free is used again
//! segment: CRC-32 · sequence number of its start · a number that is of no use here · messages
//! message: CRC-32 u32 · kind u8 · length · number of the segment · page · bytes
//! ```
//!
//! Numbers of segments and of messages are little-endian (the first ones masked), those without a size
//! take one to nine bytes. This is the format of the one version that `Cargo.toml` names.
//!
//! # What counts as damage
//!
//! A crash leaves an end that cannot be read, and unreadable places in segments that were free. So a
//! place that cannot be read counts if it lies **before the end that is known** and in a segment with
//! something in it that is still in use. The end is known from the last recovery, which leaves a
//! snapshot, and from the last orderly stop ([`crate::closed`]). Behind it damage cannot be told from a
//! crash; such places are counted apart.
//!
//! After an orderly stop there was no crash since the last recovery, which zeroes what the one before
//! left. Then whatever cannot be read in what was written since counts, in use or not.
//!
//! A segment that holds nothing but zeros is like one that is free. Where the disk lost a whole one, or
//! has an older state of it, this does not see it; sled does when it reads the page, unless it was written
//! since the last recovery.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

use crate::{StoreError, closed, disk};

/// sled's default, which this crate does not change.
const SEGMENT: usize = 512 * 1024;
const SEGMENT_HEADER: usize = 20;
/// No message begins nearer to the end of its segment.
const LONGEST_HEADER: usize = 32;
/// What sled lays over the numbers in the head of a segment.
const MASK: u64 = 0x7fff_ffff_ffff_ffff;

/// Kinds of messages. Others carry no page.
const CAP: u8 = 2;
const FIRST_WHOLE_PAGE: u8 = 4;
const LAST_WHOLE_PAGE: u8 = 9;
const LAST_KIND: u8 = 11;

/// What the log looks like. It names no row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct LogReport {
    /// The length of the file in bytes.
    pub bytes: u64,
    /// Places that cannot be read although they were written to the end and are still in use. An end
    /// that is missing counts as one.
    pub damaged: u64,
    /// Places that cannot be read and may be what a crash left.
    pub cut: u64,
}

/// Reads every segment of the log in `folder`. Writes nothing.
pub(crate) fn check(folder: &Path) -> Result<LogReport, StoreError> {
    look(folder, &Known::of(folder)?, 0)
}

/// As [`check`], of what sled reads when it opens the log: all since its last recovery. Damage in what is
/// older it notices by itself, when it reads the page. This takes no longer than the opening.
pub(crate) fn check_newest(folder: &Path) -> Result<LogReport, StoreError> {
    let known = Known::of(folder)?;
    look(folder, &known, known.first_new_segment())
}

/// Reads the segments from number `first` on.
fn look(folder: &Path, known: &Known, first: u64) -> Result<LogReport, StoreError> {
    let known_end = known.end();
    let mut report = LogReport::default();
    // Where each page was last written whole.
    let mut pages: HashMap<u64, u64> = HashMap::new();
    let mut broken = Vec::new();
    let mut last = (0, 0);
    let mut file = disk::open(&folder.join("db"))?;
    let length = file.metadata().map_err(reading)?.len();
    for place in (0..length).step_by(SEGMENT) {
        if number_at(&file, place)?.is_some_and(|number| number < first) {
            continue;
        }
        file.seek(SeekFrom::Start(place)).map_err(reading)?;
        let Some(bytes) = next_segment(&mut file)? else { break };
        report.bytes += bytes.len() as u64;
        let Some(segment) = Segment::read(&bytes) else {
            // Neither free nor readable anywhere. A crash leaves that too.
            match known.closed {
                _ if bytes.iter().all(|byte| *byte == 0) => {}
                Some(_) => report.damaged += 1,
                None => report.cut += 1,
            }
            continue;
        };
        // Its head cannot be read, but what follows it can.
        if segment.number < first {
            continue;
        }
        last = last.max((segment.number, segment.end));
        for message in segment.messages.iter().filter(|message| message.is_whole_page()) {
            let newest = pages.entry(message.page).or_default();
            *newest = message.at.max(*newest);
        }
        if !segment.gaps.is_empty() {
            broken.push(segment);
        }
    }
    let (last, end) = last;
    for segment in broken {
        let mut gaps = segment.gaps.as_slice();
        // Every log ends somewhere.
        if segment.number == last && segment.ends_in_gap {
            gaps = gaps.split_last().map_or(gaps, |(_, before)| before);
        }
        let is_new = known.closed.is_some() && segment.number >= known.first_new_segment();
        let is_used =
            segment.messages.is_empty() || segment.messages.iter().any(|message| message.is_used(&pages));
        for gap in gaps {
            if *gap < known_end && (is_used || is_new) {
                report.damaged += 1;
            } else {
                report.cut += 1;
            }
        }
    }
    if end < known_end {
        report.damaged += 1;
    }
    Ok(report)
}

/// The sequence number behind the last message of the log in `folder`.
pub(crate) fn end(folder: &Path) -> Result<u64, StoreError> {
    let mut file = disk::open(&folder.join("db"))?;
    let length = file.metadata().map_err(reading)?.len();
    let mut newest: Option<(u64, u64)> = None;
    for place in (0..length).step_by(SEGMENT) {
        if let Some(number) = number_at(&file, place)? {
            newest = newest.max(Some((number, place)));
        }
    }
    let Some((_, place)) = newest else { return Ok(0) };
    file.seek(SeekFrom::Start(place)).map_err(reading)?;
    let segment = next_segment(&mut file)?.and_then(|bytes| Segment::read(&bytes));
    Ok(segment.map_or(0, |segment| segment.end))
}

/// Up to where the log was written to the disk.
struct Known {
    /// At the last orderly stop, if there was no start since.
    closed: Option<u64>,
    /// At the last recovery.
    recovered: u64,
}

impl Known {
    fn of(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { closed: closed::end(folder), recovered: recovered(folder)? })
    }

    fn end(&self) -> u64 {
        self.recovered.max(self.closed.unwrap_or_default())
    }

    /// The number of the first segment that was written to since the last recovery.
    fn first_new_segment(&self) -> u64 {
        self.recovered / SEGMENT as u64
    }
}

/// Up to where sled read the log when it was last opened; 0 if it had nothing to read.
fn recovered(folder: &Path) -> Result<u64, StoreError> {
    let mut end = 0;
    for entry in fs::read_dir(folder).map_err(reading)? {
        let name = entry.map_err(reading)?.file_name();
        // sled names a snapshot by the sequence number up to which it recovered.
        let number = name.to_str().and_then(|name| name.strip_prefix("snap."));
        let number = number.and_then(|number| u64::from_str_radix(number, 16).ok());
        end = end.max(number.unwrap_or_default());
    }
    Ok(end)
}

/// The number in the head of the segment that begins at this place of the file, if the head is whole.
fn number_at(mut file: &File, place: u64) -> Result<Option<u64>, StoreError> {
    file.seek(SeekFrom::Start(place)).map_err(reading)?;
    let mut head = Vec::with_capacity(SEGMENT_HEADER);
    file.take(SEGMENT_HEADER as u64).read_to_end(&mut head).map_err(reading)?;
    Ok(segment_number(&head))
}

/// The bytes of the next segment; the last one may be shorter.
fn next_segment(file: &mut File) -> Result<Option<Vec<u8>>, StoreError> {
    let mut bytes = Vec::with_capacity(SEGMENT);
    file.take(SEGMENT as u64).read_to_end(&mut bytes).map_err(reading)?;
    Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
}

fn reading(cause: io::Error) -> StoreError {
    StoreError::io("read the store's log", cause)
}

struct Segment {
    number: u64,
    messages: Vec<Placed>,
    /// Where something cannot be read, as sequence numbers.
    gaps: Vec<u64>,
    /// Whether nothing of this segment comes after the last gap.
    ends_in_gap: bool,
    /// Behind the last message.
    end: u64,
}

/// A message that was read.
struct Placed {
    at: u64,
    kind: u8,
    page: u64,
}

impl Placed {
    fn is_whole_page(&self) -> bool {
        (FIRST_WHOLE_PAGE..=LAST_WHOLE_PAGE).contains(&self.kind)
    }

    /// Whether the page still needs it: its last whole state, or a change to that.
    fn is_used(&self, pages: &HashMap<u64, u64>) -> bool {
        let whole = pages.get(&self.page).copied().unwrap_or_default();
        if self.is_whole_page() { self.at == whole } else { self.kind > LAST_WHOLE_PAGE && self.at > whole }
    }
}

impl Segment {
    /// `None` for a segment without anything in it.
    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.iter().all(|byte| *byte == 0) {
            return None;
        }
        let head = segment_number(bytes);
        let number =
            head.or_else(|| next_message(bytes, SEGMENT_HEADER).map(|(_, message)| message.segment))?;
        let start = number.saturating_mul(SEGMENT as u64);
        let place = |at: usize| start.saturating_add(at as u64);
        let mut segment = Self {
            number,
            messages: Vec::new(),
            gaps: if head.is_none() { vec![start] } else { Vec::new() },
            ends_in_gap: false,
            end: place(SEGMENT),
        };
        let mut at = SEGMENT_HEADER;
        while at + LONGEST_HEADER <= SEGMENT {
            if let Some(message) = message(bytes, at).filter(|message| message.segment == number) {
                segment.messages.push(Placed { at: place(at), kind: message.kind, page: message.page });
                if message.kind == CAP {
                    break;
                }
                at = message.end;
                continue;
            }
            match next_message(bytes, at + 1) {
                Some((later, message)) if message.segment == number => {
                    segment.gaps.push(place(at));
                    at = later;
                    continue;
                }
                // It was free, and a later segment is being written over it.
                Some((_, message)) if message.segment > number => {}
                // sled goes on in another segment if it was closed here: nothing is missing.
                None if at + LONGEST_HEADER == SEGMENT => break,
                _ => {
                    segment.gaps.push(place(at));
                    segment.ends_in_gap = true;
                }
            }
            segment.end = place(at);
            break;
        }
        Some(segment)
    }
}

/// The number in the head of a segment, if the head is whole.
fn segment_number(bytes: &[u8]) -> Option<u64> {
    let (checksum, rest) = bytes.split_first_chunk::<4>()?;
    let fields = rest.get(..SEGMENT_HEADER - 4)?;
    if crc32fast::hash(fields) ^ u32::MAX != u32::from_le_bytes(*checksum) {
        return None;
    }
    let start = u64::from_le_bytes(*fields.first_chunk::<8>()?) ^ MASK;
    start.is_multiple_of(SEGMENT as u64).then_some(start / SEGMENT as u64)
}

struct Message {
    kind: u8,
    page: u64,
    segment: u64,
    /// Where the next one begins in the segment.
    end: usize,
}

/// The first message that can be read from `from` on, and where it is.
fn next_message(bytes: &[u8], from: usize) -> Option<(usize, Message)> {
    (from..bytes.len()).find_map(|at| Some((at, message(bytes, at)?)))
}

/// The message at a place, if there is a whole one.
fn message(bytes: &[u8], at: usize) -> Option<Message> {
    let (checksum, head) = bytes.get(at..)?.split_first_chunk::<4>()?;
    let (kind, mut rest) = head.split_first()?;
    if !(1..=LAST_KIND).contains(kind) {
        return None;
    }
    let length = usize::try_from(number(&mut rest)?).ok()?;
    let (segment, page) = (number(&mut rest)?, number(&mut rest)?);
    let body = rest.get(..length)?;
    let mut digest = crc32fast::Hasher::new();
    digest.update(body);
    digest.update(head.get(..head.len() - rest.len())?);
    let matches = digest.finalize() ^ u32::MAX == u32::from_le_bytes(*checksum);
    let end = bytes.len() - rest.len() + length;
    matches.then_some(Message { kind: *kind, page, segment, end })
}

/// A number as sled writes it, taken from the front.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first()?;
    let first = *first;
    let (value, rest) = match first {
        0..=240 => (u64::from(first), rest),
        241..=248 => {
            let (low, rest) = rest.split_first()?;
            (240 + 256 * u64::from(first - 241) + u64::from(*low), rest)
        }
        249 => {
            let (both, rest) = rest.split_first_chunk::<2>()?;
            (2288 + u64::from(u16::from_be_bytes(*both)), rest)
        }
        _ => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 247))?;
            let mut value = [0; 8];
            value.get_mut(..digits.len())?.copy_from_slice(digits);
            (u64::from_le_bytes(value), rest)
        }
    };
    *bytes = rest;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Options};

    fn engine(folder: &Path) -> Engine {
        Engine::open(folder, Options { reserve_bytes: 0, ..Options::default() }).unwrap()
    }

    fn write(engine: &Engine, numbers: std::ops::Range<u8>) {
        for number in numbers {
            engine.write_blocking(move |view| view.insert_long(&[number], &vec![number; 9000])).unwrap();
        }
    }

    /// Where the bytes of a value begin in the log, where they were written first and last. The last ones
    /// are in use.
    fn places_of(log: &[u8], number: u8) -> (usize, usize) {
        let is_value = |bytes: &[u8]| bytes.iter().all(|byte| *byte == number);
        let mut places = log.windows(1000);
        (places.clone().position(is_value).unwrap(), places.rposition(is_value).unwrap())
    }

    #[test]
    fn a_log_that_was_closed_is_read_to_its_end_and_any_change_in_it_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let opened = engine(folder.path());
        write(&opened, 1..60);
        drop(opened);
        let db = folder.path().join("db");
        let log = fs::read(&db).unwrap();
        let report = check(folder.path()).unwrap();
        assert_eq!(report, LogReport { bytes: log.len() as u64, damaged: 0, cut: 0 });
        // The first one, one in the middle, and the very last.
        for number in [1, 30, 59] {
            let mut altered = log.clone();
            altered[places_of(&log, number).1] ^= 1;
            fs::write(&db, &altered).unwrap();
            assert!(check(folder.path()).unwrap().damaged > 0, "{number}");
        }
        for end in [0, SEGMENT_HEADER, places_of(&log, 1).0, places_of(&log, 59).1 + 10] {
            fs::write(&db, &log[..end]).unwrap();
            assert!(check(folder.path()).unwrap().damaged > 0, "cut at {end}");
        }
        let mut headless = log.clone();
        headless[(log.len() - 1) / SEGMENT * SEGMENT + 7] ^= 1;
        fs::write(&db, &headless).unwrap();
        assert!(check(folder.path()).unwrap().damaged > 0);
        fs::write(&db, &log).unwrap();
        assert_eq!(check(folder.path()).unwrap().damaged, 0);
    }

    #[test]
    fn a_segment_of_which_nothing_can_be_read_is_damage_after_an_orderly_stop_and_zeros_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let opened = engine(folder.path());
        write(&opened, 1..10);
        drop(opened);
        let db = folder.path().join("db");
        let mut log = fs::read(&db).unwrap();
        log.resize(log.len().next_multiple_of(SEGMENT), 0);
        for (byte, damaged, cut) in [(0, 0, 0), (0xff, 1, 0)] {
            fs::write(&db, [&log[..], &[byte; SEGMENT]].concat()).unwrap();
            let report = check(folder.path()).unwrap();
            assert_eq!((report.damaged, report.cut), (damaged, cut), "{byte}");
            assert_eq!(check_newest(folder.path()).unwrap().damaged, damaged, "{byte}");
        }
        closed::remove(folder.path()).unwrap();
        let report = check(folder.path()).unwrap();
        assert_eq!((report.damaged, report.cut), (0, 1));
    }

    #[test]
    fn a_segment_that_ends_where_no_message_begins_any_more_is_whole() {
        let mut bytes = vec![0; SEGMENT];
        let head = [MASK.to_le_bytes(), MASK.to_le_bytes()].concat();
        bytes[..4].copy_from_slice(&(crc32fast::hash(&head) ^ u32::MAX).to_le_bytes());
        bytes[4..SEGMENT_HEADER].copy_from_slice(&head);
        // A cancelled message: kind, length, segment, page, and then zeros.
        let length = |left: usize| u32::try_from(SEGMENT - SEGMENT_HEADER - 12 - left).unwrap();
        for (left, gaps) in [(LONGEST_HEADER - 1, 0), (LONGEST_HEADER, 0), (LONGEST_HEADER + 1, 1)] {
            let mut fields = vec![1, 251];
            fields.extend(length(left).to_le_bytes());
            fields.extend([0, 0]);
            let mut digest = crc32fast::Hasher::new();
            digest.update(&vec![0; length(left) as usize]);
            digest.update(&fields);
            let checksum = (digest.finalize() ^ u32::MAX).to_le_bytes();
            let message = [&checksum[..], &fields].concat();
            bytes[SEGMENT_HEADER..][..message.len()].copy_from_slice(&message);
            let segment = Segment::read(&bytes).unwrap();
            assert_eq!((segment.messages.len(), segment.gaps.len()), (1, gaps), "{left}");
            assert_eq!(segment.end == SEGMENT as u64, gaps == 0, "{left}");
        }
    }

    #[test]
    fn what_was_written_after_the_last_stop_and_cut_off_may_be_of_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let opened = engine(folder.path());
        write(&opened, 1..20);
        drop(opened);
        let opened = engine(folder.path());
        write(&opened, 20..40);
        // As a process leaves it that is killed.
        let killed = tempfile::tempdir().unwrap();
        for name in fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()) {
            if !name.to_str().unwrap().starts_with("blobs") {
                fs::copy(folder.path().join(&name), killed.path().join(&name)).unwrap();
            }
        }
        drop(opened);
        let db = killed.path().join("db");
        let log = fs::read(&db).unwrap();
        assert_eq!(check(killed.path()).unwrap().damaged, 0);
        fs::write(&db, &log[..places_of(&log, 35).0]).unwrap();
        assert_eq!(check(killed.path()).unwrap().damaged, 0);
        // What the last start recovered is no crash's.
        fs::write(&db, &log[..places_of(&log, 10).0]).unwrap();
        assert!(check(killed.path()).unwrap().damaged > 0);
    }

    #[test]
    fn numbers_are_read_as_sled_writes_them() {
        let forms: [(&[u8], u64); 8] = [
            (&[0], 0),
            (&[240], 240),
            (&[241, 0], 240),
            (&[248, 255], 2287),
            (&[249, 255, 255], 67823),
            (&[250, 1, 0, 1], 0x01_0001),
            (&[251, 255, 255, 255, 255], u64::from(u32::MAX)),
            (&[255, 1, 0, 0, 0, 0, 0, 0, 128], (1 << 63) + 1),
        ];
        for (bytes, value) in forms {
            let mut rest = bytes;
            assert_eq!(number(&mut rest), Some(value), "{bytes:?}");
            assert!(rest.is_empty());
            assert_eq!(number(&mut &bytes[..bytes.len() - 1]), None, "{bytes:?}");
        }
    }
}
