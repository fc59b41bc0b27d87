//! The trust file.

#![no_main]

use crypto_core::trust::{SignedTrust, TrustFile};
use letterbox_fuzz::stranger;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(signed) = SignedTrust::from_json(bytes) {
        assert_eq!(SignedTrust::from_json(signed.to_json().as_bytes()).as_ref(), Ok(&signed));
        assert!(signed.verify(&stranger(250).verifying_key()).is_err());
        if let Ok(signer) = signed.signer() {
            let _ = signed.verify(&signer);
        }
    }
    // What can be signed can be read, and says the same.
    if let Ok(file) = serde_json::from_slice::<TrustFile>(bytes) {
        let deployment = stranger(1);
        if let Ok(signed) = SignedTrust::sign(&file, &deployment) {
            let read = signed.verify(&deployment.verifying_key()).expect("it was signed");
            // (Not the key sets whole: they may hold numbers that JSON does not give back exactly.)
            assert_eq!(read.file().version, file.version);
            assert_eq!(read.file().directory, file.directory);
            assert_eq!(read.file().relay, file.relay);
            assert_eq!((&read.file().witnesses, read.file().quorum), (&file.witnesses, file.quorum));
        }
    }
});
