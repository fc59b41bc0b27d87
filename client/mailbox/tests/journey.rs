//! A device on its way to an entry, and a directory's front. It is honest; the tests alter what it
//! answers.

use api::{
    Octets, Octets16, Octets32,
    directory::{
        Collected, OwnEntries, PublishRequest, Published, RegisteredBody, Registry as RegistryAnswer,
        SignInAnswer, SignInRequest,
    },
};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use client_mailbox::{
    enrolment::{Enrolled, Enrolment, EnrolmentError, Next, Redeem, Returned, SignedEnrolment, Stage},
    http::{HttpRequest, HttpResponse},
    keys::DeviceKeys,
    registry::Registry,
};
use crypto_core::{
    body::SignedBodyEntry,
    citizen::SignedEntry,
    directory::Pin,
    person::Attributes,
    trust::{
        DirectoryTrust, ProviderTrust, RelayTrust, SignedTrust, TrustFile, VerifiedTrust, WitnessTrust,
        key_text,
    },
};
use minicbor::{Decode, Encode};
use relay_auth::{
    cbor::{Wire as _, encode},
    signing::SigningKey,
};
use serde_json::json;

use crate::{
    fake_directory::{FakeDirectory, ORIGIN, list, witness_name},
    test_keys::{ATTRIBUTES, ID_TOKENS},
    world::{
        ANN, ATTRIBUTE_ISSUER, CLIENT, ISSUER, NOW, TestRng, address_claims, approve, attribute_claims,
        body_entry, claims_token, id_claims, id_token, jwk, key,
    },
};

pub(crate) const MAILBOX: [u8; 16] = [9; 16];
pub(crate) const RELAY: &str = "https://relay.example";
pub(crate) const DIRECTORY: &str = "https://directory.example";
pub(crate) const SUBJECT: &str = "subject-1";

pub(crate) fn relay_key() -> SigningKey {
    key(230)
}

/// The trust file of a directory, with a relay and an identity provider.
pub(crate) fn trust(directory: &FakeDirectory) -> VerifiedTrust {
    trust_with(directory, |_| {})
}

pub(crate) fn trust_with(directory: &FakeDirectory, alter: impl FnOnce(&mut TrustFile)) -> VerifiedTrust {
    let trust = directory.trust();
    let witnesses = directory.witnesses.iter().enumerate();
    let mut file = TrustFile {
        version: 1,
        issued: NOW,
        directory: DirectoryTrust {
            url: DIRECTORY.to_owned(),
            log_origin: ORIGIN.to_owned(),
            log_key: key_text(&trust.log.key),
            vrf_key: Base64UrlUnpadded::encode_string(&trust.vrf_key),
            operators: trust.operators.iter().map(key_text).collect(),
        },
        witnesses: witnesses
            .map(|(number, key)| WitnessTrust {
                name: witness_name(number),
                key: key_text(&key.verifying_key()),
            })
            .collect(),
        quorum: trust.quorum,
        relay: RelayTrust::new(RELAY.to_owned(), &relay_key().verifying_key()),
        provider: ProviderTrust {
            issuer: ISSUER.to_owned(),
            attribute_issuer: ATTRIBUTE_ISSUER.to_owned(),
            authorize_url: "https://authz.scotaccount.example/authorize".to_owned(),
            client_id: CLIENT.to_owned(),
            redirect_uri: "https://letterbox.example/signed-in".to_owned(),
            keys: json!({ "keys": [jwk(&ID_TOKENS, "login")] }),
            attribute_keys: json!({ "keys": [jwk(&ATTRIBUTES, "issuer")] }),
        },
    };
    alter(&mut file);
    let deployment = key(220);
    SignedTrust::sign(&file, &deployment).unwrap().verify(&deployment.verifying_key()).unwrap()
}

/// An answer that carries an object.
pub(crate) fn ok<T: Encode<()>>(answer: &T) -> HttpResponse {
    HttpResponse::new(200, encode(answer))
}

/// A parameter of an address. Those that are asked for here need no decoding.
pub(crate) fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(found, _)| *found == name).map(|(_, value)| value.to_owned()).next().unwrap()
}

