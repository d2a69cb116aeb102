//! A Gateway inside another server.

use std::sync::Arc;

use axum::{Router, routing::get};
use octoporty_client::{Tunnel, testkit::World};
use octoporty_server::{AgentScope, Attempt, Authenticator, Denied, Gateway, NoKeys};
use tokio::net::TcpListener;
use tower_service::Service;

use super::{in_background, naming};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Serves `app` on a port of its own.
async fn serve(app: Router) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let port = listener.local_addr().expect("it is bound").port();
    in_background(axum::serve(listener, app).into_future());
    port
}

async fn get_from(port: u16, host: &str, path: &str) -> (u16, String) {
    let mut visitor = octoporty_tests::Visitor::connect(([127, 0, 0, 1], port).into(), host).await.expect("it listens");
    let answer = visitor.get(path).await.expect("there is an answer");
    (answer.status(), answer.text())
}

#[tokio::test]
async fn axum_serves_a_gateway_as_it_is() {
    let gateway = Gateway::builder().api_key(KEY).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    in_background(axum::serve(listener, gateway.into_service()).into_future());
    let tunnel =
        Tunnel::builder().gateway(format!("ws://127.0.0.1:{port}/tunnel")).api_key(KEY).connect().await.unwrap();
    tunnel.serve("app.test", naming("through axum twice")).await.unwrap();
    assert_eq!(get_from(port, "app.test", "/").await, (200, "through axum twice".to_owned()));
    assert_eq!(get_from(port, "other.test", "/").await.0, 404);
}

#[tokio::test]
async fn a_router_keeps_its_own_pages_beside_a_gateway() {
    let gateway = Gateway::builder().api_key(KEY).build().unwrap();
    let app = Router::new()
        .route("/my-own-page", get(|| async { "mine" }))
        .merge(gateway.agent_route())
        .fallback_service(gateway.clone().into_service());
    let port = serve(app).await;
    let tunnel =
        Tunnel::builder().gateway(format!("ws://127.0.0.1:{port}/tunnel")).api_key(KEY).connect().await.unwrap();
    tunnel.serve("app.test", naming("theirs")).await.unwrap();
    assert_eq!(get_from(port, "app.test", "/my-own-page").await.1, "mine");
    assert_eq!(get_from(port, "app.test", "/").await.1, "theirs");
}

/// Two keys, each with a domain of its own.
struct TwoKeys;

impl Authenticator for TwoKeys {
    async fn authenticate(&self, attempt: &Attempt<'_>) -> Result<AgentScope, Denied> {
        match attempt.key.as_bytes() {
            b"key of one" => Ok(AgentScope::of("one").domains(["one.test".parse().expect("a host name")])),
            b"key of two" => Ok(AgentScope::of("two").domains(["two.test".parse().expect("a host name")])),
            _ => Err(Denied),
        }
    }
}

#[tokio::test]
async fn an_authenticator_gives_each_key_its_domains() {
    // R22, R24
    let gateway = Gateway::builder().authenticator(Arc::new(TwoKeys)).build().unwrap();
    let port = serve(Router::new().fallback_service(gateway.into_service())).await;
    let builder = |key: &str| Tunnel::builder().gateway(format!("ws://127.0.0.1:{port}/tunnel")).api_key(key);
    let (one, two) = (builder("key of one").connect().await.unwrap(), builder("key of two").connect().await.unwrap());
    one.serve("one.test", naming("one")).await.unwrap();
    assert_eq!(two.serve("one.test", naming("two")).await.err().unwrap().code(), "taken");
    assert_eq!(one.serve("two.test", naming("one")).await.err().unwrap().code(), "not-allowed");
    two.serve("two.test", naming("two")).await.unwrap();
    assert_eq!(get_from(port, "one.test", "/").await.1, "one");
    assert_eq!(get_from(port, "two.test", "/").await.1, "two");
    let refused = builder("key of nobody").connect().await.err().unwrap();
    assert_eq!((refused.code(), refused.is_retryable()), ("wrong-key", false));
}

#[tokio::test]
async fn a_gateway_can_do_without_keys() {
    let gateway = Gateway::builder().authenticator(NoKeys).build().unwrap();
    let port = serve(Router::new().fallback_service(gateway.into_service())).await;
    let refused =
        Tunnel::builder().gateway(format!("ws://127.0.0.1:{port}/tunnel")).api_key("some key").connect().await;
    assert_eq!(refused.err().unwrap().code(), "wrong-key");
}

#[tokio::test(start_paused = true)]
async fn a_service_checks_heads_that_its_server_let_through() {
    // R01, R07, R08
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    tunnel.serve("app.test", naming("fine")).await.unwrap();
    let ask = |change: fn(http::request::Builder) -> http::request::Builder| {
        let mut service = world.gateway().clone().into_service();
        let request = change(http::Request::builder().uri("http://app.test/")).body(String::new()).unwrap();
        async move { service.call(request).await.unwrap().status().as_u16() }
    };
    assert_eq!(ask(|request| request).await, 200);
    assert_eq!(ask(|request| request.header("host", "app.test").header("host", "other.test")).await, 400);
    assert_eq!(ask(|request| request.header("host", "other.test")).await, 400, "the target names another host");
    assert_eq!(ask(|request| request.header("transfer-encoding", "chunked, chunked")).await, 400);
    assert_eq!(ask(|request| request.header("content-length", "0").header("transfer-encoding", "chunked")).await, 400);
    assert_eq!(ask(|request| request.method("TRACE")).await, 405);
}

#[test]
fn settings_that_cannot_be_are_named() {
    let built = |builder: octoporty_server::GatewayBuilder| builder.build().err().unwrap().to_string();
    assert_eq!(built(Gateway::builder()), "a gateway needs an api_key or an authenticator");
    assert!(built(Gateway::builder().api_key(KEY).authenticator(TwoKeys)).contains("not both"));
    assert!(built(Gateway::builder().api_key("short")).contains("at least 32"));
    let share = built(Gateway::builder().api_key(KEY).share_domain("share.test".parse().unwrap()));
    assert!(share.contains("must be a wildcard"), "{share}");
}
