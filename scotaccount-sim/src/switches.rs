//! What the public documents about ScotAccount contradict each other on, and what tests want to see
//! go wrong.
//!
//! One table makes the types, the command line and its help. The first value of each switch is the
//! default: what the newest documents say.

use std::str::FromStr;

/// Why a switch cannot be set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// No `=` in it.
    #[error("a switch is set as name=value, for instance claims=object")]
    NoValue,
    /// No switch has this name.
    #[error("there is no switch {0}: --help lists them")]
    NoSuchSwitch(String),
    /// The switch has no such value.
    #[error("the switch {name} has no value {value}: --help lists them")]
    NoSuchValue {
        /// The switch.
        name: String,
        /// The value.
        value: String,
    },
}

macro_rules! switches {
    ($(
        $(#[doc = $about:literal])+
        $name:literal $field:ident: $kind:ident {
            $( $(#[doc = $note:literal])+ $value:literal => $variant:ident, )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum $kind {
                $( $(#[doc = $note])+ $variant, )+
            }

            impl $kind {
                const ALL: &[(&str, Self)] = &[$(($value, Self::$variant)),+];
            }
        )+

        /// How the stand-in behaves.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Switches {
            $( $(#[doc = $about])+ pub $field: $kind, )+
        }

        impl Default for Switches {
            fn default() -> Self {
                Self { $( $field: $kind::ALL[0].1, )+ }
            }
        }

        impl Switches {
            /// Sets one switch.
            ///
            /// # Errors
            /// [`SwitchError`].
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), SwitchError> {
                match name {
                    $( $name => self.$field = chosen(name, value, $kind::ALL)?, )+
                    _ => return Err(SwitchError::NoSuchSwitch(name.to_owned())),
                }
                Ok(())
            }

            /// Every switch with its value, by name.
            #[must_use]
            pub fn settings(&self) -> Vec<(&'static str, &'static str)> {
                vec![$( ($name, written(self.$field, $kind::ALL)), )+]
            }
        }

        /// The switches as the command's help lists them.
        #[must_use]
        pub fn help() -> String {
            let mut text = String::from("Switches; the first value of each is the default:\n");
            $( describe(&mut text, $name, concat!($($about),+), &[$(($value, concat!($($note),+))),+]); )+
            text
        }
    };
}

switches! {
    /// Whether `sub` differs between relying parties.
    "subject" subject: Subject {
        /// It does, as discovery says.
        "pairwise" => Pairwise,
        /// It is one for all, as some prose says.
        "public" => Public,
    }
    /// The form of `verified_claims`.
    "claims" claims: ClaimsForm {
        /// An array (schema v2).
        "array" => Array,
        /// An object where there is one entry (an older sample); an array still where there are more.
        "object" => Object,
    }
    /// The names of the parts of an address.
    "address-names" address_names: AddressNames {
        /// As the schema has them: postalCode.
        "camel" => Camel,
        /// As the guide's sample has them: postal_code.
        "snake" => Snake,
    }
    /// The form of access tokens.
    "access-token" access_token: AccessTokenForm {
        /// Signed, of type at+jwt.
        "jwt" => Jwt,
        /// Random text.
        "opaque" => Opaque,
    }
    /// How many seconds an access token works. The answer says 900 in any case.
    "access-token-life" access_token_life: AccessTokenLife {
        /// A quarter of an hour.
        "900" => Short,
        /// Four hours, as the oldest document says.
        "14400" => Long,
    }
    /// The name of the scope for name and birth date.
    "scope-name" scope_name: ScopeName {
        /// scotaccount.gpg45.medium.
        "dotted" => Dotted,
        /// gpg-45-medium, as the oldest document has it.
        "dashed" => Dashed,
    }
    /// How many seconds a code works.
    "code-life" code_life: CodeLife {
        /// Ten minutes.
        "600" => Long,
        /// One minute, as the newest client expects.
        "60" => Short,
    }
    /// How many seconds ahead a client assertion may expire.
    "assertion-life" assertion_life: AssertionLife {
        /// Five minutes, as the newest client does.
        "300" => Short,
        /// Six months, as one document allows.
        "15552000" => Long,
    }
    /// The unit of the times in a client assertion.
    "assertion-time" assertion_time: AssertionTime {
        /// Seconds, as the standard has it.
        "seconds" => Seconds,
        /// Milliseconds, as one sample has it.
        "milliseconds" => Milliseconds,
    }
    /// Where a relying party sends people to sign out.
    "logout-path" logout_path: LogoutPath {
        /// At /authorize/logout of the issuer.
        "authorize" => Authorize,
        /// At /logout, as the oldest document has it.
        "root" => Root,
    }
    /// What becomes of somebody whose identity could not be checked. The documents name all three.
    "failed-identity" failed_identity: FailedIdentity {
        /// The attributes come with the outcome VERIFICATION_FAILED.
        "claims" => Claims,
        /// The browser comes back with the error access_denied.
        "denied" => Denied,
        /// The attributes come without that scope.
        "missing" => Missing,
    }
    /// How the provider fails its relying parties.
    "fault" fault: Fault {
        /// Not at all.
        "none" => None,
        /// It fails inside: server_error in the browser, 500 elsewhere.
        "500" => Internal,
        /// A part behind it does not answer.
        "502" => BadGateway,
        /// It is down.
        "503" => Down,
        /// The caller's address is not on its list: the call ends in a timeout.
        "504" => NotListed,
    }
}

/// One switch and its value, as the command line has it: `name=value`.
#[derive(Clone, Debug)]
pub struct Setting {
    name: String,
    value: String,
}

impl FromStr for Setting {
    type Err = SwitchError;

    fn from_str(text: &str) -> Result<Self, SwitchError> {
        let (name, value) = text.split_once('=').ok_or(SwitchError::NoValue)?;
        Switches::default().set(name, value)?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }
}

impl Switches {
    /// The defaults, changed by settings. The last of one name wins.
    ///
    /// # Errors
    /// [`SwitchError`].
    pub fn with(settings: &[Setting]) -> Result<Self, SwitchError> {
        let mut switches = Self::default();
        for Setting { name, value } in settings {
            switches.set(name, value)?;
        }
        Ok(switches)
    }
}

impl CodeLife {
    pub(crate) const fn seconds(self) -> u64 {
        match self {
            Self::Long => 600,
            Self::Short => 60,
        }
    }
}

impl AccessTokenLife {
    pub(crate) const fn seconds(self) -> u64 {
        match self {
            Self::Short => 900,
            Self::Long => 14_400,
        }
    }
}

impl AssertionLife {
    pub(crate) const fn seconds(self) -> u64 {
        match self {
            Self::Short => 300,
            Self::Long => 15_552_000,
        }
    }
}

fn chosen<T: Copy>(name: &str, value: &str, all: &[(&str, T)]) -> Result<T, SwitchError> {
    all.iter()
        .find(|(written, _)| *written == value)
        .map(|(_, chosen)| *chosen)
        .ok_or_else(|| SwitchError::NoSuchValue { name: name.to_owned(), value: value.to_owned() })
}

fn written<T: PartialEq>(value: T, all: &[(&'static str, T)]) -> &'static str {
    all.iter().find(|(_, listed)| *listed == value).map_or("", |(written, _)| written)
}

fn describe(text: &mut String, name: &str, about: &str, values: &[(&str, &str)]) {
    text.push_str(&format!("\n  {name}: {}\n", about.trim_start()));
    for (value, note) in values {
        text.push_str(&format!("    {value:<12} {}\n", note.trim_start()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_documents_are_the_default() {
        let switches = Switches::default();
        assert_eq!(switches.subject, Subject::Pairwise);
        assert_eq!(switches.claims, ClaimsForm::Array);
        assert_eq!(switches.access_token, AccessTokenForm::Jwt);
        assert_eq!(switches.code_life.seconds(), 600);
        assert_eq!(switches.fault, Fault::None);
    }

    #[test]
    fn every_switch_can_be_set_to_what_it_says_it_is() {
        let mut switches = Switches::default();
        for (name, value) in Switches::default().settings() {
            switches.set(name, value).unwrap();
            assert!(help().contains(&format!("\n  {name}: ")), "{name}");
        }
        assert_eq!(switches, Switches::default());
    }

    #[test]
    fn the_last_setting_wins_and_unknown_ones_are_refused() {
        let settings =
            ["claims=object", "code-life=60", "claims=array"].map(|text| text.parse::<Setting>().unwrap());
        let switches = Switches::with(&settings).unwrap();
        assert_eq!((switches.claims, switches.code_life), (ClaimsForm::Array, CodeLife::Short));
        assert_eq!("claims".parse::<Setting>().unwrap_err(), SwitchError::NoValue);
        assert!(matches!("clams=object".parse::<Setting>(), Err(SwitchError::NoSuchSwitch(_))));
        assert!(matches!("claims=list".parse::<Setting>(), Err(SwitchError::NoSuchValue { .. })));
    }
}
