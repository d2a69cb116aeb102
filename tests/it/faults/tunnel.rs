//! The tunnel is cut, or goes silent: R30, R31.

use std::time::Duration;

use octoporty_client::ConnectionState;
use octoporty_tests::{Way, eventually, unique_tag};
use tokio::time::Instant;

use super::{Far, QUICK};
use crate::SOON;

// R31
#[tokio::test]
async fn requests_wait_for_a_tunnel_that_was_cut() {
    let far = Far::start().await;
    let mut visitor = far.visitor().await;
    visitor.get("/").await.unwrap();
    let before = far.agent.status();
    far.network.cut();
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201, "at once, whoever noticed yet");

    far.back_since(&before).await;
    far.network.refuse(true);
    far.network.cut();
    far.away().await;
    visitor.sender().send_request("POST", "/echo?tag=waits", &[], b"body").await.unwrap();
    let mut other = far.visitor().await;
    other.sender().send_request("GET", "/status/202", &[], b"").await.unwrap();
    far.agent.wait_for("a try that failed", SOON, |status| status.attempts > 1 && status.next_attempt.is_some()).await;
    far.network.refuse(false);
    far.hurry();
    let answer = visitor.answer("POST").await.unwrap();
    assert_eq!((answer.status(), &answer.json().unwrap()["body"]), (200, &"body".into()));
    assert_eq!(far.upstream.tagged("waits").len(), 1);
    assert_eq!(other.answer("GET").await.unwrap().status(), 202);
}

// R31
#[tokio::test]
async fn wait_ends_with_503_after_the_grace_period() {
    let far = Far::start_with(|gateway| gateway.grace_period(Duration::from_millis(300)), |agent| agent).await;
    let mut visitor = far.visitor().await;
    visitor.get("/").await.unwrap();
    far.network.refuse(true);
    far.network.cut();
    far.away().await;
    for path in ["/", "/health", "/tunnel"] {
        let answer = visitor.get(path).await.unwrap();
        assert_eq!(answer.status(), 503, "{path}: {answer:?}");
        let retry_after: u32 = answer.fields().only("retry-after").expect("Retry-After").parse().unwrap();
        assert!((1..=60).contains(&retry_after));
    }
    assert_eq!(far.upstream.requests(), 1);
    assert_eq!(far.agent.status().state, ConnectionState::Reconnecting);
    assert!(far.agent.status().last_error.is_some());
}

// R31
#[tokio::test]
async fn safe_request_in_flight_is_repeated() {
    let far = Far::start().await;
    let mut visitor = far.visitor().await;
    for method in ["GET", "HEAD", "OPTIONS"] {
        let (tag, before) = (unique_tag(), far.agent.status());
        visitor.sender().send_request(method, &format!("/gate?tag={tag}"), &[], b"").await.unwrap();
        far.upstream.wait_for(&tag, |_| true, SOON).await.unwrap();
        far.network.cut();
        far.upstream.wait_for(&tag, |record| record.gone.is_some(), SOON).await.unwrap();
        eventually(SOON, "it is repeated", || {
            far.hurry();
            far.upstream.tagged(&tag).len() == 2
        })
        .await;
        far.upstream.step(&tag);
        assert_eq!(visitor.answer(method).await.unwrap().status(), 200, "{method}");
        assert_eq!(far.upstream.tagged(&tag).len(), 2, "{method}");
        far.back_since(&before).await;
    }
}

// R31
#[tokio::test]
async fn other_requests_in_flight_are_502_and_never_executed_twice() {
    let far = Far::start().await;
    for (method, body) in [("POST", &b"body"[..]), ("POST", b""), ("PUT", b"body"), ("DELETE", b""), ("GET", b"body")] {
        let mut visitor = far.visitor().await;
        let tag = unique_tag();
        visitor.sender().send_request(method, &format!("/gate?tag={tag}"), &[], body).await.unwrap();
        far.upstream.wait_for(&tag, |_| true, SOON).await.unwrap();
        let before = far.agent.status();
        far.network.cut();
        let answer = visitor.answer(method).await.unwrap();
        assert_eq!(answer.status(), 502, "{method} {body:?}: {answer:?}");
        // The tunnel is back, and time for a second execution with it.
        far.back_since(&before).await;
        assert_eq!(far.visitor().await.get("/").await.unwrap().status(), 200);
        assert_eq!(far.upstream.tagged(&tag).len(), 1, "{method} {body:?}");
    }
}

// R31
#[tokio::test]
async fn request_whose_body_was_partly_sent_is_never_repeated() {
    let far = Far::start().await;
    for (method, framing, part) in [
        ("GET", ("Content-Length", "8"), "half"),
        ("GET", ("Transfer-Encoding", "chunked"), "4\r\nhalf\r\n"),
        ("POST", ("Content-Length", "8"), "half"),
    ] {
        let (mut visitor, tag, before) = (far.visitor().await, unique_tag(), far.agent.status());
        let sender = visitor.sender();
        sender.send_request(method, &format!("/echo?tag={tag}"), &[framing], part.as_bytes()).await.unwrap();
        far.upstream.wait_for(&tag, |record| record.body_bytes == 4, SOON).await.unwrap();
        far.network.cut();
        assert_eq!(visitor.answer(method).await.unwrap().status(), 502, "{method} {framing:?}");
        far.back_since(&before).await;
        assert_eq!(far.visitor().await.get("/").await.unwrap().status(), 200);
        assert_eq!(far.upstream.tagged(&tag).len(), 1, "{method} {framing:?}");
    }
}

