//! Connections: kept alive, pipelined, closed when they must be, and HTTP/1.0.

use octoporty_tests::{Framing, HOST, World};

use crate::SOON;

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for index in 0..100 {
        let answer = visitor.get(&format!("/status/{}", 200 + index % 4)).await.unwrap();
        assert_eq!(answer.status(), 200 + index % 4);
    }
    // The Agent keeps its connections too.
    assert!(world.upstream.connections_total() <= 2, "{}", world.upstream.connections_total());
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let mut requests = String::new();
    for index in 0..10 {
        // The first takes longest, if any.
        let path = if index == 0 { "/hints?ms=50" } else { "/echo" };
        requests += &format!("POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 2\r\n\r\n0{index}");
    }
    visitor.send(requests).await.unwrap();
    for index in 0..10 {
        let echo = visitor.answer("POST").await.unwrap().json().unwrap();
        assert_eq!(echo["body"], format!("0{index}"));
    }
    assert!(visitor.receiver().leftover().is_empty());
}

#[tokio::test]
async fn connection_closes_when_the_visitor_says_so() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let answer = visitor.request("GET", "/echo", &[("Connection", "close")], b"").await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(visitor.closed_within(SOON).await);
}

#[tokio::test]
async fn upstream_that_closes_does_not_close_the_visitors_connection() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for _ in 0..5 {
        assert_eq!(visitor.get("/eofbody").await.unwrap().text(), "read-until-close");
    }
    for _ in 0..5 {
        visitor.get("/echo").await.unwrap();
        world.upstream.close_connections();
    }
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let world = World::start().await;
    for (path, body) in [("/status/201", "s201"), ("/trailers", "hello"), ("/eofbody", "read-until-close")] {
        let mut visitor = world.visitor().await;
        visitor.send(format!("GET {path} HTTP/1.0\r\nHost: {HOST}\r\n\r\n")).await.unwrap();
        let answer = visitor.answer("GET").await.unwrap();
        assert_eq!((answer.text(), answer.is_complete()), (body.to_owned(), true), "{path}");
        assert_ne!(answer.head.framing, Framing::Chunked, "{path}: HTTP/1.0 knows no chunks");
        assert!(visitor.closed_within(SOON).await);
    }
}

#[tokio::test]
async fn http_1_0_request_reaches_the_upstream_as_http_1_1() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let request = format!("POST /echo HTTP/1.0\r\nHost: {HOST}\r\nContent-Length: 4\r\n\r\nbody");
    visitor.send(request).await.unwrap();
    let echo = visitor.answer("POST").await.unwrap().json().unwrap();
    assert_eq!((&echo["line"], &echo["body"]), (&"POST /echo HTTP/1.1".into(), &"body".into()));
}

#[tokio::test]
async fn http_1_0_without_a_host_gets_the_landing_page() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.send("GET / HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 404);
    assert_eq!(world.upstream.requests(), 0);
}
