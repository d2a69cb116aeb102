//! Where plain exchanges meet others on one connection, and what the plain way does by itself.

use octoporty_tests::{Anomaly, World, pattern, pattern_sha256};

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
    let head = format!("GET /echo?tag=slow HTTP/1.1\r\nHost: {}\r\nX-Slow: yes\r\n\r\n", octoporty_tests::HOST);
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