// R31
#[tokio::test]
async fn answer_that_has_begun_is_cut_with_the_tunnel() {
    let far = Far::start().await;
    let mut visitor = far.visitor().await;
    visitor.sender().send_request("GET", "/stream?tag=begun", &[], b"").await.unwrap();
    assert_eq!(visitor.head("GET").await.unwrap().status, 200);
    visitor.part().await.unwrap().expect("a chunk");
    far.network.cut();
    let summary = visitor.summary().await;
    assert!(matches!(summary.end, octoporty_tests::BodyEnd::Bad(_)), "{summary:?}");
    far.upstream.wait_for("begun", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(far.upstream.tagged("begun").len(), 1);
}

#[tokio::test]
async fn websocket_ends_with_the_tunnel_at_both_ends() {
    let far = Far::start().await;
    let address = far.gateway.address();
    let mut socket =
        octoporty_tests::VisitorWebSocket::connect(address, octoporty_tests::HOST, "/ws?tag=ws").await.unwrap();
    socket.send("x").await.unwrap();
    socket.next().await.unwrap();
    far.network.cut();
    assert!(socket.next().await.is_err());
    far.upstream.wait_for("ws", |record| record.gone.is_some(), SOON).await.unwrap();
}

// R30
#[tokio::test]
async fn black_hole_is_found_at_both_ends() {
    for way in [None, Some(Way::Forward), Some(Way::Back)] {
        let far = Far::start_with(
            |gateway| gateway.heartbeat(QUICK.0, QUICK.1),
            |agent| agent.with(|agent| agent.heartbeat(QUICK.0, QUICK.1)),
        )
        .await;
        let mut posting = far.visitor().await;
        posting.sender().send_request("POST", "/gate?tag=hole", &[], b"").await.unwrap();
        far.upstream.wait_for("hole", |_| true, SOON).await.unwrap();
        let (begin, before) = (Instant::now(), far.agent.status());
        match way {
            None => far.network.stall(),
            Some(way) => far.network.stall_way(way),
        }
        // All streams of a dead tunnel fail at once.
        assert_eq!(posting.answer("POST").await.unwrap().status(), 502, "{way:?}");
        far.away().await;
        far.agent.lost(SOON).await;
        far.upstream.wait_for("hole", |record| record.gone.is_some(), SOON).await.unwrap();
        // In silence alone: with one way open, the other end says goodbye.
        assert!(way.is_some() || begin.elapsed() >= QUICK.1 - QUICK.0, "{:?}", begin.elapsed());
        far.network.resume();
        let mut visitor = far.visitor().await;
        visitor.sender().send_request("GET", "/status/201", &[], b"").await.unwrap();
        far.back_since(&before).await;
        assert_eq!(visitor.answer("GET").await.unwrap().status(), 201, "{way:?}");
    }
}

// R30
#[tokio::test]
async fn slow_and_far_link_is_not_taken_for_a_dead_one() {
    let far = Far::start_with(
        |gateway| gateway.heartbeat(QUICK.0, QUICK.1),
        |agent| agent.with(|agent| agent.heartbeat(QUICK.0, QUICK.1)),
    )
    .await;
    far.network.delay(Duration::from_millis(100));
    far.network.rate(200_000);
    let mut visitor = far.visitor().await;
    // Takes longer than the liveness timeout, and pings share the link with it.
    let answer = visitor.get("/big?n=600000").await.unwrap();
    assert_eq!((answer.body.len(), answer.is_complete()), (600_000, true));
    assert!(far.agent.status().last_disconnected.is_none());
    assert_eq!(far.network.counts().connections_total, 1);
}

#[tokio::test]
async fn cuts_at_any_byte_lose_no_request_that_may_be_repeated() {
    let far = Far::start().await;
    for round in 0..12_u64 {
        far.network.cut_after(1 + round * 137);
        let mut visitor = far.visitor().await;
        for index in 0..8 {
            let path = format!("/echo?round={round}&index={index}");
            visitor.sender().send_request("GET", &path, &[], b"").await.unwrap();
            let answered = visitor.answer("GET");
            tokio::pin!(answered);
            let answer = loop {
                match tokio::time::timeout(Duration::from_millis(100), &mut answered).await {
                    Ok(answer) => break answer.unwrap(),
                    Err(_elapsed) => far.hurry(),
                }
            };
            assert_eq!((answer.status(), answer.is_complete()), (200, true), "{path}: {answer:?}");
            assert_eq!(answer.json().unwrap()["line"], format!("GET {path} HTTP/1.1"), "an answer of another request");
        }
    }
}
