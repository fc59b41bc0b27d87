//! A letter's way: a lookup, the files, the letter. The services cannot tell it from any other.

use std::{fs, io};

use api::directory::{LookupRequest, Registry};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use crypto_core::{
    attachment::Sealer,
    body::SignedBodyEntry,
    directory::{Answer, Memory, Outcome, ProvenRecipient, Verified},
    letter::Attachment,
    person::Attributes,
    trust::{SignedTrust, VerifiedTrust, authority_of},
};
use relay_auth::{
    cbor::{Wire as _, encode},
    hex,
    id::BlobId,
    request::{Parameters, Request, sign},
    request_key::RequestKeyId,
};
use reqwest::Method;
use sender_sdk::{KeysFile, TrustSource};

use crate::{
    draft::{Draft, FileDraft},
    failure::Failure,
    network::{Network, answer},
    seal::seal,
    system::{now, rng},
};

const LOOKUPS: &str = "/v1/lookups";

/// A public body that sends.
pub(crate) struct Post {
    network: Network,
    keys: KeysFile,
    trust: VerifiedTrust,
    /// The hash of the body's entry.
    entry: [u8; 32],
}

impl Post {
    /// Reads the trust file and asks the directory for the body's entry.
    pub(crate) async fn open(keys: KeysFile) -> Result<Self, Failure> {
        let TrustSource::File(path) = &keys.trust else {
            return Err(Failure::TrustFile(io::ErrorKind::Unsupported.into()));
        };
        let json = fs::read(path).map_err(Failure::TrustFile)?;
        let trust = SignedTrust::from_json(&json)?.verify(&keys.deployment_key)?;
        let network = Network::new()?;
        let address = format!("{}/v1/registry", trust.file().directory.url);
        let registry = answer(network.request(Method::GET, &address)).await?;
        let registry: Registry = minicbor::decode(&registry).map_err(|_| Failure::Registry)?;
        for listed in &registry.bodies {
            let newest = listed.entries.last().ok_or(Failure::Registry)?;
            let newest = SignedBodyEntry::from_bytes(newest.as_ref())?;
            if newest.unverified()?.id == keys.body {
                let entry = newest.hash();
                return Ok(Self { network, keys, trust, entry });
            }
        }
        Err(Failure::Registry)
    }

    /// Sends a letter as it is.
    pub(crate) async fn send(&self, person: &Attributes, draft: Draft) -> Result<(), Failure> {
        let (recipient, permit) = self.look_up(person).await?;
        let mut attachments = Vec::with_capacity(draft.files.len());
        for file in &draft.files {
            attachments.push(self.upload(&permit, file).await?);
        }
        let blobs: Vec<String> = attachments.iter().map(|file| hex::encode(file.blob.as_bytes())).collect();
        let letter = draft.into_letter(attachments);
        let envelope = seal(&self.keys.body, self.entry, &self.keys.signing_key, letter, &recipient)?;
        let address = format!("{}/v1/deposits", self.trust.file().relay.url);
        let mut request = self
            .network
            .request(Method::POST, &address)
            .header("content-type", api::media::OCTETS)
            .header(api::header::PERMIT, &permit);
        if !blobs.is_empty() {
            request = request.header(api::header::BLOBS, blobs.join(","));
        }
        answer(request.body(envelope)).await.map(drop)
    }

    /// The person's proven key, and a permit as a header field carries it.
    async fn look_up(&self, person: &Attributes) -> Result<(Box<ProvenRecipient>, String), Failure> {
        let content =
            encode(&LookupRequest { attributes: person.to_bytes().into(), known: None, permits: 1 });
        let origin = &self.trust.file().directory.url;
        let authority = authority_of(origin).ok_or(Failure::Address)?;
        let request = Request { method: "POST", authority, path: LOOKUPS, query: None, body: &content };
        let key = &self.keys.signing_key;
        let key_id = RequestKeyId::of(&key.verifying_key()).to_text();
        let fields = sign(&request, &Parameters::generate(now(), &key_id, &mut rng()), key)?;
        let request = self
            .network
            .request(Method::POST, &format!("{origin}{LOOKUPS}"))
            .header("content-type", api::media::CBOR)
            .header("content-digest", fields.content_digest)
            .header("signature-input", fields.signature_input)
            .header("signature", fields.signature)
            .body(content);
        let content = answer(request).await?;
        let answer = Answer::from_bytes(&content)?;
        let (trust, provider) = (self.trust.trust(), self.trust.provider());
        let Verified { outcome, .. } = answer.verify(person, trust, provider, Memory::default(), now())?;
        match (outcome, answer.permits.first()) {
            (Outcome::Found(recipient), Some(permit)) => {
                Ok((recipient, Base64UrlUnpadded::encode_string(permit.as_ref())))
            }
            _ => Err(Failure::NoRecipient),
        }
    }

    /// Seals and uploads a file, in one part.
    async fn upload(&self, permit: &str, file: &FileDraft) -> Result<Attachment, Failure> {
        let FileDraft { name, media_type, label, language, content } = file;
        let (blob, size) = (BlobId::generate(&mut rng()), content.len() as u64);
        let mut sealer = Sealer::new(blob, size, &mut rng())?;
        let mut sealed = Vec::new();
        sealer.update(content.as_bytes(), &mut sealed)?;
        let (key, digest) = sealer.finish(&mut sealed)?;
        let (origin, id) = (&self.trust.file().relay.url, hex::encode(blob.as_bytes()));
        let address = format!("{origin}/v1/blobs/{id}?length={}&offset=0", sealed.len());
        let request = self
            .network
            .request(Method::PUT, &address)
            .header("content-type", api::media::OCTETS)
            .header(api::header::PERMIT, permit)
            .body(sealed);
        answer(request).await?;
        Ok(Attachment {
            blob,
            key,
            size,
            digest: digest.into(),
            file_name: name.clone(),
            encoding_format: media_type.clone(),
            language: language.clone(),
            label: label.clone(),
        })
    }
}
