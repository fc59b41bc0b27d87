//! The pages that people see: plain HTML made here, without any script. Every value that comes from
//! elsewhere is escaped.

use std::fmt::{self, Write as _};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::{
    authorize::AuthorizeRequest,
    clients::origin,
    people::{PEOPLE, Person},
    scopes::Scope,
};

const STYLE: &str = include_str!("sim.css");

const NOTE: &str = "This is a stand-in for ScotAccount, for development and tests. \
                    The people are invented, and nobody’s identity is checked.";

/// Text inside an element or a quoted attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for sign in self.0.chars() {
            match sign {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\'' => formatter.write_str("&#39;")?,
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Who signs in, from everybody.
pub(super) fn sign_in(request: &AuthorizeRequest, number: &str) -> Response {
    let mut people = String::from("<fieldset><legend>Who is signing in?</legend>");
    for Person { id, given_name, family_name, note, .. } in &PEOPLE {
        let _ = write!(
            people,
            "<div class=\"choice\"><input type=\"radio\" name=\"person\" id=\"person-{id}\" value=\"{id}\" \
             aria-describedby=\"note-{id}\" required><label for=\"person-{id}\">{} {}</label>\
             <p class=\"hint\" id=\"note-{id}\">{}</p></div>",
            Escaped(given_name),
            Escaped(family_name),
            Escaped(note),
        );
    }
    people.push_str("</fieldset>");
    let title = format!("Sign in to {}", request.client.name);
    form(&title, request, number, &people, "Open this page in another browser")
}

/// What somebody who is signed in already releases.
pub(super) fn consent(request: &AuthorizeRequest, number: &str, person: &Person) -> Response {
    let Person { id, given_name, family_name, .. } = person;
    let who = format!(
        "<p>You are signed in as {} {}.</p><input type=\"hidden\" name=\"person\" value=\"{}\">",
        Escaped(given_name),
        Escaped(family_name),
        Escaped(id),
    );
    let title = format!("Continue to {}", request.client.name);
    form(&title, request, number, &who, "Sign in as somebody else")
}

fn form(title: &str, request: &AuthorizeRequest, number: &str, who: &str, elsewhere: &str) -> Response {
    let mut wishes = String::new();
    for scope in request.scopes.iter().copied().map(Scope::in_words) {
        let _ = write!(wishes, "<li>{}</li>", Escaped(scope));
    }
    let (service, number) = (Escaped(&request.client.name), Escaped(number));
    // A button without validation lets somebody cancel who chose nobody.
    let body = format!(
        "<form method=\"post\" action=\"/authorize/answer\">\
         <input type=\"hidden\" name=\"request\" value=\"{number}\">{who}\
         <h2>{service} asks</h2><ul>{wishes}</ul>\
         <p class=\"buttons\"><button name=\"outcome\" value=\"continue\">Continue</button> \
         <button class=\"quiet\" name=\"outcome\" value=\"cancel\" formnovalidate>Cancel</button></p></form>\
         <p><a href=\"/authorize/resume?request={number}\">{elsewhere}</a></p>",
    );
    // Chromium applies form-action to where the answer to a form redirects, so that the relying
    // party's origin must be there too.
    let target = origin(&request.redirect_uri).unwrap_or_default();
    document(StatusCode::OK, title, &body, &format!("'self' {target}"))
}

/// A journey that is over, or never was.
pub(super) fn ended() -> Response {
    let body = "<p>It was finished, or is too old. Go back to the service and start again.</p>";
    document(StatusCode::BAD_REQUEST, "This sign-in has ended", body, "'none'")
}

/// After signing out.
pub(super) fn signed_out() -> Response {
    document(StatusCode::OK, "You are signed out", "<p>You can close this page.</p>", "'none'")
}

fn document(status: StatusCode, title: &str, body: &str, form_action: &str) -> Response {
    let title = Escaped(title);
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} - ScotAccount stand-in</title><link rel=\"stylesheet\" href=\"/sim.css\"></head>\
         <body><header><p>ScotAccount stand-in</p></header>\
         <main><h1>{title}</h1><p class=\"note\">{NOTE}</p>{body}</main></body></html>",
    );
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action {form_action}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    // An origin holds only signs that a policy may hold, see `origin`.
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// How the pages look.
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_begin_an_element_or_end_an_attribute() {
        let hostile = "<script>\"'&</script>";
        assert_eq!(Escaped(hostile).to_string(), "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;");
        assert_eq!(Escaped("Màiri’s").to_string(), "Màiri’s");
    }
}