pub(crate) fn sent<T: for<'b> Decode<'b, ()>>(request: &HttpRequest, url: &str) -> T {
    assert_eq!((request.method, request.url.as_str()), ("POST", url));
    assert_eq!(request.headers, [("content-type", "application/cbor".to_owned())]);
    minicbor::decode(&request.body).unwrap()
}

/// A device on its way to an entry, and the directory.
pub(crate) struct Journey {
    pub(crate) directory: FakeDirectory,
    pub(crate) trust: VerifiedTrust,
    pub(crate) keys: DeviceKeys,
    pub(crate) enrolment: Enrolment,
    /// What the directory has published of this person.
    pub(crate) chain: Vec<SignedEntry>,
    /// The nonce of the second stage, once it was redeemed.
    pub(crate) identity_nonce: String,
}

impl Journey {
    pub(crate) fn start() -> Self {
        let directory = FakeDirectory::new();
        let keys = DeviceKeys::generate(&mut TestRng(1));
        let enrolment = Enrolment::start(&keys, NOW, &mut TestRng(2));
        Self {
            trust: trust(&directory),
            directory,
            keys,
            enrolment,
            chain: Vec::new(),
            identity_nonce: String::new(),
        }
    }

    /// After all three stages.
    pub(crate) fn confirmed() -> Self {
        let mut journey = Self::start();
        for next in [Next::Authorise, Next::Authorise, Next::Unlock] {
            let answer = journey.answer();
            assert_eq!(journey.redeem(&answer), Ok(next));
        }
        journey
    }

    /// After everything.
    pub(crate) fn enrolled() -> (Self, Enrolled) {
        let mut journey = Self::confirmed();
        let signed = journey.sign(&journey.collected()).unwrap();
        let published = journey.publish(&signed);
        let enrolled = signed.published(&journey.trust, &ok(&published), NOW).unwrap();
        (journey, enrolled)
    }

    pub(crate) fn authorise_url(&self) -> String {
        self.enrolment.authorise_url(&self.trust).unwrap()
    }

    /// What ScotAccount sends the browser back with.
    pub(crate) fn returned(&self) -> Returned {
        returned(&format!("?code=c&state={}", parameter(&self.authorise_url(), "state")))
    }

    /// The directory's honest answer at the present stage. It goes on with an id that ScotAccount was
    /// given before.
    pub(crate) fn answer(&self) -> SignInAnswer {
        let nonce = parameter(&self.authorise_url(), "nonce");
        SignInAnswer {
            sign_in: Octets32([4; 32]),
            id_token: id_token(&id_claims(SUBJECT, &nonce)),
            directory_id: Octets16(*ANN.id().as_bytes()),
            enrolled: !self.chain.is_empty(),
            confirmed: true,
        }
    }

    pub(crate) fn redeem(&mut self, answer: &SignInAnswer) -> Result<Next, EnrolmentError> {
        if self.enrolment.stage() == Some(Stage::Identity) {
            self.identity_nonce = parameter(&self.authorise_url(), "nonce");
        }
        let returned = self.returned();
        let Redeem::Send(request) = self.enrolment.redeem(&self.trust, &returned, NOW)? else {
            panic!("nothing to send")
        };
        let request: SignInRequest = sent(&request, &format!("{DIRECTORY}/v1/sign-ins"));
        assert_eq!((request.code.as_str(), request.code_verifier.len()), ("c", 43));
        self.enrolment.redeemed(&self.trust, &ok(answer), NOW)
    }

    /// The directory's honest answer with the tokens. Its ID token is the one of the second stage.
    pub(crate) fn collected(&self) -> Collected {
        Collected {
            id_token: id_token(&id_claims(SUBJECT, &self.identity_nonce)),
            claims_token: claims_token(&attribute_claims(SUBJECT, &ANN)),
            address_token: Some(claims_token(&address_claims(SUBJECT, ANN.postcode))),
        }
    }

