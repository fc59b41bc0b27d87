//! The invented people who can sign in. None of them lives, and no address is theirs.

/// How somebody fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The identity is confirmed.
    Passes,
    /// The identity is confirmed with reservations.
    PassesWithWarnings,
    /// The identity could not be confirmed.
    Fails,
    /// The identity was not checked to the end: there is nothing to release for it.
    Unfinished,
    /// Never gets as far as an account.
    GivesUp,
}

/// A postal address, with the parts that the stand-in fills of those that the schema has.
#[derive(Debug)]
pub struct Address {
    /// Unique property reference number, up to 12 digits.
    pub uprn: &'static str,
    /// Number of the building.
    pub building: &'static str,
    /// Street.
    pub street: &'static str,
    /// Town.
    pub town: &'static str,
    /// Postcode.
    pub postcode: &'static str,
}

/// Somebody who can sign in.
#[derive(Debug)]
pub struct Person {
    /// What the form calls them.
    pub id: &'static str,
    /// Given name.
    pub given_name: &'static str,
    /// Family name.
    pub family_name: &'static str,
    /// Date of birth, YYYY-MM-DD.
    pub born: &'static str,
    /// E-mail address, confirmed.
    pub email: Option<&'static str>,
    /// Postal address, confirmed.
    pub address: Option<Address>,
    /// How they fare.
    pub fate: Fate,
    /// What the page says of them.
    pub note: &'static str,
}

/// Everybody.
pub static PEOPLE: [Person; 9] = [
    Person {
        id: "mairi",
        given_name: "Màiri",
        family_name: "MacDonald",
        born: "1985-03-14",
        email: Some("mairi@example.scot"),
        address: Some(Address {
            uprn: "906000000001",
            building: "12",
            street: "Example Street",
            town: "Edinburgh",
            postcode: "EH1 1AA",
        }),
        fate: Fate::Passes,
        note: "Identity and address are confirmed.",
    },
    Person {
        id: "paul",
        given_name: "Paul",
        family_name: "Wallis",
        born: "1970-01-01",
        email: Some("paul@example.scot"),
        address: Some(Address {
            uprn: "906000000002",
            building: "3",
            street: "Sample Road",
            town: "Glasgow",
            postcode: "G2 1AL",
        }),
        fate: Fate::Passes,
        note: "Identity and address are confirmed.",
    },
    Person {
        id: "brian",
        given_name: "Brian",
        family_name: "Harle",
        born: "1962-11-30",
        email: Some("brian@example.scot"),
        address: None,
        fate: Fate::Fails,
        note: "Can sign in, but the identity cannot be confirmed.",
    },
    Person {
        id: "ann",
        given_name: "Ann",
        family_name: "Murray",
        born: "1990-06-15",
        email: Some("ann@example.scot"),
        address: Some(Address {
            uprn: "906000000004",
            building: "7",
            street: "Quay Lane",
            town: "Inverness",
            postcode: "IV1 1AA",
        }),
        fate: Fate::Passes,
        note: "Shares name and date of birth with somebody at another postcode; this one lives in Inverness.",
    },
    Person {
        id: "ann2",
        given_name: "Ann",
        family_name: "Murray",
        born: "1990-06-15",
        email: Some("ann2@example.scot"),
        address: Some(Address {
            uprn: "906000000005",
            building: "44",
            street: "Hill Terrace",
            town: "Dundee",
            postcode: "DD1 4HN",
        }),
        fate: Fate::Passes,
        note: "Shares name and date of birth with somebody at another postcode; this one lives in Dundee.",
    },
    Person {
        id: "noaddr",
        given_name: "Calum",
        family_name: "Fraser",
        born: "1999-09-09",
        email: Some("calum@example.scot"),
        address: None,
        fate: Fate::Passes,
        note: "Identity is confirmed; there is no address.",
    },
    Person {
        id: "warn",
        given_name: "Isla",
        family_name: "Robertson",
        born: "1978-04-02",
        email: Some("isla@example.scot"),
        address: Some(Address {
            uprn: "906000000007",
            building: "1",
            street: "Mill Wynd",
            town: "Aberdeen",
            postcode: "AB10 1AB",
        }),
        fate: Fate::PassesWithWarnings,
        note: "Identity is confirmed with warnings.",
    },
    Person {
        id: "partial",
        given_name: "Ewan",
        family_name: "Stewart",
        born: "1955-12-24",
        email: Some("ewan@example.scot"),
        address: Some(Address {
            uprn: "906000000008",
            building: "90",
            street: "Shore Street",
            town: "Oban",
            postcode: "PA34 4AA",
        }),
        fate: Fate::Unfinished,
        note: "E-mail and address come back, whatever is asked for; name and date of birth do not.",
    },
    Person {
        id: "cancel",
        given_name: "Morag",
        family_name: "Reid",
        born: "2001-02-03",
        email: None,
        address: None,
        fate: Fate::GivesUp,
        note: "Gives up while making an account.",
    },
];

/// The person whom the form calls so.
#[must_use]
pub fn find(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_is_found_and_within_the_lengths_of_the_schema() {
        let ids: BTreeSet<_> = PEOPLE.iter().map(|person| person.id).collect();
        assert_eq!(ids.len(), PEOPLE.len());
        for person in &PEOPLE {
            assert_eq!(find(person.id).map(|found| found.born), Some(person.born));
            assert!(person.given_name.chars().count() <= 100 && person.family_name.chars().count() <= 40);
            assert_eq!(person.born.len(), 10);
            let fits = |address: &Address| address.uprn.len() <= 12 && address.postcode.len() <= 8;
            assert!(person.address.as_ref().is_none_or(fits));
        }
        assert!(find("nobody").is_none());
    }

    #[test]
    fn only_the_postcode_tells_the_two_anns_apart() {
        let (one, other) = (find("ann").unwrap(), find("ann2").unwrap());
        assert_eq!(
            (one.given_name, one.family_name, one.born),
            (other.given_name, other.family_name, other.born)
        );
        let postcode = |person: &'static Person| person.address.as_ref().map(|address| address.postcode);
        assert_ne!(postcode(one), postcode(other));
    }
}
