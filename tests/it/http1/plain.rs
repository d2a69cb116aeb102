//! Where plain exchanges meet others on one connection, and what the plain way does by itself.

use octoporty_tests::{Anomaly, HOST, TestAgent, TestGateway, Visitor, World, pattern, pattern_sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::SOON;

#[tokio::test]
async fn a_connection_goes_from_plain_requests_to_others_and_on() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for round in 0..3 {
        assert_eq!(visitor.get("/echo?tag=mixed").await.unwrap().status(), 200, "{round}");
    }
    let answer = visitor.request("PUT", "/echo?tag=mixed", &[], &pattern(100_000)).await.unwrap();
    assert_eq!(answer.json().unwrap()["body_sha256"], pattern_sha256(100_000));
    assert_eq!(visitor.get("/echo?tag=mixed").await.unwrap().status(), 200);
    let records = world.upstream.tagged("mixed");
    assert_eq!(records.len(), 5);
    assert!(records.iter().all(|record| record.anomalies == Vec::<Anomaly>::new()));
}

#[tokio::test]
async fn requests_that_were_sent_ahead_are_answered_in_order() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let (sender, receiver) = visitor.halves();
    // Plain ones, one with a body in the middle, and the last cut in two.
    sender.send_request("GET", "/echo?n=1", &[], b"").await.unwrap();
    sender.send_request("GET", "/echo?n=2", &[], b"").await.unwrap();
    sender.send_request("POST", "/echo?n=3", &[], b"body").await.unwrap();
    sender.send_request("GET", "/echo?n=4", &[], b"").await.unwrap();
    for (n, method) in [(1, "GET"), (2, "GET"), (3, "POST"), (4, "GET")] {
        let echo = receiver.answer(method).await.unwrap().json().unwrap();
        assert!(echo["line"].as_str().unwrap().contains(&format!("n={n} ")), "{echo}");
    }
}

#[tokio::test]
async fn a_head_that_comes_a_byte_at_a_time_is_as_good() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let head = format!("GET /echo?tag=slow HTTP/1.1\r\nHost: {HOST}\r\nX-Slow: yes\r\n\r\n");
    for byte in head.as_bytes() {
        visitor.send([*byte]).await.unwrap();
    }
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 200);
    assert_eq!(world.upstream.tagged("slow")[0].fields.only("x-slow"), Some("yes"));
}

#[tokio::test]
async fn an_upstream_that_ends_idle_connections_costs_no_request() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for _ in 0..20 {
        // The upstream closes its connection behind each answer, at about the time of the next request.
        let answer = visitor.request("GET", "/echo?tag=tired", &[], b"").await.unwrap();
        assert_eq!(answer.status(), 200);
        world.upstream.close_connections();
    }
    world.upstream.wait_for("tired", |_record| true, SOON).await.unwrap();
}

#[tokio::test]
async fn answer_and_body_pass_each_other() {
    // Far more than the windows and buffers of both directions hold.
    const BYTES: usize = 32 << 20;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = TestGateway::start().unwrap();
    let agent = TestAgent::builder(gateway.address()).map(HOST, listener.local_addr().unwrap()).connect().await;
    let mirror = async {
        let (mut tcp, _agent) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            assert_ne!(tcp.read_buf(&mut head).await.unwrap(), 0);
        }
        let at = head.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        tcp.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {BYTES}\r\n\r\n").as_bytes()).await.unwrap();
        tcp.write_all(&head[at..]).await.unwrap();
        let (mut body, mut answer) = tcp.split();
        let _all = tokio::io::copy(&mut body, &mut answer).await;
    };
    let mut visitor = Visitor::connect(gateway.address(), HOST).await.unwrap();
    let visit = async {
        let (sender, receiver) = visitor.halves();
        let length = BYTES.to_string();
        sender.send_request("POST", "/mirror", &[("Content-Length", &length)], b"").await.unwrap();
        let body = pattern(BYTES);
        let (sent, answer) = tokio::join!(sender.send(&body), receiver.answer("POST"));
        sent.unwrap();
        let answer = answer.unwrap();
        assert_eq!((answer.status(), answer.is_complete(), answer.body.len()), (200, true, BYTES));
        assert!(answer.body == body, "the answer is another body");
    };
    tokio::select! {
        () = visit => {}
        () = mirror => panic!("the upstream lost its connection first"),
    }
    drop(agent);
}
