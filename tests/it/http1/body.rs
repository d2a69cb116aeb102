//! Bodies: every framing, both ways, small and large, with trailers, and answered early.

use std::time::Duration;

use octoporty_tests::{Anomaly, BodyProgress, Framing, World, pattern, pattern_sha256};

use crate::SOON;

/// Larger than all windows and buffers on the way together.
const LARGE_BYTES: u64 = 64 << 20;

#[tokio::test]
async fn chunked_request_arrives_whole() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let body = pattern(200_000);
    let (sender, receiver) = visitor.halves();
    let fields = [("Transfer-Encoding", "chunked"), ("X-Tag", "chunked")];
    sender.send_request("POST", "/echo", &fields, b"").await.unwrap();
    for piece in body.chunks(7_001) {
        sender.send_chunk(piece).await.unwrap();
    }
    sender.send_last_chunk(&[]).await.unwrap();
    let echo = receiver.answer("POST").await.unwrap().json().unwrap();
    assert_eq!((&echo["body_bytes"], &echo["body_sha256"]), (&200_000.into(), &pattern_sha256(200_000).into()));
    let record = &world.upstream.tagged("chunked")[0];
    assert_eq!(record.fields.members("transfer-encoding"), ["chunked"]);
    assert_eq!(record.anomalies, Vec::<Anomaly>::new());
}

#[tokio::test]
async fn chunks_arrive_at_the_upstream_as_they_are_sent() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let sender = visitor.sender();
    sender.send_request("POST", "/echo?tag=live", &[("Transfer-Encoding", "chunked")], b"").await.unwrap();
    for sent in 1..=3 {
        sender.send_chunk(b"piece").await.unwrap();
        world.upstream.wait_for("live", |record| record.body_bytes == 5 * sent, SOON).await.unwrap();
    }
    sender.send_last_chunk(&[]).await.unwrap();
    assert_eq!(visitor.answer("POST").await.unwrap().status(), 200);
}

#[tokio::test]
async fn length_of_a_request_is_kept() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for bytes in [0, 1, 16 << 10, (16 << 10) + 1, 300_000] {
        let answer = visitor.request("PUT", "/echo?tag=length", &[], &pattern(bytes)).await.unwrap();
        assert_eq!(answer.json().unwrap()["body_sha256"], pattern_sha256(bytes.try_into().unwrap()));
        let record = world.upstream.tagged("length").pop().unwrap();
        assert_eq!(record.fields.only("content-length"), Some(bytes.to_string().as_str()));
        assert!(!record.fields.has("transfer-encoding"));
    }
}

#[tokio::test]
async fn chunked_answer_arrives_as_it_is_made() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.sender().send_request("GET", "/steps?n=3&tag=steps", &[], b"").await.unwrap();
    let head = visitor.head("GET").await.unwrap();
    assert_eq!(head.fields.members("transfer-encoding"), ["chunked"]);
    for index in 0..3 {
        world.upstream.step("steps");
        let part = visitor.part().await.unwrap().expect("a step");
        assert_eq!(part.bytes, format!("step {index}\n"));
    }
    assert!(visitor.part().await.unwrap().is_none());
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);
}

// R05
#[tokio::test]
async fn request_trailers_arrive_and_forbidden_ones_do_not() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let names = "X-Sum, Host, Content-Length, Authorization, X-Forwarded-For";
    let fields = [("Transfer-Encoding", "chunked"), ("Trailer", names), ("X-Tag", "trailers")];
    let sender = visitor.sender();
    sender.send_request("POST", "/echo", &fields, b"").await.unwrap();
    sender.send_chunk(b"body").await.unwrap();
    let trailers = [
        ("X-Sum", "abc"),
        ("Host", "evil.example"),
        ("Content-Length", "5"),
        ("Authorization", "Basic eA=="),
        ("X-Forwarded-For", "203.0.113.7"),
    ];
    sender.send_last_chunk(&trailers).await.unwrap();
    assert_eq!(visitor.answer("POST").await.unwrap().status(), 200);
    let record = &world.upstream.tagged("trailers")[0];
    assert_eq!(record.trailers.iter().collect::<Vec<_>>(), [("x-sum", "abc")]);
    assert!(!record.fields.has("x-sum"), "trailers are never merged into the head");
}

