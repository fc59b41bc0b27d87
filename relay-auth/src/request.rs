//! Signed HTTP requests: a strict subset of HTTP Message Signatures (RFC 9421) with Ed25519
//! (`LBX-REQUEST-1` to `LBX-REQUEST-3`).
//!
//! Exactly one form is made and accepted: one signature `sig1` over `@method`, `@authority`,
//! `@path`, `@query` and `content-digest` (RFC 9530, SHA-256), with the parameters `created`,
//! `nonce`, `keyid` and `tag` in this order. Anything else is refused, so that nothing can be
//! covered in appearance only.
//!
//! The receiver looks the key up by `keyid`, verifies, and only then compares `created` with its
//! clock and remembers the nonce for longer than its window: strangers cannot fill that memory.

use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::signing::{Signature, SigningKey, VerifyingKey};

/// How far `created` may be from the receiver's clock, in seconds (`LBX-REQUEST-3`).
pub const WINDOW: u64 = 5 * 60;

const COVERED: &str = r#"("@method" "@authority" "@path" "@query" "content-digest")"#;
const TAG: &str = "letterbox-v1";
const MOST_CREATED_DIGITS: usize = 15; // RFC 8941 §3.3.1: an integer has at most 15 digits

/// A request as it goes over the wire: the parts that a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// In capitals.
    pub method: &'a str,
    /// Host in lower case, with the port where it is not the scheme's own (RFC 9421 §2.2.3).
    pub authority: &'a str,
    /// As sent, percent-encoding untouched, from the first slash.
    pub path: &'a str,
    /// As sent, without the question mark.
    pub query: Option<&'a str>,
    /// The whole body; empty where there is none.
    pub body: &'a [u8],
}

/// What says when, once and by whom a request was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Unix seconds.
    pub created: u64,
    /// 16 random bytes in base64url, never used again.
    pub nonce: String,
    /// Names the key to the receiver.
    pub key_id: String,
}

/// The values of the three header fields of a signed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// `Content-Digest` (RFC 9530).
    pub content_digest: String,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The request has a method, host or path that cannot be signed.
    #[error("the request's method, host or path is not one that can be signed")]
    Unsignable,
    /// A header field is missing or not in the one accepted form.
    #[error("the request is not signed in the form that this service accepts (RFC 9421, tag letterbox-v1)")]
    Malformed,
    /// The body is not the one that was signed.
    #[error("the request's content does not match its digest")]
    OtherContent,
    /// The signature does not hold for this key and this request.
    #[error("the request's signature does not hold")]
    Forged,
    /// Signed too long ago or in the future.
    #[error("the request was signed too long ago, or the clock of the device is wrong")]
    OutOfTime,
}

impl Parameters {
    /// Parameters with a fresh nonce.
    pub fn generate(created: u64, key_id: &str, rng: &mut impl CryptoRng) -> Self {
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        Self { created, nonce: Base64UrlUnpadded::encode_string(&nonce), key_id: key_id.to_owned() }
    }

    /// Reads the field `Signature-Input`. It accepts exactly what [`sign`] makes.
    ///
    /// # Errors
    /// [`RequestError::Malformed`].
    pub fn parse(signature_input: &str) -> Result<Self, RequestError> {
        let read = || {
            let rest = signature_input.strip_prefix("sig1=")?.strip_prefix(COVERED)?;
            let (created, rest) = rest.strip_prefix(";created=")?.split_once(";nonce=\"")?;
            let (nonce, rest) = rest.split_once("\";keyid=\"")?;
            let (key_id, rest) = rest.split_once("\";tag=\"")?;
            (rest.strip_suffix('"')? == TAG && created.len() <= MOST_CREATED_DIGITS).then_some(())?;
            Some(Self { created: created.parse().ok()?, nonce: nonce.to_owned(), key_id: key_id.to_owned() })
        };
        let parameters = read().ok_or(RequestError::Malformed)?;
        // Refuses what parses but is written differently, such as leading zeros.
        if signature_input.strip_prefix("sig1=") != Some(&parameters.serialise()?) {
            return Err(RequestError::Malformed);
        }
        Ok(parameters)
    }

    /// Whether the request was signed at about `now` (Unix seconds).
    ///
    /// # Errors
    /// [`RequestError::OutOfTime`].
    pub const fn in_time(&self, now: u64) -> Result<(), RequestError> {
        if now.abs_diff(self.created) <= WINDOW { Ok(()) } else { Err(RequestError::OutOfTime) }
    }

