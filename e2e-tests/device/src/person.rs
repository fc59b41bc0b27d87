//! A person with a browser at the stand-in for ScotAccount: opens the page, fills in its form, agrees,
//! and is sent back. The browser keeps its cookies and runs no script.

use std::collections::BTreeMap;

use reqwest::{
    Method, RequestBuilder, Response, Url,
    header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE},
};

use crate::{
    failure::Failure,
    network::{self, Network},
};

const FORM: &str = "application/x-www-form-urlencoded";

/// Somebody who signs in.
pub(crate) struct Person<'a> {
    network: &'a Network,
    id: &'a str,
    cookies: BTreeMap<String, String>,
}

impl<'a> Person<'a> {
    pub(crate) const fn new(network: &'a Network, id: &'a str) -> Self {
        Self { network, id, cookies: BTreeMap::new() }
    }

    /// Goes to ScotAccount, agrees, and returns what the browser is sent back with: the part after the
    /// question mark.
    pub(crate) async fn agree(&mut self, address: &str) -> Result<String, Failure> {
        let page = self.ask(self.network.request(Method::GET, address)).await?;
        if let Some(query) = way_back(&page) {
            return Ok(query);
        }
        let status = page.status().as_u16();
        let no_form = || Failure::NoForm(status);
        let html = String::from_utf8_lossy(&network::whole(page).await?.body).into_owned();
        let action = between(&html, "<form method=\"post\" action=\"").ok_or_else(no_form)?;
        let number = between(&html, "name=\"request\" value=\"").ok_or_else(no_form)?;
        let action = Url::parse(address).and_then(|page| page.join(action)).map_err(|_| no_form())?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("request", number)
            .append_pair("person", self.id)
            .append_pair("outcome", "continue")
            .finish();
        let request = self.network.request(Method::POST, action.as_str());
        let answer = self.ask(request.header(CONTENT_TYPE, FORM).body(form)).await?;
        way_back(&answer).ok_or_else(|| Failure::NoForm(answer.status().as_u16()))
    }

    async fn ask(&mut self, mut request: RequestBuilder) -> Result<Response, Failure> {
        if !self.cookies.is_empty() {
            let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            request = request.header(COOKIE, pairs.collect::<Vec<_>>().join("; "));
        }
        let response = request.send().await?;
        let set = response.headers().get_all(SET_COOKIE).into_iter();
        for cookie in set.filter_map(|cookie| cookie.to_str().ok()) {
            let pair = cookie.split(';').next().and_then(|pair| pair.trim().split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(response)
    }
}

/// Where an answer sends the browser, if it does.
fn way_back(response: &Response) -> Option<String> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    Some(Url::parse(location).ok()?.query()?.to_owned())
}

/// The value of an attribute that begins with these words.
fn between<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_asks_for_is_found() {
        let page = "<form method=\"post\" action=\"/answer\"><input name=\"request\" value=\"7\"></form>";
        assert_eq!(between(page, "action=\""), Some("/answer"));
        assert_eq!(between(page, "name=\"request\" value=\""), Some("7"));
        assert_eq!(between(page, "name=\"person\" value=\""), None);
        assert_eq!(between("value=\"never ends", "value=\""), None);
    }
}