    pub(crate) fn sign(&mut self, collected: &Collected) -> Result<SignedEnrolment, EnrolmentError> {
        let shown = self.enrolment.is_recovery().then(|| ok(&own_entries(&self.chain)));
        let (collected, rng) = (ok(collected), &mut TestRng(3));
        self.enrolment.sign(&self.trust, &self.keys, &collected, shown.as_ref(), NOW, rng)
    }

    /// The directory publishes, and proves it.
    pub(crate) fn publish(&mut self, signed: &SignedEnrolment) -> Published {
        let request = signed.publish(&self.trust, &self.keys).unwrap();
        let request: PublishRequest = sent(&request, &format!("{DIRECTORY}/v1/entries"));
        let entry = SignedEntry::from_bytes(request.entry.as_ref()).unwrap();
        let attributes = ANN.attributes();
        let attributes = if request.address.is_some() { attributes } else { attributes.without_postcode() };
        let forms = [Some(attributes.without_postcode()), attributes.postcode().map(|_| attributes.clone())];
        let mut values: Vec<_> =
            forms.iter().flatten().map(|form| (form.directory_label(), list(&[ANN.id()]))).collect();
        values.push((ANN.id().directory_label(), entry.hash().to_vec()));
        self.directory.publish(values);
        self.chain.push(entry);
        self.published(&attributes, None)
    }

    /// What the directory shows of the entry now.
    pub(crate) fn published(&self, attributes: &Attributes, pin: Option<&Pin>) -> Published {
        let presence = |label: &[u8]| Octets(self.directory.presence(label).to_bytes());
        Published {
            head: self.directory.head(pin).to_bytes().into(),
            presence: presence(&ANN.id().directory_label()),
            without_postcode: presence(&attributes.without_postcode().directory_label()),
            with_postcode: attributes.postcode().map(|_| presence(&attributes.directory_label())),
            mailbox: Octets16(MAILBOX),
            voucher: vec![1; 176].into(),
        }
    }

    /// The registry with these bodies, whose entries were published before.
    pub(crate) fn registry_answer(
        &self,
        bodies: &[Vec<SignedBodyEntry>],
        pin: Option<&Pin>,
    ) -> RegistryAnswer {
        let body = |entries: &Vec<SignedBodyEntry>| RegisteredBody {
            entries: entries.iter().map(|entry| entry.to_bytes().into()).collect(),
            presence: self.directory.presence(&body_label(entries)).to_bytes().into(),
        };
        RegistryAnswer {
            head: self.directory.head(pin).to_bytes().into(),
            bodies: bodies.iter().map(body).collect(),
        }
    }

    /// Publishes the newest entry of a body.
    pub(crate) fn publish_body(&mut self, entries: &[SignedBodyEntry]) {
        let newest = entries.last().unwrap().hash().to_vec();
        self.directory.publish(vec![(body_label(entries), newest)]);
    }

    /// The registry with the one body of this world, verified.
    pub(crate) fn registry(&mut self) -> Registry {
        let entries = vec![approve(&body_entry())];
        self.publish_body(&entries);
        let answer = self.registry_answer(&[entries], None);
        Registry::empty().answered(&self.trust, None, &ok(&answer), NOW).unwrap().0
    }
}

/// The directory's answer to somebody who asks for the own entries.
pub(crate) fn own_entries(chain: &[SignedEntry]) -> OwnEntries {
    OwnEntries { entries: chain.iter().map(|entry| entry.to_bytes().into()).collect() }
}

fn body_label(entries: &[SignedBodyEntry]) -> Vec<u8> {
    entries[0].unverified().unwrap().id.directory_label()
}

pub(crate) const STAGES: [Stage; 3] = [Stage::Account, Stage::Identity, Stage::Address];

/// A journey at a stage, and the honest answer to the next redemption.
pub(crate) fn at(stage: Stage) -> (Journey, SignInAnswer) {
    let mut journey = Journey::start();
    while journey.enrolment.stage() != Some(stage) {
        let answer = journey.answer();
        journey.redeem(&answer).unwrap();
    }
    let answer = journey.answer();
    (journey, answer)
}

/// What the browser came back with.
pub(crate) fn returned(query: &str) -> Returned {
    Returned::parse(query).unwrap()
}