    fn serialise(&self) -> Result<String, RequestError> {
        let token = |text: &str, most: usize| {
            (1..=most).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        if self.nonce.len() != 22 || !token(&self.nonce, 22) || !token(&self.key_id, 64) {
            return Err(RequestError::Malformed);
        }
        if self.created.checked_ilog10().is_some_and(|digits| digits as usize >= MOST_CREATED_DIGITS) {
            return Err(RequestError::Malformed);
        }
        Ok(format!(
            "{COVERED};created={};nonce=\"{}\";keyid=\"{}\";tag=\"{TAG}\"",
            self.created, self.nonce, self.key_id
        ))
    }
}

/// Signs a request.
///
/// # Errors
/// [`RequestError::Unsignable`] or [`RequestError::Malformed`] for parts outside the subset.
pub fn sign(
    request: &Request<'_>,
    parameters: &Parameters,
    key: &SigningKey,
) -> Result<Fields, RequestError> {
    let base = signature_base(request, parameters)?;
    Ok(Fields {
        content_digest: content_digest(request.body),
        signature_input: format!("sig1={}", parameters.serialise()?),
        signature: format!("sig1=:{}:", Base64::encode_string(key.sign_bytes(base.as_bytes()).as_bytes())),
    })
}

/// Verifies a request against the key that its `keyid` names. Time and nonce are the caller's to
/// check afterwards, see [`Parameters::in_time`].
///
/// # Errors
/// See [`RequestError`].
pub fn verify(
    request: &Request<'_>,
    parameters: &Parameters,
    content_digest_field: &str,
    signature_field: &str,
    key: &VerifyingKey,
) -> Result<(), RequestError> {
    if !bool::from(content_digest(request.body).as_bytes().ct_eq(content_digest_field.as_bytes())) {
        return Err(RequestError::OtherContent);
    }
    let encoded = signature_field.strip_prefix("sig1=:").and_then(|rest| rest.strip_suffix(':'));
    let mut signature = [0; 64];
    match Base64::decode(encoded.ok_or(RequestError::Malformed)?, &mut signature) {
        Ok(decoded) if decoded.len() == 64 => {}
        _ => return Err(RequestError::Malformed),
    }
    let base = signature_base(request, parameters)?;
    if key.verifies_bytes(base.as_bytes(), &Signature::from(signature)) {
        Ok(())
    } else {
        Err(RequestError::Forged)
    }
}

fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", Base64::encode_string(&Sha256::digest(body)))
}

/// RFC 9421 §2.5: lines joined by LF, none at the end.
fn signature_base(request: &Request<'_>, parameters: &Parameters) -> Result<String, RequestError> {
    let Request { method, authority, path, query, body } = *request;
    let query = query.unwrap_or_default();
    // No space, control character or non-ASCII byte may start a new line or look like another.
    let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let authority_is_plain = !authority.is_empty()
        && visible(authority)
        && !authority
            .bytes()
            .any(|byte| byte.is_ascii_uppercase() || matches!(byte, b'@' | b'/' | b'?' | b'#'));
    let path_is_plain = path.starts_with('/') && visible(path) && !path.contains(['?', '#']);
    let query_is_plain = visible(query) && !query.contains('#');
    let method_is_known = matches!(method, "GET" | "POST" | "PUT" | "DELETE");
    if !(method_is_known && authority_is_plain && path_is_plain && query_is_plain) {
        return Err(RequestError::Unsignable);
    }
    Ok(format!(
        "\"@method\": {method}\n\
         \"@authority\": {authority}\n\
         \"@path\": {path}\n\
         \"@query\": ?{query}\n\
         \"content-digest\": {}\n\
         \"@signature-params\": {}",
        content_digest(body),
        parameters.serialise()?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    /// RFC 9421 B.2.6: the key, base and signature of the standard's Ed25519 example.
    #[test]
    fn the_standards_own_example_verifies() {
        let mut public = [0; 32];
        Base64UrlUnpadded::decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs", &mut public).unwrap();
        let base = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n\
                    \"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n\
                    \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \
                    \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
        let mut signature = [0; 64];
        Base64::decode(
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
            &mut signature,
        )
        .unwrap();
        let key = VerifyingKey::from_bytes(&public).unwrap();
        assert!(key.verifies_bytes(base.as_bytes(), &signature.into()));
    }

    #[test]
    fn the_signature_base_is_exactly_this() {
        let request = Request {
            method: "POST",
            authority: "relay.example",
            path: "/v1/mailbox/letters",
            query: Some("after=7"),
            body: b"",
        };
        let parameters = Parameters {
            created: 1_800_000_000,
            nonce: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
            key_id: "device-1".to_owned(),
        };
        assert_eq!(
            signature_base(&request, &parameters).unwrap(),
            "\"@method\": POST\n\"@authority\": relay.example\n\"@path\": /v1/mailbox/letters\n\
             \"@query\": ?after=7\n\
             \"content-digest\": sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\n\
             \"@signature-params\": (\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\")\
             ;created=1800000000;nonce=\"AAAAAAAAAAAAAAAAAAAAAA\";keyid=\"device-1\";tag=\"letterbox-v1\""
        );
        let key = SigningKey::from_seed(&Secret::from([1; 32]));
        let fields = sign(&request, &parameters, &key).unwrap();
        let read = Parameters::parse(&fields.signature_input).unwrap();
        assert_eq!(read, parameters);
        verify(&request, &read, &fields.content_digest, &fields.signature, &key.verifying_key()).unwrap();
    }
}