#[tokio::test]
async fn answer_trailers_arrive_where_they_are_wanted() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let answer = visitor.request("GET", "/trailers", &[("TE", "trailers")], b"").await.unwrap();
    assert_eq!((answer.text(), answer.is_complete()), ("hello".to_owned(), true));
    assert_eq!((answer.trailers.only("grpc-status"), answer.trailers.only("grpc-message")), (Some("0"), Some("fine")));
    let answer = visitor.get("/trailers").await.unwrap();
    assert_eq!((answer.text(), answer.is_complete()), ("hello".to_owned(), true));
}

#[tokio::test]
async fn answer_until_close_has_an_end_that_can_be_told() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for _ in 0..2 {
        let answer = visitor.get("/eofbody").await.unwrap();
        assert_eq!((answer.text(), answer.is_complete()), ("read-until-close".to_owned(), true));
        assert_ne!(answer.head.framing, Framing::UntilClose);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_upload_arrives_unchanged() {
    let world = World::start().await;
    let mut visitor = world.visitor().await.with_patience(Duration::from_secs(120));
    let body = pattern(usize::try_from(LARGE_BYTES).unwrap());
    let answer = visitor.request("POST", "/echo", &[], &body).await.unwrap();
    let echo = answer.json().unwrap();
    assert_eq!(echo["body_bytes"], LARGE_BYTES);
    assert_eq!(echo["body_sha256"], pattern_sha256(LARGE_BYTES));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_download_arrives_unchanged() {
    let world = World::start().await;
    let mut visitor = world.visitor().await.with_patience(Duration::from_secs(120));
    let path = format!("/big?n={LARGE_BYTES}");
    visitor.sender().send_request("GET", &path, &[], b"").await.unwrap();
    let head = visitor.head("GET").await.unwrap();
    assert_eq!(head.fields.only("content-length"), Some(LARGE_BYTES.to_string().as_str()));
    let summary = visitor.summary().await;
    assert_eq!((summary.bytes, summary.sha256), (LARGE_BYTES, pattern_sha256(LARGE_BYTES)));
}

// R06
#[tokio::test]
async fn early_answer_comes_while_the_upload_goes_on() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let sender = visitor.sender();
    sender.send_request("POST", "/early?tag=early", &[("Content-Length", "100000000")], b"").await.unwrap();
    sender.send(vec![b'x'; 1000]).await.unwrap();
    let answer = visitor.answer("POST").await.unwrap();
    assert_eq!((answer.status(), answer.text(), answer.is_complete()), (413, "too big".to_owned(), true));
    // The rest of the body will never come, so this connection cannot go on.
    assert!(visitor.closed_within(SOON).await);
    world.upstream.wait_for("early", |record| record.gone.is_some(), SOON).await.unwrap();
}

#[tokio::test]
async fn early_answer_to_a_fast_upload_is_not_lost() {
    let world = World::start().await;
    let body = pattern(8 << 20);
    for _ in 0..5 {
        let mut visitor = world.visitor().await;
        let answer = visitor.request("POST", "/early", &[], &body).await.unwrap();
        assert_eq!((answer.status(), answer.text()), (413, "too big".to_owned()));
    }
}

#[tokio::test]
async fn upload_that_is_cut_does_not_look_complete_to_the_upstream() {
    let world = World::start().await;
    for framing in [("Content-Length", "1000"), ("Transfer-Encoding", "chunked")] {
        let mut visitor = world.visitor().await;
        let tag = framing.0;
        let sender = visitor.sender();
        sender.send_request("POST", "/echo", &[framing, ("X-Tag", tag)], b"").await.unwrap();
        sender.send_chunk(b"the beginning").await.unwrap();
        world.upstream.wait_for(tag, |record| record.body_bytes > 0, SOON).await.unwrap();
        drop(visitor);
        let record = world.upstream.wait_for(tag, |record| record.gone.is_some(), SOON).await.unwrap();
        assert_eq!(record.body, BodyProgress::Broken, "{tag}");
    }
}
