//! The files of the client, the trust file, and nothing else.

use std::path::Path;

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use tower_http::services::{ServeDir, ServeFile};

use crate::headers::{self, Origin};

/// Names with a hash of their content may be kept for ever. Of everything else the browser stores nothing:
/// neither an answer nor, behind its "back" button, a page that was left with letters on it.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const NEVER: &str = "no-store";

/// Not for names below this one: what else is there is not ours to say.
const TLS_ALONE: &str = "max-age=63072000";

/// Where ScotAccount sends the browser back to. The page reads what follows the question mark and
/// takes it out of the address; it is not a file of its own.
const SIGNED_IN: &str = "/signed-in";
const TRUST: &str = "/trust.json";
const JSON: &str = "application/json";

pub(crate) fn router(dist: &Path, trust: Option<&Path>, connect: &[Origin]) -> Router {
    let files =
        ServeDir::new(dist).precompressed_br().precompressed_gzip().append_index_html_on_directories(true);
    let index = ServeFile::new(dist.join("index.html")).precompressed_br().precompressed_gzip();
    let router = Router::new().route("/healthz", get(|| async { "ok\n" })).route_service(SIGNED_IN, index);
    let router = match trust {
        Some(trust) => router.route_service(TRUST, ServeFile::new(trust)),
        // Not the fallback: a file of that name among the client's would not be the deployment's word.
        None => router.route(TRUST, get(|| async { StatusCode::NOT_FOUND })),
    };
    let always: HeaderMap = headers::all(connect).into_iter().collect();
    router.fallback_service(files).layer(middleware::from_fn(move |request: Request, next: Next| {
        let always = always.clone();
        async move { with_headers(request, next, always).await }
    }))
}

/// Has browsers ask this origin by TLS and no other way from now on (RFC 6797), for two years after each
/// answer: otherwise whoever writes the name without `https` asks in the clear first, and anybody on the way
/// may answer with other code.
pub(crate) fn by_tls_alone(router: Router) -> Router {
    router.layer(middleware::map_response(with_tls_alone))
}

async fn with_tls_alone(mut response: Response) -> Response {
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TLS_ALONE));
    response
}

async fn with_headers(request: Request, next: Next, always: HeaderMap) -> Response {
    let cache = if is_hashed(request.uri().path()) { FOR_EVER } else { NEVER };
    let is_trust = request.uri().path() == TRUST;
    let mut response = next.run(request).await;
    let found = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.extend(always);
    if is_trust && found {
        // Whatever the file is called on the disk.
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(if found { cache } else { NEVER }));
    response
}

/// `name-0123456789abcdef.ext`, as the last step of the client's build names files.
fn is_hashed(path: &str) -> bool {
    path.rsplit_once('.')
        .and_then(|(stem, _)| stem.rsplit_once('-'))
        .is_some_and(|(_, hash)| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt as _;

    use super::*;

    async fn answer(path: &str) -> Response {
        answer_with(path, None).await
    }

    async fn answer_with(path: &str, trust: Option<&str>) -> Response {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "<!doctype html>").unwrap();
        std::fs::write(folder.path().join("boot-0123456789abcdef.js"), "start()").unwrap();
        std::fs::write(folder.path().join("boot-0123456789abcdef.js.br"), "compressed").unwrap();
        std::fs::write(folder.path().join("trust.json"), "among the client's files").unwrap();
        let outside = folder.path().parent().unwrap().join("letterbox-outside.txt");
        std::fs::write(&outside, "secret").unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let trust = trust.map(|text| {
            let file = elsewhere.path().join("deployment.trust");
            std::fs::write(&file, text).unwrap();
            file
        });
        let request = Request::get(path).header("accept-encoding", "br").body(Body::empty()).unwrap();
        let response = router(folder.path(), trust.as_deref(), &[]).oneshot(request).await.unwrap();
        std::fs::remove_file(outside).ok();
        response
    }

    async fn text(response: Response) -> String {
        String::from_utf8(to_bytes(response.into_body(), 1000).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_answer_carries_the_policy_even_a_refusal() {
        for path in [
            "/",
            "/index.html",
            "/boot-0123456789abcdef.js",
            "/missing",
            "/healthz",
            "/signed-in?code=c&state=s",
            "/trust.json",
        ] {
            let response = answer(path).await;
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
            assert!(policy.contains("require-trusted-types-for 'script'"), "{path}");
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        }
    }

    #[tokio::test]
    async fn by_tls_alone_is_said_with_every_answer_and_not_where_a_proxy_does_tls() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["/", "/healthz", "/missing"] {
            let request = || Request::get(path).body(Body::empty()).unwrap();
            let router = router(folder.path(), None, &[]);
            let name = header::STRICT_TRANSPORT_SECURITY;
            assert!(
                router.clone().oneshot(request()).await.unwrap().headers().get(&name).is_none(),
                "{path}"
            );
            let answer = by_tls_alone(router).oneshot(request()).await.unwrap();
            assert_eq!(answer.headers()[&name], TLS_ALONE, "{path}");
            assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
        }
    }

    #[tokio::test]
    async fn coming_back_from_scotaccount_leads_to_the_page_which_is_not_kept() {
        for path in ["/signed-in", "/signed-in?code=c&state=s", "/signed-in?error=access_denied"] {
            let response = answer(path).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html", "{path}");
            assert_eq!(response.headers()[header::CACHE_CONTROL], NEVER, "{path}");
            assert_eq!(response.headers()[header::REFERRER_POLICY], "no-referrer", "{path}");
            assert_eq!(text(response).await, "<!doctype html>", "{path}");
        }
        assert_eq!(answer("/signed-in/more").await.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_trust_file_is_the_one_that_was_named_and_is_asked_for_each_time() {
        let response = answer_with("/trust.json", Some(r#"{"trust":"…"}"#)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], JSON);
        assert_eq!(response.headers()[header::CACHE_CONTROL], NEVER);
        assert_eq!(text(response).await, r#"{"trust":"…"}"#);
    }

    #[tokio::test]
    async fn without_a_trust_file_there_is_none() {
        let response = answer("/trust.json").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(text(response).await, "");
    }

    #[tokio::test]
    async fn hashed_names_are_kept_for_ever_and_the_index_never() {
        assert_eq!(answer("/boot-0123456789abcdef.js").await.headers()[header::CACHE_CONTROL], FOR_EVER);
        assert_eq!(answer("/").await.headers()[header::CACHE_CONTROL], NEVER);
        let missing = answer("/gone-0123456789abcdef.js").await;
        assert_eq!(
            (missing.status(), missing.headers()[header::CACHE_CONTROL].to_str().unwrap()),
            (StatusCode::NOT_FOUND, NEVER)
        );
    }

    #[test]
    fn what_is_not_hashed_is_not_stored() {
        assert_eq!(NEVER, "no-store");
    }

    #[tokio::test]
    async fn the_copy_made_at_build_time_is_served_compressed() {
        let response = answer("/boot-0123456789abcdef.js").await;
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), "compressed");
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_served() {
        for path in
            ["/../letterbox-outside.txt", "/%2e%2e/letterbox-outside.txt", "/..%2fletterbox-outside.txt"]
        {
            assert_eq!(answer(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
