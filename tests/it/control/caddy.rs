//! Caddy's configuration at the Agent, from whoever keeps Caddy in order (R63).

use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use octoporty_core::message::{CaddyHealth, CaddyState};
use octoporty_server::{CaddySource, CaddyUnreadable};
use octoporty_tests::World;

/// An embedder's Caddy.
#[derive(Debug)]
struct Source(Result<Bytes, CaddyUnreadable>);

impl CaddySource for Source {
    fn config(&self) -> BoxFuture<'_, Result<Bytes, CaddyUnreadable>> {
        std::future::ready(self.0.clone()).boxed()
    }

    fn state(&self) -> CaddyState {
        let health = if self.0.is_ok() { CaddyHealth::Ok } else { CaddyHealth::Failing };
        CaddyState { health, message: String::new() }
    }
}

async fn world(answer: Result<Bytes, CaddyUnreadable>) -> World {
    World::start_with(|gateway| gateway.caddy(Arc::new(Source(answer))), |agent| agent).await
}

#[tokio::test]
async fn a_configuration_of_any_size_passes() {
    for size in [2, 100_000, 16 << 20] {
        let json = Bytes::from(format!("\"{}\"", "r".repeat(size - 2)));
        let world = world(Ok(json.clone())).await;
        let gateway = world.agent.agent().control();
        let config = gateway.caddy_config().await.unwrap();
        assert!(config.json == json && config.read_at_ms > 0, "{size}");
        assert_eq!(gateway.status().await.unwrap().caddy.health, CaddyHealth::Ok);
    }
}

#[tokio::test]
async fn one_that_is_too_large_is_refused_in_words() {
    let world = world(Ok(vec![b' '; (16 << 20) + 1].into())).await;
    assert_eq!(world.agent.agent().control().caddy_config().await.unwrap_err().code(), "too-large");
}

#[tokio::test]
async fn without_caddy_the_call_is_unavailable() {
    let failing = world(Err(CaddyUnreadable { reason: "connection refused".to_owned() })).await;
    let gateway = failing.agent.agent().control();
    let error = gateway.caddy_config().await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    assert_eq!(error.to_string(), "Caddy's configuration cannot be read: connection refused");
    assert_eq!(gateway.status().await.unwrap().caddy.health, CaddyHealth::Failing);

    let off = World::start().await;
    let gateway = off.agent.agent().control();
    let error = gateway.caddy_config().await.unwrap_err();
    assert!(error.code() == "unavailable" && error.to_string().contains("Gateway__CaddyAdminUrl"), "{error}");
    assert_eq!(gateway.status().await.unwrap().caddy.health, CaddyHealth::Off);
}
