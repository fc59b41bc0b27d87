//! Mistakes that systems like this one made, and why each cannot happen here.
//!
//! **A replaced public key.** Services that hand out keys without proof let their operator read
//! (twenty-five attacks on password managers, ETH Zürich 2026). Here sealing takes a
//! [`ProvenRecipient`](crate::directory::ProvenRecipient), and only a verified answer makes one.
//!
//! **A proof of absence for what is there.** A verifier that does not check that a path's nodes are
//! parent and child accepts the root as proof that any leaf is missing. Here every step is checked
//! ([`crate::directory::Absence`]); a test forges such a proof and must be refused.
//!
//! **A sender that was not compared.** A client that shows the sender named inside a message without
//! comparing it with who signed lets anybody write in another's name (Matrix, CVE-2026-45056). Here
//! recipient, key, body and the body's entry are each compared
//! ([`OpenedLetter`](crate::letter::OpenedLetter)).
//!
//! **A letter passed on.** A signature that does not name the recipient can be sealed again to
//! another (Davis 2001, "surreptitious forwarding"). The signed statement names recipient and key.
//!
//! **A ciphertext that opens under two keys.** ChaCha20-Poly1305 does not commit to its key (Len,
//! Grubbs, Ristenpart 2021). Envelopes, archive objects and wrapped secrets carry a commitment.
//!
//! **Parameters lowered by the server.** Key derivation parameters from a store are authenticated and
//! have a floor ([`Cost`](crate::passphrase::Cost)).
//!
//! **A counter that wraps.** Three HPKE libraries repeated nonces in 2026 when a counter overflowed.
//! Each HPKE context here seals one message; the STREAM counter is checked by its library.
//!
//! **A signature with two forms.** Implementations differ in what Ed25519 signatures they accept.
//! Here verification is strict, keys are canonical and of prime order
//! ([`VerifyingKey`](relay_auth::signing::VerifyingKey)), and no signature serves as an id.
//!
//! **A length that was believed.** Parsers that allocate what a length claims can be brought down by
//! a few bytes. Here bytes are checked before anything is allocated ([`relay_auth::cbor`]).
//!
//! **A token for another.** An ID token that does not name the key it is for can be used for any key.
//! The nonce is a hash over the key, the purpose and the entry before
//! ([`SignIn`](crate::citizen::SignIn)).
//!
//! **An algorithm chosen by the attacker.** Tokens that name their algorithm were verified as they
//! wished. Here it is RS256 or nothing ([`crate::jwt`]).
