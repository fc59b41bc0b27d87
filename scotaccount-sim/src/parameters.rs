//! The parameters of a query or a form.

/// Names and values as they came.
pub(crate) struct Parameters(Vec<(String, String)>);

/// A parameter came more than once, which OAuth forbids (RFC 6749 §3.1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repeated(pub(crate) &'static str);

impl Parameters {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The value of a parameter. One without a value counts as left out (RFC 6749 §3.1).
    pub(crate) fn one(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut found = self.0.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str());
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(Repeated(name)),
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Adds parameters to the query of an address.
pub(crate) fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let query = form(pairs);
    let separator = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    if query.is_empty() { address.to_owned() } else { format!("{address}{separator}{query}") }
}

/// Parameters as a form sends them.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_read_once_or_not_at_all() {
        let parameters = Parameters::parse(b"state=a%20b&nonce=&scope=openid&scope=openid");
        assert_eq!(parameters.one("state"), Ok(Some("a b")));
        assert_eq!(parameters.one("nonce"), Ok(None));
        assert_eq!(parameters.one("code"), Ok(None));
        assert_eq!(parameters.one("scope"), Err(Repeated("scope")));
    }

    #[test]
    fn an_address_keeps_its_own_query() {
        assert_eq!(with_query("http://a/", &[("state", "x&y=z")]), "http://a/?state=x%26y%3Dz");
        assert_eq!(with_query("http://a/?b=c", &[("d", "e f")]), "http://a/?b=c&d=e+f");
        assert_eq!(with_query("http://a/?", &[("d", "e")]), "http://a/?d=e");
        assert_eq!(with_query("http://a/", &[]), "http://a/");
    }
}
