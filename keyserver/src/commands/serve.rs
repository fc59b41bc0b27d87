//! Serving, until a signal comes or the store has failed.

use std::sync::Arc;

use service::{
    clock::Clock,
    operations::{self, Operated},
    run::{Hangups, Listeners, housekeeping},
};
use store::{Engine, Options};

use super::CommandError;
use crate::{
    app::{App, Parts},
    config::Config,
    http,
};

/// Opens the directory and serves it.
///
/// # Errors
/// See [`CommandError`].
pub async fn run(config: &Config) -> Result<(), CommandError> {
    // Everything that can be wrong with the settings is said before the store is touched.
    let (keys, operators, origins) = (config.keys()?, config.operators()?, config.origins()?);
    let (provider, provisioning) = (config.provider_settings()?, config.provisioning_client()?);
    let hangups = Hangups::heed()?;
    let tls = config.tls()?;
    let options = Options { cache_bytes: config.limits.cache_bytes, ..Options::default() };
    let engine = Engine::open(&config.store, options)
        .map_err(|cause| CommandError::Store { folder: config.store.clone(), cause })?;
    let listeners = Listeners::bind(config.listen, config.operations_listen).await?.with_tls(tls);
    let app = App::open(Parts {
        engine,
        keys,
        operators,
        provider,
        provisioning,
        authority: config.authority(listeners.address())?,
        limits: config.limits.requests(),
        clock: Clock::system(),
    })
    .await?;
    let chores = Arc::clone(&app);
    tokio::spawn(housekeeping(move || {
        let app = Arc::clone(&chores);
        async move {
            app.forget().await;
            app.alarms()
        }
    }));
    let router = http::router(&app, &origins);
    let operations = operations::router(Arc::clone(&app) as Arc<dyn Operated>);
    let connections = config.limits.connections(&config.trusted_proxies);
    let failed = app.until_failed();
    Ok(listeners.serve(hangups, router, operations, &connections, failed, || app.stop()).await?)
}
