//! Blobs, one after the other: three parts, then the shelf. Each step is acknowledged when the folder of
//! blobs has answered, and after the last one nothing more is written: so whatever a step leaves unsynced,
//! no later sync makes up for it.

use std::{
    error::Error,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use store::{BlobError, BlobId, Blobs};
use tokio::{io::AsyncReadExt as _, runtime::Runtime};

use crate::plan;

/// The parts of a blob, and the bytes of each: no whole number of pages.
const PARTS: u64 = 3;
const PART: usize = 10_000;
const WHOLE: u64 = PARTS * PART as u64;
/// The last one puts the blob on its shelf.
const STEPS: u64 = PARTS + 1;
/// Whose bytes these are: that of no thread.
const WHOSE: u32 = u32::MAX;

/// Takes so many steps, says each, and waits to be killed. Early, it says them all and takes none.
pub(crate) fn write(folder: &Path, steps: &str, early: bool) -> Result<ExitCode, Box<dyn Error>> {
    let steps: u64 = steps.parse()?;
    let runtime = runtime()?;
    let blobs = open(folder)?;
    let begun = runtime.block_on(taken(&blobs, folder))?;
    say(begun)?;
    for step in begun..begun + steps {
        if !early {
            runtime.block_on(take(&blobs, step))?;
        }
        say(step + 1)?;
    }
    loop {
        thread::park();
    }
}

/// Opens the folder, as a restarted service would, and compares it with what was acknowledged.
pub(crate) fn verify(folder: &Path, heard: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let heard = fs::read_to_string(heard)?;
    let acknowledged = heard.lines().filter_map(|line| line.parse::<u64>().ok()).max().unwrap_or(0);
    let runtime = runtime()?;
    let blobs = open(folder)?;
    let there = runtime.block_on(taken(&blobs, folder))?;
    let (whole, parts) = (there / STEPS, there % STEPS);
    let mut damaged = 0_u64;
    for blob in 0..whole {
        let bytes = runtime.block_on(read(&blobs, blob))?;
        damaged += u64::from(bytes != content(blob));
    }
    if parts > 0 {
        // What a part that was on its way left behind it is cut off by the next.
        let length = usize::try_from(parts)? * PART;
        let bytes = fs::read(partial(folder, whole))?;
        damaged += u64::from(bytes.get(..length) != content(whole).get(..length));
    }
    let lost = acknowledged.saturating_sub(there);
    let invented = there.saturating_sub(acknowledged);
    writeln!(
        io::stdout(),
        "acknowledged: {acknowledged}, lost: {lost}, invented: {invented}, damaged: {damaged}"
    )?;
    Ok(if lost + invented + damaged == 0 { ExitCode::SUCCESS } else { ExitCode::from(3) })
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().build()
}

fn open(folder: &Path) -> Result<Blobs, Box<dyn Error>> {
    Ok(Blobs::open(folder, 16 << 20)?)
}

async fn take(blobs: &Blobs, step: u64) -> Result<(), BlobError> {
    let (blob, part) = (step / STEPS, step % STEPS);
    if part == PARTS {
        blobs.adopt(id(blob), WHOLE).await?;
        return Ok(blobs.settle(id(blob)).await?);
    }
    let offset = part * PART as u64;
    let bytes = content(blob).into_iter().skip(part as usize * PART).take(PART).collect();
    blobs.append(id(blob), offset, bytes).await
}

/// The steps that the folder shows.
async fn taken(blobs: &Blobs, folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut blob = 0;
    while blobs.open_blob(id(blob)).await?.is_some_and(|found| found.length == WHOLE) {
        blob += 1;
    }
    let parts = match fs::metadata(partial(folder, blob)) {
        Ok(file) => (file.len() / PART as u64).min(PARTS),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => 0,
        Err(cause) => return Err(cause.into()),
    };
    Ok(blob * STEPS + parts)
}

async fn read(blobs: &Blobs, blob: u64) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut found = blobs.open_blob(id(blob)).await?.ok_or("a blob that was there is not")?;
    let mut bytes = Vec::new();
    found.file.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn content(blob: u64) -> Vec<u8> {
    plan::noise(WHOSE, blob, PARTS as usize * PART)
}

fn bytes_of_id(blob: u64) -> [u8; 16] {
    // The low byte first, so that they come to different shelves.
    u128::from(blob).to_le_bytes()
}

fn id(blob: u64) -> BlobId {
    BlobId::new(bytes_of_id(blob))
}

fn partial(folder: &Path, blob: u64) -> PathBuf {
    folder.join("partial").join(format!("{:032x}", u128::from_be_bytes(bytes_of_id(blob))))
}

/// One line, in one system call.
fn say(steps: u64) -> io::Result<()> {
    io::stdout().lock().write_all(format!("{steps}\n").as_bytes())
}
