//! Saving the files of letters: fetched, opened, checked to be the files that the letters name, and
//! only then written.

use std::{fs, path::Path};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use client_mailbox::download::{Download, Saved};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;

use crate::{PAUSE, failure::Failure, mailbox::Mailbox, network::whole, system::rng};

/// Saves every file of the letters with these subjects, and says what each is. The names that bodies
/// gave are told and not used: on the disk a file is called by its letter and its place in it.
pub(crate) async fn all(
    mailbox: &Mailbox<'_>,
    subjects: &[String],
    folder: &Path,
) -> Result<Vec<Value>, Failure> {
    let failed = |cause| Failure::Save { folder: folder.to_owned(), cause };
    fs::create_dir_all(folder).map_err(failed)?;
    let mut saved = Vec::new();
    for summary in mailbox.inbox.summaries(&mailbox.registry) {
        if !subjects.contains(&summary.label) {
            continue;
        }
        let (id, record) = mailbox.stored(&summary)?;
        let files = mailbox.inbox.view(&id, record, &mailbox.reader())?.attachments.len();
        for place in 0..files {
            let download = mailbox.inbox.download(&id, record, place, &mailbox.reader())?;
            let Saved { file_name, media_type, content } = fetch(mailbox, download).await?;
            let file = folder.join(format!("{}-{place}", summary.id));
            fs::write(&file, &content).map_err(failed)?;
            let digest: [u8; 32] = Sha256::digest(&content).into();
            saved.push(json!({
                "subject": summary.label,
                "name": file_name,
                "media_type": media_type,
                "size": content.len(),
                "sha256": Base64UrlUnpadded::encode_string(&digest),
                "file": file.display().to_string(),
            }));
        }
    }
    Ok(saved)
}

/// Fetches a file to its end. Whenever the stream breaks, the rest is asked for from where it broke;
/// only the time for everything ends that.
async fn fetch(mailbox: &Mailbox<'_>, mut download: Download) -> Result<Saved, Failure> {
    while !download.is_complete() {
        match more(mailbox, &mut download).await {
            Err(failure) if failure.is_temporary() => sleep(PAUSE).await,
            outcome => outcome?,
        }
    }
    Ok(download.finish()?)
}

async fn more(mailbox: &Mailbox<'_>, download: &mut Download) -> Result<(), Failure> {
    let request = download.request(&mailbox.signer(), &mut rng())?;
    let mut stream = mailbox.network.open(&request).await?;
    if stream.status() != 200 {
        whole(stream).await?.content()?;
        return Err(Failure::StreamEnded);
    }
    while let Some(bytes) = stream.chunk().await? {
        download.push(&bytes)?;
    }
    if download.is_complete() { Ok(()) } else { Err(Failure::StreamEnded) }
}
