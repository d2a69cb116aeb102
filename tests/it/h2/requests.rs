//! Visitors with HTTP/2: exchanges, their fields, their hosts, their WebSockets (R19).

use http::{HeaderMap, HeaderValue, Method};
use octoporty_tests::{
    Anomaly, BodyProgress, H2Error, HOST, Visitor, VisitorH2, VisitorWebSocket, World, pattern, pattern_sha256,
};
use tungstenite::Message;

use super::WorldH2;
use crate::{SOON, echoed};

fn json(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).expect("an echo is JSON")
}

#[tokio::test]
async fn requests_and_bodies_pass_to_an_http_1_upstream() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    for bytes in [0, 1, 20_000, 1_000_000] {
        let answer = visitor.request(Method::POST, "/echo?q=%2F", &[("x-a", "1")], pattern(bytes)).await.unwrap();
        assert_eq!(answer.status, 200);
        let echo = json(&answer.body);
        assert_eq!(echo["line"], "POST /echo?q=%2F HTTP/1.1");
        assert_eq!(echo["body_sha256"], pattern_sha256(bytes.try_into().unwrap()));
        assert_eq!((echoed(&echo, "host"), echoed(&echo, "x-a")), (vec![HOST.to_owned()], vec!["1".to_owned()]));
        assert!(answer.fields.contains_key("x-octoporty-request-id"));
    }
    let answer = visitor.request(Method::HEAD, "/headsize", &[], "").await.unwrap();
    assert_eq!((answer.status, &answer.fields["content-length"]), (200, &HeaderValue::from_static("4321")));
    assert_eq!(visitor.get("/status/204").await.unwrap().status, 204);
    let answer = visitor.get("/big?n=3000000").await.unwrap();
    assert_eq!(answer.body, pattern(3_000_000));
    assert!(world.upstream.records().iter().all(|record| record.anomalies == Vec::<Anomaly>::new()));
}

#[tokio::test]
async fn streams_share_a_connection_without_waiting_for_each_other() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    let mut slow = visitor.open(Method::GET, "/gate?tag=slow", &[]).unwrap();
    slow.finish();
    world.upstream.wait_for("slow", |_| true, SOON).await.unwrap();
    for _ in 0..20 {
        assert_eq!(visitor.get("/status/201").await.unwrap().status, 201);
    }
    world.upstream.step("slow");
    assert_eq!(slow.collect().await.unwrap().status, 200);
}

// R17
#[tokio::test]
async fn cookies_are_joined_towards_http_1_and_set_cookies_are_not() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    let fields = [("cookie", "a=1"), ("x-other", "x"), ("cookie", "b=2"), ("cookie", "c=3")];
    let answer = visitor.request(Method::GET, "/echo", &fields, "").await.unwrap();
    assert_eq!(echoed(&json(&answer.body), "cookie"), ["a=1; b=2; c=3"]);
    let answer = visitor.get("/cookies").await.unwrap();
    assert_eq!(answer.fields.get_all("set-cookie").iter().count(), 3);
}

#[tokio::test]
async fn trailers_pass_both_ways() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    let answer = visitor.request(Method::GET, "/trailers", &[("te", "trailers")], "").await.unwrap();
    assert_eq!((&answer.body[..], answer.trailers["grpc-status"].to_str().unwrap()), (&b"hello"[..], "0"));

    let fields = [("trailer", "x-sum"), ("x-tag", "trailers")];
    let mut exchange = visitor.open(Method::POST, "/echo", &fields).unwrap();
    exchange.send("body").await.unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("abc"));
    // R05
    trailers.insert("authorization", HeaderValue::from_static("Basic eA=="));
    exchange.send_trailers(trailers).await.unwrap();
    assert_eq!(exchange.collect().await.unwrap().status, 200);
    let record = &world.upstream.tagged("trailers")[0];
    assert_eq!(record.trailers.iter().collect::<Vec<_>>(), [("x-sum", "abc")]);
}

#[tokio::test]
async fn hop_by_hop_fields_of_the_upstream_do_not_cross() {
    let world = World::start().await;
    let answer = world.visitor_h2().await.get("/hop").await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    for name in ["connection", "x-hop-secret", "keep-alive", "proxy-connection", "proxy-authenticate"] {
        assert!(!answer.fields.contains_key(name), "{name}");
    }
    assert_eq!(answer.fields["x-keep"], "yes");
}

// R19
#[tokio::test]
async fn authority_alone_decides() {
    let world = World::start().await;
    let address = world.gateway.address();
    let mut visitor = VisitorH2::connect(address, "unknown.example.test").await.unwrap();
    let fields = [("x-forwarded-host", HOST)];
    assert_eq!(visitor.request(Method::GET, "/", &fields, "").await.unwrap().status, 404);
    assert_eq!(visitor.request(Method::GET, "/", &[("host", HOST)], "").await.unwrap().status, 400);
    assert_eq!(world.upstream.requests(), 0);
    let mut visitor = VisitorH2::connect(address, "APP.example.test:8443").await.unwrap();
    assert_eq!(visitor.request(Method::GET, "/", &[("host", "app.example.test:8443")], "").await.unwrap().status, 200);
    assert_eq!(visitor.get("/health").await.unwrap().status, 200);
    assert_eq!(world.upstream.requests(), 2, "a mapped host owns every path");
}

