//! What visitors do, through Caddy's HTTPS, the Gateway and an Agent to a service.

use std::time::Duration;

use http::Method;
use octoporty_client::upstream::{Scheme, UpstreamProtocol};
use octoporty_tests::{
    GrpcVisitor, HOST, TestAgent, TestCaddy, TestUpstream, TestUpstreamH2, Visitor, VisitorH2, VisitorWebSocket,
    mapping_to, pattern, pattern_sha256,
};
use serde_json::json;
use tungstenite::Message;

use super::{Front, door, has_routes};
use crate::{SOON, echoed};

/// How long to look for an offer that is not there, behind an answer that came after it would have.
const OFFER_PATIENCE: Duration = Duration::from_millis(500);

/// Caddy, Gateway, Agent and service, with [`HOST`] mapped and its route in Caddy.
struct Way {
    caddy: TestCaddy,
    front: Front,
    agent: TestAgent,
    upstream: TestUpstream,
}

impl Way {
    /// `None` where no Caddy is installed.
    async fn start() -> Option<Self> {
        Some(Self::start_with(TestCaddy::find()?).await)
    }

    async fn start_with(mut caddy: TestCaddy) -> Self {
        let upstream = TestUpstream::start().expect("a free port");
        caddy.start(&caddy.config_with_routes(&json!([]))).await.expect("caddy starts");
        let front = Front::start(caddy.admin());
        let agent = front.agent(HOST, &upstream).await;
        has_routes(&caddy, &[&format!("ours {HOST}")]).await;
        Self { caddy, front, agent, upstream }
    }
}

#[tokio::test]
async fn http_1_visitors() {
    let Some(way) = Way::start().await else { return };
    let door = door(&way.caddy, HOST, "http/1.1").await;
    let mut visitor = Visitor::connect(door.address(), HOST).await.unwrap();
    for bytes in [0, 1, 20_000, 1_000_000] {
        let answer = visitor.request("POST", "/echo?q=%2F", &[("X-A", "1")], &pattern(bytes)).await.unwrap();
        let echo = answer.json().unwrap();
        assert_eq!(echo["body_sha256"], pattern_sha256(bytes.try_into().unwrap()));
        assert_eq!(echo["line"], "POST /echo?q=%2F HTTP/1.1");
        assert_eq!(echoed(&echo, "host"), [HOST]);
        assert_eq!(echoed(&echo, "x-forwarded-proto"), ["https"]);
        assert_eq!(echoed(&echo, "x-real-ip"), ["127.0.0.1"]);
    }
    assert_eq!(visitor.get("/big?n=3000000").await.unwrap().body, pattern(3_000_000));
    assert_eq!(visitor.get("/status/204").await.unwrap().status(), 204);
    // A domain that nobody mapped is none of ours, even on this connection.
    let answer = visitor.request("GET", "/", &[("Host", "unknown.example.test")], b"").await.unwrap();
    assert!(!answer.fields().iter().any(|(name, _)| name.eq_ignore_ascii_case("x-octoporty-request-id")), "{answer:?}");
}

#[tokio::test]
async fn http_2_visitors() {
    let Some(way) = Way::start().await else { return };
    let door = door(&way.caddy, HOST, "h2").await;
    let mut visitor = VisitorH2::connect(door.address(), HOST).await.unwrap().with_https();
    let answer = visitor.request(Method::POST, "/echo", &[("x-a", "1")], pattern(300_000)).await.unwrap();
    let echo: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &echo["body_sha256"]), (200, &json!(pattern_sha256(300_000))));
    assert_eq!(echoed(&echo, "x-forwarded-proto"), ["https"]);
    let answer = visitor.request(Method::GET, "/trailers", &[("te", "trailers")], "").await.unwrap();
    assert_eq!((&answer.body[..], answer.trailers["grpc-status"].to_str().unwrap()), (&b"hello"[..], "0"));
    assert_eq!(visitor.get("/big?n=3000000").await.unwrap().body, pattern(3_000_000));
}

#[tokio::test]
async fn pieces_of_an_answer_pass_one_by_one() {
    let Some(way) = Way::start().await else { return };
    let plain = door(&way.caddy, HOST, "http/1.1").await;
    let mut visitor = Visitor::connect(plain.address(), HOST).await.unwrap();
    visitor.sender().send_request("GET", "/steps?n=4&tag=one", &[], b"").await.unwrap();
    assert_eq!(visitor.head("GET").await.unwrap().status, 200);
    let tls = door(&way.caddy, HOST, "h2").await;
    let mut visitor_h2 = VisitorH2::connect(tls.address(), HOST).await.unwrap().with_https();
    let mut exchange = visitor_h2.open(Method::GET, "/steps?n=4&tag=two", &[]).unwrap();
    exchange.finish();
    assert_eq!(exchange.head().await.unwrap().status, 200);
    for index in 0..4 {
        // Each piece is sent only once the one before has arrived.
        way.upstream.step("one");
        let part = visitor.part().await.unwrap().expect("a piece");
        assert_eq!(part.bytes, format!("step {index}\n"));
        way.upstream.step("two");
        assert_eq!(exchange.part().await.unwrap().expect("a piece"), format!("step {index}\n"));
    }
    // Half of an answer with a length, and a long pause.
    let mut visitor = Visitor::connect(plain.address(), HOST).await.unwrap();
    visitor.sender().send_request("GET", "/cut?ms=60000", &[], b"").await.unwrap();
    assert_eq!(visitor.head("GET").await.unwrap().fields.only("content-length"), Some("1000"));
    assert_eq!(visitor.part().await.unwrap().expect("the first half").bytes.len(), 500);
}

