//! The files of the client, and nothing else.

use std::path::Path;

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use tower_http::services::ServeDir;

use crate::headers::{self, Origin};

/// Names with a hash of their content may be kept for ever; everything else is asked for each time.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const NEVER: &str = "no-cache";

pub(crate) fn router(dist: &Path, connect: &[Origin]) -> Router {
    let files =
        ServeDir::new(dist).precompressed_br().precompressed_gzip().append_index_html_on_directories(true);
    let always: HeaderMap = headers::all(connect).into_iter().collect();
    Router::new().route("/healthz", get(|| async { "ok\n" })).fallback_service(files).layer(
        middleware::from_fn(move |request: Request, next: Next| {
            let always = always.clone();
            async move { with_headers(request, next, always).await }
        }),
    )
}

async fn with_headers(request: Request, next: Next, always: HeaderMap) -> Response {
    let cache = if is_hashed(request.uri().path()) { FOR_EVER } else { NEVER };
    let mut response = next.run(request).await;
    let found = response.status().is_success() || response.status() == axum::http::StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.extend(always);
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
    use axum::{
        body::{Body, to_bytes},
        http::StatusCode,
    };
    use tower::ServiceExt as _;

    use super::*;

    async fn answer(path: &str) -> Response {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "<!doctype html>").unwrap();
        std::fs::write(folder.path().join("boot-0123456789abcdef.js"), "start()").unwrap();
        std::fs::write(folder.path().join("boot-0123456789abcdef.js.br"), "compressed").unwrap();
        let outside = folder.path().parent().unwrap().join("letterbox-outside.txt");
        std::fs::write(&outside, "secret").unwrap();
        let request = Request::get(path).header("accept-encoding", "br").body(Body::empty()).unwrap();
        let response = router(folder.path(), &[]).oneshot(request).await.unwrap();
        std::fs::remove_file(outside).ok();
        response
    }

    #[tokio::test]
    async fn every_answer_carries_the_policy_even_a_refusal() {
        for path in ["/", "/index.html", "/boot-0123456789abcdef.js", "/missing", "/healthz"] {
            let response = answer(path).await;
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
            assert!(policy.contains("require-trusted-types-for 'script'"), "{path}");
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        }
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
