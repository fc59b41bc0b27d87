//! Telling relying parties that somebody signed out (OpenID Connect Back-Channel Logout 1.0).

use std::sync::Arc;

use serde_json::json;

use crate::{
    ids,
    outgoing::{self, Post},
    parameters::form,
    sessions::Session,
    sim::Sim,
};

/// How many seconds a relying party has to take a logout token.
const LIFE: u64 = 120;

/// What the token says has happened.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Tells everybody to whom the person went in this session. Does not wait for them: signing out
/// works whether they hear of it or not.
pub(crate) fn tell(sim: &Arc<Sim>, ended: &Session) {
    let now = sim.clock.now();
    for client in ended.clients.iter().filter_map(|id| sim.clients.find(id)) {
        let Some(url) = client.backchannel_logout_uri.clone() else { continue };
        let claims = json!({
            "iss": sim.issuer, "sub": sim.subject(client, ended.person), "aud": client.id,
            "iat": now, "exp": now + LIFE, "jti": ids::random_uuid(), "sid": ended.sid,
            "events": { EVENT: {} },
        });
        match sim.id_keys.sign("logout+jwt", &claims) {
            Ok(token) => {
                tokio::spawn(send(url, token));
            }
            Err(error) => tracing::warn!("a relying party is not told of a logout: {error}"),
        }
    }
}

async fn send(url: String, token: String) {
    let body = form(&[("logout_token", token.as_str())]);
    let content_type = "application/x-www-form-urlencoded";
    match outgoing::post(Post { url: &url, content_type, authorization: None, body }).await {
        Ok((status, _)) if status.is_success() => tracing::info!("a relying party took a logout"),
        Ok((status, _)) => tracing::warn!("a relying party refused a logout: {status}"),
        Err(error) => tracing::warn!("a relying party did not hear of a logout: {error}"),
    }
}