#[tokio::test]
async fn visitor_that_leaves_is_seen_by_the_service() {
    let Some(way) = Way::start().await else { return };
    let plain = door(&way.caddy, HOST, "http/1.1").await;
    let tls = door(&way.caddy, HOST, "h2").await;
    // Before an answer, and in the midst of one.
    for path in ["/hang", "/stream"] {
        let [one, two] = ["http1", "h2"].map(|version| format!("{version} {path}"));
        let mut visitor = Visitor::connect(plain.address(), HOST).await.unwrap();
        visitor.sender().send_request("GET", path, &[("X-Tag", &one)], b"").await.unwrap();
        way.upstream.wait_for(&one, |_| true, SOON).await.unwrap();
        drop(visitor);
        way.upstream.wait_for(&one, |record| record.gone.is_some(), SOON).await.unwrap();

        let mut visitor = VisitorH2::connect(tls.address(), HOST).await.unwrap().with_https();
        let exchange = visitor.open(Method::GET, path, &[("x-tag", &two)]).unwrap();
        way.upstream.wait_for(&two, |_| true, SOON).await.unwrap();
        drop(exchange);
        way.upstream.wait_for(&two, |record| record.gone.is_some(), SOON).await.unwrap();
    }
}

#[tokio::test]
async fn websockets_pass_and_outlive_changes_of_the_routes() {
    let Some(way) = Way::start().await else { return };
    let door = door(&way.caddy, HOST, "http/1.1").await;
    let mut socket = VisitorWebSocket::connect(door.address(), HOST, "/ws").await.unwrap();
    let message = Message::Binary(pattern(100_000));
    socket.send(message.clone()).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), message);

    if !way.caddy.is_at_least(2, 7).await.unwrap() {
        return;
    }
    let upstream = way.upstream.address();
    way.agent.agent().replace_mappings(vec![
        octoporty_tests::mapping(HOST, upstream),
        octoporty_tests::mapping("second.example.test", upstream),
    ]);
    has_routes(&way.caddy, &[&format!("ours {HOST}"), "ours second.example.test"]).await;
    socket.send(message.clone()).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), message);
    socket.close(4003, "bye").await.unwrap();
    assert_eq!(socket.next_close().await.unwrap(), Some((4003, "bye".to_owned())));
    assert_eq!(way.front.gateway.gateway().routes(), 2);
}

#[tokio::test]
async fn websockets_by_http_2_are_a_switch_of_caddys() {
    let Some(caddy) = TestCaddy::find() else { return };
    // Streams outlive changes since 2.7, and WebSockets by HTTP/2 are newer still.
    if !caddy.is_at_least(2, 7).await.unwrap() {
        return;
    }
    let way = Way::start_with(caddy).await;
    let tls = door(&way.caddy, HOST, "h2").await;
    let mut visitor = VisitorH2::connect(tls.address(), HOST).await.unwrap().with_https();
    // Caddy does not offer extended CONNECT, so browsers open a connection of HTTP/1.1 for each WebSocket.
    assert_eq!(visitor.request(Method::GET, "/status/201", &[], "").await.unwrap().status, 201);
    let offered = tokio::time::timeout(OFFER_PATIENCE, visitor.extended_connect("websocket", "/ws", &[])).await;
    assert!(offered.is_err(), "{:?}", offered.map(|outcome| outcome.map(|_stream| ())));
    drop(way);

    let caddy = TestCaddy::find().expect("it was there a moment ago").with_variable("GODEBUG", "http2xconnect=1");
    let way = Way::start_with(caddy).await;
    let tls = door(&way.caddy, HOST, "h2").await;
    let mut visitor = VisitorH2::connect(tls.address(), HOST).await.unwrap().with_https();
    let fields = [("sec-websocket-version", "13")];
    let stream = visitor.extended_connect("websocket", "/ws", &fields).await.unwrap();
    let mut socket = VisitorWebSocket::over(stream).await;
    let message = Message::Binary(pattern(100_000));
    socket.send(message.clone()).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), message);
    assert_eq!(visitor.request(Method::GET, "/status/201", &[], "").await.unwrap().status, 201);
    socket.close(4003, "bye").await.unwrap();
    assert_eq!(socket.next_close().await.unwrap(), Some((4003, "bye".to_owned())));
}