// R07
#[tokio::test]
async fn methods_that_are_not_passed_on_are_refused() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    assert_eq!(visitor.request(Method::TRACE, "/", &[], "").await.unwrap().status, 405);
    let long = format!("/{}", "a".repeat(9_000));
    assert_eq!(visitor.get(&long).await.unwrap().status, 414);
    let error = visitor.extended_connect("other", "/", &[]).await.unwrap_err();
    assert!(matches!(error, H2Error::Refused(status) if status == 501), "{error}");
    assert_eq!(world.upstream.requests(), 0);
}

#[tokio::test]
async fn websocket_by_extended_connect_reaches_an_http_1_upstream() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    let fields = [("sec-websocket-protocol", "chat"), ("x-tag", "ws")];
    let stream = visitor.extended_connect("websocket", "/ws", &fields).await.unwrap();
    let mut socket = VisitorWebSocket::over(stream).await;
    let message = Message::Binary(pattern(100_000));
    socket.send(message.clone()).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), message);
    socket.close(4003, "bye").await.unwrap();
    assert_eq!(socket.next_close().await.unwrap(), Some((4003, "bye".to_owned())));
    let record = &world.upstream.tagged("ws")[0];
    assert_eq!((record.method.as_str(), record.fields.only("upgrade")), ("GET", Some("websocket")));
    assert_eq!(record.fields.only("sec-websocket-protocol"), Some("chat"));
    // The connection serves on.
    assert_eq!(visitor.get("/status/201").await.unwrap().status, 201);
    let error = visitor.extended_connect("websocket", "/ws/reject", &[]).await.unwrap_err();
    assert!(matches!(error, H2Error::Refused(status) if status == 403), "{error}");
}

#[tokio::test]
async fn cancelled_stream_reaches_the_upstream_and_spares_the_connection() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    let exchange = visitor.open(Method::GET, "/hang?tag=cancelled", &[]).unwrap();
    world.upstream.wait_for("cancelled", |_| true, SOON).await.unwrap();
    drop(exchange);
    world.upstream.wait_for("cancelled", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(visitor.get("/status/201").await.unwrap().status, 201);

    let mut exchange = visitor.open(Method::POST, "/echo?tag=aborted", &[]).unwrap();
    exchange.send("the beginning").await.unwrap();
    world.upstream.wait_for("aborted", |record| record.body_bytes > 0, SOON).await.unwrap();
    exchange.abort();
    let record = world.upstream.wait_for("aborted", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(record.body, BodyProgress::Broken);
    assert_eq!(visitor.get("/status/201").await.unwrap().status, 201);
}

// R16
#[tokio::test]
async fn answer_that_is_cut_is_a_reset() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    for path in ["/cut?ms=200", "/cut?ms=200&chunked"] {
        let exchange = visitor.open(Method::GET, path, &[]).unwrap();
        let answer = exchange.collect().await;
        assert!(answer.as_ref().is_err() || answer.as_ref().is_ok_and(|answer| answer.status == 502), "{answer:?}");
    }
    assert_eq!(visitor.get("/status/201").await.unwrap().status, 201);
}

#[tokio::test]
async fn http_1_visitors_reach_an_http_2_upstream() {
    let world = WorldH2::start().await;
    let mut visitor = Visitor::connect(world.gateway.address(), HOST).await.unwrap();
    let answer =
        visitor.request("PUT", "/p?q=%2F", &[("X-A", "1"), ("X-Tag", "one")], &pattern(300_000)).await.unwrap();
    assert_eq!(answer.status(), 200);
    let record = &world.upstream.tagged("one")[0];
    assert_eq!((record.method.as_str(), record.path.as_str()), ("PUT", "/p?q=%2F"));
    assert_eq!((record.authority.as_str(), record.body_sha256.as_str()), (HOST, pattern_sha256(300_000).as_str()));
    assert!(!record.fields.contains_key("connection") && !record.fields.contains_key("transfer-encoding"));
    // Trailers that no `Trailer` field announces do not pass to HTTP/1.1; the body does.
    let answer = visitor.request("GET", "/trailers", &[("TE", "trailers")], b"").await.unwrap();
    assert_eq!((answer.text(), answer.is_complete()), ("hello".to_owned(), true));
    // A service that speaks HTTP/2 alone takes no upgrade of HTTP/1.1.
    let error = VisitorWebSocket::connect(world.gateway.address(), HOST, "/ws").await.unwrap_err();
    assert_eq!(error.refused_with(), Some(502), "{error}");
}
