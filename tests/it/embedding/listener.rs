//! `listen`: servers that accept connections take them out of the tunnel.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, extract::ConnectInfo, routing::get, serve::ListenerExt};
use octoporty_client::{EndpointError, Visitor, testkit::World};

use super::in_background;

#[tokio::test(start_paused = true)]
async fn axum_serves_a_listener() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let listener = tunnel.listen("app.test").await.unwrap();
    let app = Router::new().route(
        "/",
        get(|ConnectInfo(visitor): ConnectInfo<Visitor>| async move {
            format!("{} wants {} ({})", visitor.ip(), visitor.host(), visitor.request_id())
        }),
    );
    let serving = in_background(
        axum::serve(listener, app.into_make_service_with_connect_info::<Visitor>())
            .with_graceful_shutdown(tunnel.closed())
            .into_future(),
    );
    for _ in 0..3 {
        let answer = world.visitor().get("http://app.test/").await.unwrap();
        let id = answer.headers()["x-octoporty-request-id"].to_str().unwrap();
        assert_eq!(answer.text(), format!("192.0.2.1 wants app.test ({id})"));
    }
    let report = tunnel.drain(Duration::from_secs(5)).await;
    assert_eq!(report.aborted, 0);
    serving.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn apps_that_read_socket_addresses_work_on() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let listener = tunnel.listen("app.test").await.unwrap().tap_io(|_connection| {});
    let app =
        Router::new().route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }));
    let serving =
        in_background(axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).into_future());
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "192.0.2.1:0");
    serving.abort();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_listener_takes_its_name_offline() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let listener = tunnel.listen("app.test").await.unwrap();
    let in_use = tunnel.listen("app.test").await.err().unwrap();
    assert_eq!((in_use.code(), in_use.is_retryable()), ("in-use", false));
    let endpoint = listener.endpoint().clone();
    drop(listener);
    assert!(!endpoint.is_open());
    // The name is free again at once.
    let _again = tunnel.listen("app.test").await.unwrap();
    assert!(matches!(in_use, EndpointError::InUse { .. }));
}