#[tokio::test]
async fn tunnel_through_caddy_outlives_changes_of_the_routes() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    if !caddy.is_at_least(2, 7).await.unwrap() {
        return;
    }
    let upstream = TestUpstream::start().unwrap();
    let front = Front::start(caddy.admin());
    let gateway = front.gateway.address().to_string();
    // The site of the Gateway itself, as docs/operations/caddy.md has it; for the certificate's name and any other.
    let to_gateway = json!({
        "handler": "reverse_proxy", "upstreams": [{ "dial": gateway }], "stream_close_delay": "8760h",
    });
    let named = json!({ "match": [{ "host": ["gateway.example.test"] }], "handle": [to_gateway], "terminal": true });
    let others = json!({ "handle": [to_gateway] });
    caddy.start(&caddy.config_with_routes(&json!([named, others]))).await.unwrap();
    let tunnel = door(&caddy, "gateway.example.test", "http/1.1").await;
    let mappings = |count: u32| {
        let domains = (0..count).map(|n| format!("app{n}.example.test"));
        domains.map(|domain| octoporty_tests::mapping(&domain, upstream.address())).collect::<Vec<_>>()
    };
    let builder = TestAgent::builder(tunnel.address());
    let agent = mappings(1).into_iter().fold(builder, octoporty_tests::TestAgentBuilder::mapping).connect().await;
    let connected = agent.status().last_connected;
    for count in 2..6 {
        agent.agent().replace_mappings(mappings(count));
        let ours: Vec<_> = (0..count).map(|n| format!("ours app{n}.example.test")).collect();
        let mut expected: Vec<&str> = vec!["gateway.example.test"];
        expected.extend(ours.iter().map(String::as_str));
        expected.push("*");
        has_routes(&caddy, &expected).await;
    }
    let visitors = door(&caddy, "app4.example.test", "http/1.1").await;
    let mut visitor = Visitor::connect(visitors.address(), "app4.example.test").await.unwrap();
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);
    assert_eq!(agent.status().last_connected, connected, "{:?}", agent.status());
}

#[tokio::test]
async fn grpc_passes_with_its_trailers() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstreamH2::start().unwrap();
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    let front = Front::start(caddy.admin());
    let port = upstream.address().port();
    let mapping = mapping_to(HOST, Scheme::Http, "127.0.0.1", port, |target| target.protocol(UpstreamProtocol::H2c));
    let _agent = TestAgent::builder(front.gateway.address()).mapping(mapping).connect().await;
    has_routes(&caddy, &[&format!("ours {HOST}")]).await;
    let door = door(&caddy, HOST, "h2").await;
    let mut visitor = GrpcVisitor::connect(door.address(), HOST).await.unwrap();

    let answer = visitor.unary("/echo.Echo/Unary", &vec![b'm'; 100_000]).await.unwrap();
    assert_eq!((answer.messages[0].len(), answer.status.code, answer.status.message.as_str()), (100_000, 0, "fine"));
    let mut call = visitor.call("/echo.Echo/Bidi", &[]).unwrap();
    for message in ["one", "", "three"] {
        call.send(message.as_bytes()).await.unwrap();
        assert_eq!(call.next().await.unwrap().unwrap(), message);
    }
    call.finish();
    assert_eq!(call.answer().await.unwrap().status.code, 0);
    let answer = visitor.unary("/echo.Echo/Fail", b"x").await.unwrap();
    assert_eq!((answer.status.code, answer.status.message.as_str()), (5, "no such thing"));
    // A caller that leaves is seen by the service.
    let mut call = visitor.call("/echo.Echo/Bidi?tag=leaves", &[]).unwrap();
    call.send(b"one").await.unwrap();
    call.next().await.unwrap();
    drop(call);
    upstream.wait_for("leaves", |record| record.gone.is_some(), SOON).await.unwrap();
}

#[tokio::test]
async fn names_of_any_depth_below_a_wildcard_pass() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    let front = Front::start(caddy.admin());
    let _agent = front.agent("*.example.test", &upstream).await;
    has_routes(&caddy, &["ours *.example.test"]).await;
    let door = door(&caddy, "one.example.test", "http/1.1").await;
    for (host, status) in [("one.example.test", 201), ("Two.one.example.test:443", 201), ("a.b.c.d.example.test", 201)]
    {
        let mut visitor = Visitor::connect(door.address(), host).await.unwrap();
        assert_eq!(visitor.get("/status/201").await.unwrap().status(), status, "{host}");
    }
    let before = upstream.requests();
    for host in ["example.test", "xexample.test", "one.example.test.evil"] {
        let mut visitor = Visitor::connect(door.address(), host).await.unwrap();
        visitor.get("/status/201").await.unwrap();
    }
    assert_eq!(upstream.requests(), before);
}
