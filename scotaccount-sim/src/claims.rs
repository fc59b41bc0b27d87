//! Verified attributes, as the service beside the provider hands them out: signed with keys of its
//! own, one entry for each scope for which there is something to say.

use serde_json::{Map, Value, json};

use crate::{
    clock::date_time,
    ids,
    keys::KeyError,
    people::{Address, Fate, Person},
    scopes::Scope,
    sim::Sim,
    switches::{AddressNames, ClaimsForm, FailedIdentity, Switches},
};

/// The parts of an address that the stand-in fills: as the schema names them, and as the guide does.
const ADDRESS_PARTS: [(&str, &str); 5] = [
    ("uprn", "uprn"),
    ("buildingNumber", "building_number"),
    ("streetName", "street_name"),
    ("addressLocality", "address_locality"),
    ("postalCode", "postal_code"),
];

/// Whether the identity is confirmed without reservation.
pub(crate) fn is_confirmed(person: &Person) -> bool {
    person.fate == Fate::Passes
}

/// The token with what a person released. None if there is nothing to say about any of the scopes;
/// some of them without entries are the normal case that the documents call partial success.
pub(crate) fn token(
    sim: &Sim,
    subject: &str,
    person: &Person,
    scopes: &[Scope],
) -> Result<Option<String>, KeyError> {
    let (now, switches) = (sim.clock.now(), sim.switches());
    let mut entries: Vec<Value> =
        scopes.iter().filter_map(|scope| entry(person, *scope, &switches, now)).collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let verified_claims = match (switches.claims, entries.len()) {
        (ClaimsForm::Object, 1) => entries.remove(0),
        _ => Value::Array(entries),
    };
    let claims = json!({
        "iss": sim.attribute_issuer, "sub": subject, "iat": now, "verified_claims": verified_claims,
    });
    sim.attribute_keys.sign("JWT", &claims).map(Some)
}

fn entry(person: &Person, scope: Scope, switches: &Switches, now: u64) -> Option<Value> {
    let (outcome, how, claims) = match scope {
        Scope::OpenId => return None,
        Scope::Identity => {
            let names = json!({
                "given_name": person.given_name, "family_name": person.family_name,
                "birth_date": person.born,
            });
            let outcome = match person.fate {
                Fate::Passes => "VERIFIED_SUCCESSFULLY",
                Fate::PassesWithWarnings => "VERIFIED_WITH_WARNINGS",
                Fate::Fails if switches.failed_identity == FailedIdentity::Claims => "VERIFICATION_FAILED",
                Fate::Fails | Fate::Unfinished | Fate::GivesUp => return None,
            };
            // Nothing was confirmed, so there is nothing to show: the outcome is the message.
            let claims = if person.fate == Fate::Fails { json!({}) } else { names };
            (outcome, ("assurance_policy", "GPG_45"), claims)
        }
        Scope::Address => {
            let address = written(person.address.as_ref()?, switches.address_names);
            let how = ("validation_method", "credit_reference_agency");
            ("VERIFIED_SUCCESSFULLY", how, json!({ "address": address }))
        }
        Scope::Email => {
            let (email, how) = (person.email?, ("validation_method", "email_loop"));
            ("VERIFIED_SUCCESSFULLY", how, json!({ "email": email }))
        }
    };
    let mut verification = json!({
        "outcome": outcome,
        "trust_framework": "uk_tfida",
        "time": date_time(now),
        "verifier": { "organization": "ScotAccount stand-in", "txn": ids::random_uuid() },
    });
    verification[how.0] = how.1.into();
    if scope == Scope::Identity {
        verification["confidence_level"] = "medium".into();
    }
    Some(json!({
        "scope": scope.name(switches.scope_name), "verification": verification, "claims": claims,
    }))
}

fn written(address: &Address, names: AddressNames) -> Value {
    let Address { uprn, building, street, town, postcode } = address;
    let parts = ADDRESS_PARTS.iter().zip([uprn, building, street, town, postcode]);
    let name = |(camel, snake): &(&str, &str)| match names {
        AddressNames::Camel => (*camel).to_owned(),
        AddressNames::Snake => (*snake).to_owned(),
    };
    parts.map(|(names, value)| (name(names), Value::from(*value))).collect::<Map<String, Value>>().into()
}
