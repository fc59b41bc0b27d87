//! TLS (RFC 8446) where the public asks: version 1.3 and nothing older, by ring. The SDK of public bodies
//! and every browser that can run the client speak it.
//!
//! It hides who asks for what. Who somebody is shows in what they sign, never in a certificate. Nothing is
//! remembered from one connection to the next: no tickets, which would tell a service which connections
//! are of one device, and no early data, which could be sent twice.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    version::TLS13,
};
use serde::{Deserialize, Serialize};
use tokio::sync::{oneshot, watch};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::keys::{self, KeyError, PemFile};

/// The longest file that is read, in bytes: a chain of certificates is a few thousand.
const LONGEST: u64 = 64 * 1024;

/// Where certificate and key are.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate of the service's name, then those that lead to an authority, in PEM.
    pub certificate: PemFile,
    /// Its private key, in PEM. A file for its owner alone.
    pub key: PemFile,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key cannot be read, or others can read it.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The certificate cannot be read.
    #[error("cannot read the certificate {}: {cause}", .file.display())]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// Something else is in the file.
    #[error("{} is not {what} in PEM", .file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// What should be in it.
        what: &'static str,
    },
    /// Each can be read, and they are not for each other or not for this purpose.
    #[error(
        "the certificate {} and the key {} cannot be used: {cause}. Give the key with which the certificate was asked for",
        .certificate.display(),
        .key.display()
    )]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// Nothing came of reading them.
    #[error("reading certificate and key broke off: say once more that they are to be read")]
    BrokeOff,
}

/// Certificate and key in force.
pub struct Tls {
    files: TlsFiles,
    now: watch::Sender<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let now = watch::Sender::new(Arc::new(configure(files)?));
        Ok(Self { files: files.clone(), now })
    }

    /// Reads them again, for connections that come from now on. Those that there are go on. On a thread of its
    /// own: nobody waits for a disk, or for a folder that is another machine's, not even the end of the service.
    ///
    /// # Errors
    /// See [`TlsError`]. What was in force stays in force then.
    pub async fn reload(&self) -> Result<(), TlsError> {
        let files = self.files.clone();
        let (tell, told) = oneshot::channel();
        // None of the runtime's threads: before it ends it waits for each of these, for ever if need be.
        let reading = thread::Builder::new().name("certificate".to_owned()).spawn(move || {
            // Fails only where nobody waits for it any more.
            let _ = tell.send(configure(&files));
        });
        reading.map_err(|_| TlsError::BrokeOff)?;
        let read = told.await.map_err(|_| TlsError::BrokeOff)?;
        self.now.send_replace(Arc::new(read?));
        Ok(())
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.now.borrow().clone())
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

fn configure(files: &TlsFiles) -> Result<ServerConfig, TlsError> {
    let (PemFile(certificate), PemFile(key)) = (&files.certificate, &files.key);
    let unusable = |cause: rustls::Error| TlsError::Unusable {
        certificate: certificate.clone(),
        key: key.clone(),
        cause: cause.to_string(),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(read_certificates(certificate)?, read_key(key)?)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn read_certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let reading = |cause| TlsError::Certificate { file: file.to_owned(), cause };
    let mut pem = Vec::new();
    File::open(file).map_err(reading)?.take(LONGEST).read_to_end(&mut pem).map_err(reading)?;
    // One that cannot be read is never left out: what leads to the authority would be missing.
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(TlsError::NotPem { file: file.to_owned(), what: "a certificate" }),
    }
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let reading = |cause| KeyError::File { action: "read", file: file.to_owned(), cause };
    let mut pem = Zeroizing::new(Vec::with_capacity(LONGEST as usize));
    keys::open_own(file)?.take(LONGEST).read_to_end(&mut pem).map_err(reading)?;
    // Not with its cause, which may quote the file.
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| TlsError::NotPem { file: file.to_owned(), what: "a private key" })
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    fn files(folder: &Path) -> TlsFiles {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        TlsFiles { certificate: PemFile(certificate), key: PemFile(key) }
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        assert!(Tls::load(&files).is_ok());
        fs::set_permissions(&files.key.0, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Tls::load(&files), Err(TlsError::Key(KeyError::Open(_)))));
    }

    #[test]
    fn the_key_of_another_certificate_is_refused() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mixed = TlsFiles { key: files(other.path()).key, ..files(one.path()) };
        assert!(matches!(Tls::load(&mixed), Err(TlsError::Unusable { .. })));
    }

    #[test]
    fn what_is_no_certificate_or_no_key_is_refused_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let key = fs::read_to_string(&files.key.0).unwrap();
        let certificate = fs::read_to_string(&files.certificate.0).unwrap();
        // The lines between the first and the last.
        let secret: Vec<_> = key.lines().filter(|line| !line.starts_with('-')).collect();
        for hostile in
            ["", "nonsense", &certificate, &key.replace("-----END", "-----"), &key[..key.len() / 2]]
        {
            fs::write(&files.key.0, hostile).unwrap();
            let error = Tls::load(&files).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(secret.iter().all(|line| !said.contains(line)), "{said}");
        }
        fs::write(&files.key.0, &key).unwrap();
        for hostile in ["", "nonsense", &key, &certificate[..certificate.len() / 2]] {
            fs::write(&files.certificate.0, hostile).unwrap();
            assert!(matches!(Tls::load(&files), Err(TlsError::NotPem { .. })), "{hostile}");
        }
    }

    #[test]
    fn a_key_that_is_written_out_in_the_settings_is_refused_and_not_shown() {
        let settings = r#"{"certificate":"/c.pem","key":"-----BEGIN PRIVATE KEY-----\nsecret"}"#;
        let error = serde_json::from_str::<TlsFiles>(settings).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        let settings = r#"{"certificate":"/c.pem","key":"file:/k.pem"}"#;
        let files: TlsFiles = serde_json::from_str(settings).unwrap();
        assert_eq!(files.key, PemFile("/k.pem".into()));
    }
}
