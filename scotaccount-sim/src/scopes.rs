//! What a relying party may ask for.

use crate::switches::ScopeName;

/// A scope. Their order is the order in which discovery lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Who the person is to this relying party, and nothing else.
    OpenId,
    /// The e-mail address.
    Email,
    /// Name and birth date, checked to GPG 45 medium.
    Identity,
    /// The postal address.
    Address,
}

impl Scope {
    /// All of them. `scotaccount.mobile` stands in one document and in no schema: it is left out.
    pub const ALL: [Self; 4] = [Self::OpenId, Self::Email, Self::Identity, Self::Address];

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self, naming: ScopeName) -> &'static str {
        match (self, naming) {
            (Self::OpenId, _) => "openid",
            (Self::Email, _) => "scotaccount.email",
            (Self::Identity, ScopeName::Dotted) => "scotaccount.gpg45.medium",
            (Self::Identity, ScopeName::Dashed) => "gpg-45-medium",
            (Self::Address, _) => "scotaccount.address",
        }
    }

    /// The scope of a name.
    #[must_use]
    pub fn read(name: &str, naming: ScopeName) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name(naming) == name)
    }

    /// What is asked for, as the page says it.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::OpenId => "to know that you are the same person each time",
            Self::Email => "your e-mail address",
            Self::Identity => "your name and date of birth, checked",
            Self::Address => "your postal address, checked",
        }
    }
}

/// Scopes as a token or an answer lists them.
pub(crate) fn joined(scopes: &[Scope], naming: ScopeName) -> String {
    scopes.iter().map(|scope| scope.name(naming)).collect::<Vec<_>>().join(" ")
}
