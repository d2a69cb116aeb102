//! Endpoints come and go, on tunnels that come and go.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use octoporty_client::{
    Endpoint, Event, Host, Picking, Tunnel, Upstream,
    testkit::World,
    upstream::{Scheme, UpstreamTarget},
};

use super::{in_background, naming};

#[tokio::test(start_paused = true)]
async fn endpoints_are_told_apart_and_closed_one_by_one() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let one: Endpoint = tunnel.serve("one.test", naming("one")).await.unwrap();
    tunnel.serve("*.two.test", naming("two")).await.unwrap();
    let visitor = world.visitor();
    assert_eq!(visitor.get("http://one.test/").await.unwrap().text(), "one");
    assert_eq!(visitor.get("http://any.two.test/").await.unwrap().text(), "two");
    assert_eq!(one.url(), "https://one.test");
    one.close().await;
    assert_eq!(visitor.get("http://one.test/").await.unwrap().status(), 404);
    assert_eq!(visitor.get("http://any.two.test/").await.unwrap().text(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_another_tunnel_holds_is_refused_until_it_is_free() {
    let world = World::new();
    let (first, second) = (world.tunnel().await.unwrap(), world.tunnel().await.unwrap());
    let held = first.serve("app.test", naming("first")).await.unwrap();
    let refused = second.serve("app.test", naming("second")).await.err().unwrap();
    assert_eq!((refused.code(), refused.is_retryable()), ("taken", true));
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "first");
    held.close().await;
    second.serve("app.test", naming("second")).await.unwrap();
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "second");
}

#[tokio::test(start_paused = true)]
async fn hosts_that_are_none_are_named() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let error = tunnel.serve("http://app.test", naming("x")).await.err().unwrap();
    assert_eq!(error.code(), "host");
    assert!(error.to_string().contains("without scheme"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn shared_names_are_stable_and_random_ones_are_not() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let shared = tunnel.serve(Host::shared("laptop"), naming("laptop")).await.unwrap();
    let random = tunnel.serve(Host::Random, naming("random")).await.unwrap();
    assert!(shared.host().to_string().ends_with(".share.test"), "{}", shared.host());
    assert_eq!(world.visitor().get(&format!("http://{}/", random.host())).await.unwrap().text(), "random");
    let name = shared.host().clone();
    shared.close().await;
    assert_eq!(tunnel.serve(Host::shared("laptop"), naming("again")).await.unwrap().host(), &name);
}

#[tokio::test(start_paused = true)]
async fn requests_are_forwarded_to_what_is_chosen() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    tunnel.forward("app.test", world.upstream(naming("upstream"))).await.unwrap();
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "upstream");
}

#[tokio::test]
async fn an_upstream_is_chosen_for_each_request() {
    let (one, other) = (listening("one").await, listening("other").await);
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let choice = Upstream::pick(move |request: &Picking<'_>| {
        Arc::clone(if request.path().starts_with("/other") { &other } else { &one })
    });
    tunnel.forward("app.test", choice).await.unwrap();
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "one");
    assert_eq!(world.visitor().get("http://app.test/other").await.unwrap().text(), "other");
}

/// A service on a real socket that says who it is to all requests.
async fn listening(name: &'static str) -> Arc<UpstreamTarget> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let app = axum::Router::new().fallback(move || async move { name });
    in_background(axum::serve(listener, app).into_future());
    UpstreamTarget::builder(Scheme::Http, "127.0.0.1", port).build().expect("it is an address")
}

#[cfg(unix)]
#[tokio::test]
async fn an_upstream_can_be_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let app = axum::Router::new().fallback(|body: String| async move { format!("over a socket: {body}") });
    in_background(axum::serve(listener, app).into_future());
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let endpoint = tunnel.forward("app.test", Upstream::unix(&path).unwrap()).await.unwrap();
    assert_eq!(world.visitor().post("http://app.test/", "hello").await.unwrap().text(), "over a socket: hello");
    endpoint.close().await;
    tunnel.forward("app.test", Upstream::unix(folder.path().join("missing")).unwrap()).await.unwrap();
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().status(), 502);
}

#[tokio::test(start_paused = true)]
async fn events_tell_the_story() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let mut events = tunnel.events();
    let endpoint = tunnel.serve("app.test", naming("x")).await.unwrap();
    let live = events.next().await.unwrap();
    assert_eq!(live, Event::EndpointLive { host: endpoint.host().clone() });
    world.faults().cut();
    assert!(
        matches!(events.next().await.unwrap(), Event::SessionDown { failure } if failure.code() == "connection-lost")
    );
    assert!(matches!(events.next().await.unwrap(), Event::Waiting { .. }));
    assert!(matches!(events.next().await.unwrap(), Event::Connecting { attempt: 1 }));
    assert!(matches!(events.next().await.unwrap(), Event::EndpointLive { .. }));
    assert!(matches!(events.next().await.unwrap(), Event::SessionUp { .. }));
}

#[tokio::test(start_paused = true)]
async fn the_first_connecting_can_be_watched() {
    let world = World::new();
    world.faults().refuse();
    let tunnel = world.builder().start().unwrap();
    let mut events = tunnel.events();
    // Put up before there is anybody to tell of it.
    let serving = tunnel.clone();
    let endpoint = in_background(async move { serving.serve("app.test", naming("there")).await });
    while !matches!(events.next().await.unwrap(), Event::Waiting { .. }) {}
    world.faults().accept();
    tunnel.connected().await.unwrap();
    let endpoint = endpoint.await.unwrap().unwrap();
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "there");
    drop(endpoint);
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_closes_the_tunnel() {
    let world = World::new();
    let tunnel: Tunnel = world.tunnel().await.unwrap();
    let endpoint = tunnel.serve("app.test", naming("x")).await.unwrap();
    let closed = tunnel.closed();
    drop(tunnel);
    // The endpoint is a handle too.
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "x");
    drop(endpoint);
    tokio::time::timeout(Duration::from_secs(1), closed).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_what_is_open_finish_and_counts_what_it_cut() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    let app = axum::Router::new()
        .route(
            "/quick",
            axum::routing::get(|| async {
                tokio::time::sleep(Duration::from_secs(2)).await;
                "quick"
            }),
        )
        .route(
            "/slow",
            axum::routing::get(|| async {
                tokio::time::sleep(Duration::from_secs(60)).await;
                "slow"
            }),
        );
    tunnel.serve("app.test", app).await.unwrap();
    let visit = |path: &'static str| {
        let visitor = world.visitor();
        in_background(async move { visitor.get(&format!("http://app.test{path}")).await.unwrap() })
    };
    let (quick, slow) = (visit("/quick"), visit("/slow"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let report = tunnel.drain(Duration::from_secs(10)).await;
    assert_eq!((report.finished, report.aborted), (1, 1));
    assert_eq!(quick.await.unwrap().text(), "quick");
    // It was safe to repeat, so it waited for another tunnel, in vain.
    assert_eq!(slow.await.unwrap().status(), 503);
    assert_eq!(tunnel.serve("b.test", naming("x")).await.err().unwrap().code(), "closed");
}
