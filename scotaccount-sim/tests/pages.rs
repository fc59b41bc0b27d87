//! The pages that people see.

use axum::http::header;
use scotaccount_sim::people::PEOPLE;

use crate::support::{Asked, EVERYTHING, World};

const HOSTILE: &str = "\"'><script>alert(1)</script>&amp;";

#[tokio::test]
async fn hostile_text_stays_text() {
    let world = World::with(|setup| setup.clients[0]["name"] = HOSTILE.into());
    let asked = Asked::new().with("state", HOSTILE).with("nonce", HOSTILE);
    let page = world.authorize(&asked, None).await;
    assert!(!page.body.contains("<script") && !page.body.contains("\"'>"), "{}", page.body);
    assert!(page.body.contains("&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"));

    let back = world.answer(&page.journey(), "mairi", "continue", None).await;
    let (_, parameters) = back.location();
    assert_eq!(parameters["state"], HOSTILE);
    let page = world.authorize(&asked, Some(&back.cookie())).await;
    assert!(!page.body.contains("<script"));
    // What nobody began is not repeated.
    let page = world.get("/authorize/resume?request=%3Cscript%3E", None).await;
    assert!(!page.body.contains("<script") && !page.body.contains("%3Cscript"));
    let page = world.authorize(&Asked::new().with("client_id", HOSTILE), None).await;
    assert!(!page.body.contains("<script"));
}

#[tokio::test]
async fn a_page_may_send_its_form_here_and_to_the_relying_party_and_do_nothing_else() {
    let world = World::start();
    let page = world.authorize(&Asked::new(), None).await;
    assert_eq!(
        page.headers[header::CONTENT_SECURITY_POLICY],
        "default-src 'none'; style-src 'self'; form-action 'self' http://localhost:8080; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert!(!page.body.contains("style=") && !page.body.contains("<style"));
    let style = world.get("/sim.css", None).await;
    assert_eq!(style.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
    let other = world.get("/nothing", None).await;
    assert_eq!(other.status.as_u16(), 404);
    assert_eq!(other.headers[header::CONTENT_SECURITY_POLICY], "default-src 'none'; frame-ancestors 'none'");
}

#[tokio::test]
async fn everybody_can_be_chosen_and_every_wish_is_named() {
    let world = World::start();
    let page = world.authorize(&Asked::new().with("scope", EVERYTHING), None).await;
    assert!(page.body.contains("<html lang=\"en\">") && page.body.contains("stand-in"));
    for person in &PEOPLE {
        let (id, label) = (format!("id=\"person-{}\"", person.id), format!("for=\"person-{}\"", person.id));
        assert!(page.body.contains(&id) && page.body.contains(&label), "{}", person.id);
    }
    assert_eq!(page.body.matches("<li>").count(), 4);
    assert!(page.body.contains("Sign in to Service letterbox"));
}

#[tokio::test]
async fn only_the_form_of_the_page_is_an_answer() {
    let world = World::start();
    let page = world.authorize(&Asked::new(), None).await;
    let answer = world.answer(&page.journey(), "mairi", "whatever", None).await;
    assert_eq!(answer.error(), (400, "invalid_request".to_owned()));
    let answer = world.answer("guess", "mairi", "continue", None).await;
    assert_eq!(answer.status.as_u16(), 400);
    assert!(!answer.headers.contains_key(header::LOCATION));
}
