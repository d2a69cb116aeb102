//! Caddy's admin API fails, is slow, or is somewhere else. No route is lost by it, and no visitor waits for it.

use octoporty_server::edge::{
    Desired, EdgeProxy as _,
    caddy::{AdminAddress, Caddy},
};
use octoporty_tests::{AdminFaults, ChaosProxy, TestAgent, TestCaddy, TestUpstream, Visitor, eventually, free_address};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{Front, has_routes, mapping, routes};
use crate::SOON;

/// Lets Caddy's admin API answer to the address of a stand-in too.
fn known_as(mut config: Value, caddy: &TestCaddy, other: std::net::SocketAddr) -> Value {
    config["admin"]["origins"] = json!([caddy.admin().to_string(), other.to_string()]);
    config
}

// R63
#[tokio::test]
async fn failed_request_removes_no_route() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    let faults = AdminFaults::start(caddy.admin()).unwrap();
    let config = known_as(caddy.config_with_routes(&json!([])), &caddy, faults.address());
    caddy.start(&config).await.unwrap();
    let front = Front::start(faults.address());
    let agent = TestAgent::builder(front.gateway.address()).mapping(mapping(1, "a.test", &upstream)).connect().await;
    has_routes(&caddy, &["ours a.test"]).await;

    for (status, wanted) in [(500, "b.test"), (503, "c.test"), (400, "d.test")] {
        let before = routes(&caddy, "srv0").await;
        let refused = faults.refused();
        faults.refuse_writes(status);
        agent.agent().replace_mappings(vec![mapping(2, wanted, &upstream)]);
        eventually(SOON, "it tries again and again", || faults.refused() > refused + 2).await;
        assert_eq!(routes(&caddy, "srv0").await, before, "{status}");
        faults.pass();
        has_routes(&caddy, &[&format!("ours {wanted}")]).await;
    }
}

#[tokio::test]
async fn admin_api_that_stalls_holds_nobody_up() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    let network = ChaosProxy::start(caddy.admin()).unwrap();
    let config = known_as(caddy.config_with_routes(&json!([])), &caddy, network.address());
    caddy.start(&config).await.unwrap();
    let front = Front::start(network.address());
    network.delay(std::time::Duration::from_millis(150));
    let agent = TestAgent::builder(front.gateway.address()).mapping(mapping(1, "a.test", &upstream)).connect().await;
    has_routes(&caddy, &["ours a.test"]).await;

    network.stall();
    agent.agent().replace_mappings(vec![mapping(1, "a.test", &upstream), mapping(2, "b.test", &upstream)]);
    eventually(SOON, "the gateway has the route", || front.gateway.gateway().routes() == 2).await;
    let mut visitor = Visitor::connect(front.gateway.address(), "b.test").await.unwrap();
    assert_eq!(visitor.get("/").await.unwrap().status(), 200);
    assert_eq!(routes(&caddy, "srv0").await, ["ours a.test"]);
    network.resume();
    has_routes(&caddy, &["ours a.test", "ours b.test"]).await;
}

// R63
#[tokio::test]
async fn public_address_is_not_dialled() {
    let caddy = Caddy::new(AdminAddress::Tcp { host: "192.0.2.1".to_owned(), port: 2019 }, "127.0.0.1:1");
    let error = caddy.config().await.unwrap_err();
    assert_eq!(
        (error.kind(), caddy.apply(&Desired::default()).await.unwrap_err().kind()),
        ("not-private", "not-private")
    );
}

#[tokio::test]
async fn nobody_there_is_told() {
    let at = free_address().unwrap();
    let nobody = AdminAddress::Tcp { host: at.ip().to_string(), port: at.port() };
    for address in [nobody, AdminAddress::Unix("/nowhere/caddy.sock".into())] {
        let error = Caddy::new(address, "127.0.0.1:1").config().await.unwrap_err();
        assert_eq!(error.kind(), "unreachable", "{error}");
    }
}

/// Answers one request with this head and body.
async fn answered_with(head: String, body: Vec<u8>) -> Result<Value, octoporty_server::edge::EdgeError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let at = listener.local_addr().expect("it listens");
    let caddy = Caddy::new(AdminAddress::Tcp { host: at.ip().to_string(), port: at.port() }, "127.0.0.1:1");
    let answer = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = vec![0; 4096];
        assert_ne!(stream.read(&mut request).await.expect("a request"), 0);
        stream.write_all(head.as_bytes()).await.ok();
        // It may leave half-way.
        stream.write_all(&body).await.ok();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        config = caddy.config() => config,
        () = answer => Ok(Value::Null),
    }
}

#[tokio::test]
async fn answers_are_bounded_and_checked() {
    const BYTES_MAX: usize = 8 << 20;
    let json_of = |bytes: usize| [b"\"", "x ".repeat(bytes / 2 - 1).as_bytes(), b"\""].concat();
    let head = |bytes: usize| format!("HTTP/1.1 200 OK\r\nEtag: \"/config/ 1\"\r\nContent-Length: {bytes}\r\n\r\n");
    assert!(answered_with(head(BYTES_MAX), json_of(BYTES_MAX)).await.is_ok());
    let large = json_of(BYTES_MAX + 2);
    let error = answered_with(head(large.len()), large).await.unwrap_err();
    assert_eq!(error.kind(), "too-large", "{error}");

    let error = answered_with(head(4), b"nul}".to_vec()).await.unwrap_err();
    assert_eq!(error.kind(), "not-understood", "{error}");
    let error = answered_with("SSH-2.0-OpenSSH_9\r\n".to_owned(), Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), "not-understood", "{error}");
    let refused = "HTTP/1.1 403 Forbidden\r\nContent-Length: 28\r\n\r\n{\"error\":\"host not allowed\"}";
    let error = answered_with(refused.to_owned(), Vec::new()).await.unwrap_err();
    assert!(error.to_string().contains("403"), "{error}");
}
