//! HTTP/1.1: framing both ways, early answers, and what happens when somebody leaves.

use http::{HeaderMap, HeaderValue, Method};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::harness::{TestClient, TestUpstream, eventually, fed_body, get, ok, request, soon, text};
use crate::upstream::{Scheme, UpstreamError, UpstreamTarget};

#[tokio::test]
async fn target_bytes_and_fields_go_through_unchanged() {
    // R18
    let upstream = TestUpstream::answering(|_, head| ok(head)).await;
    let client = TestClient::new();
    let seen = client.text(&upstream.target(), "/a/../%2e%2E//b?x=%7e&y=|").await;
    assert_eq!(seen, "GET /a/../%2e%2E//b?x=%7e&y=| HTTP/1.1\r\nhost: app.example.com\r\n\r\n");
}

#[tokio::test]
async fn redirects_cookies_and_codings_are_left_alone() {
    // R34
    let upstream = TestUpstream::answering(|number, head| {
        assert!(!head.contains("cookie") && !head.contains("accept-encoding"));
        format!(
            "HTTP/1.1 302 Found\r\nLocation: /{number}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
             Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nraw"
        )
        .into_bytes()
    })
    .await;
    let client = TestClient::new();
    for _ in 0..2 {
        let answer = client.get(&upstream.target(), "/").await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (302, &HeaderValue::from_static("/1")));
        assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(text(answer).await.unwrap(), "raw");
    }
}

#[tokio::test]
async fn chunked_answer_keeps_its_trailers() {
    let upstream = TestUpstream::answering(|_, _| {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n\
          5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n"
            .to_vec()
    })
    .await;
    let client = TestClient::new();
    for _ in 0..2 {
        let answer = client.get(&upstream.target(), "/").await.unwrap();
        let body = soon(answer.into_body().collect()).await.unwrap();
        assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
        assert_eq!(body.to_bytes(), "hello");
    }
    assert_eq!(upstream.accepted(), 1);
}

#[tokio::test]
async fn answer_until_close_is_whole() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        peer.head().await;
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nall of it").await;
    })
    .await;
    let client = TestClient::new();
    assert_eq!(client.text(&upstream.target(), "/").await, "all of it");
    eventually(|| client.client.pooled() == 0).await;
}

#[tokio::test]
async fn cut_answer_is_an_error() {
    // R16
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let upstream = TestUpstream::start(move |_, mut peer| async move {
            peer.head().await;
            peer.send(answer.as_bytes()).await;
        })
        .await;
        let answer = TestClient::new().get(&upstream.target(), "/").await.unwrap();
        assert!(matches!(text(answer).await, Err(UpstreamError::AnswerBody { .. })));
    }
}

#[tokio::test]
async fn body_of_unknown_length_is_chunked_with_trailers() {
    for method in [Method::POST, Method::GET] {
        let upstream = TestUpstream::start(|_, mut peer| async move {
            let head = peer.head().await.unwrap();
            assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
            let body = peer.until(b"\r\n\r\n").await.unwrap();
            peer.send(&ok(body)).await;
            peer.gone().await;
        })
        .await;
        let (feeder, body) = fed_body();
        let mut request = request(method, "/", body);
        request.headers_mut().insert("trailer", HeaderValue::from_static("x-sum"));
        let feed = async move {
            feeder.data("hello").await;
            let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]);
            feeder.frames.send(Ok(Frame::trailers(trailers))).await.unwrap();
        };
        let client = TestClient::new();
        let target = upstream.target();
        let (answer, ()) = tokio::join!(soon(client.client.send(&target, request)), feed);
        assert_eq!(text(answer.unwrap()).await.unwrap(), "5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n");
        assert_eq!(client.client.pooled(), 1);
    }
}

#[tokio::test]
async fn early_answer_ends_the_upload() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        peer.head().await;
        peer.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n\r\ntoo big").await;
        peer.gone().await;
    })
    .await;
    let client = TestClient::new();
    let (feeder, body) = fed_body();
    let answer = soon(client.client.send(&upstream.target(), request(Method::POST, "/", body))).await.unwrap();
    assert_eq!(answer.status().as_u16(), 413);
    feeder.data("the answer is here, its body is not read: the upload goes on").await;
    assert_eq!(text(answer).await.unwrap(), "too big");
    feeder.was_dropped().await;
    assert_eq!(client.client.pooled(), 0);
}

#[tokio::test]
async fn failing_request_body_is_not_the_upstreams_fault() {
    let upstream = TestUpstream::start(|_, mut peer| async move { peer.gone().await }).await;
    let (feeder, body) = fed_body();
    feeder.frames.send(Err(std::io::Error::other("the visitor left"))).await.unwrap();
    let (client, target) = (TestClient::new(), upstream.target());
    let sent = client.client.send(&target, request(Method::POST, "/", body));
    assert!(matches!(soon(sent).await, Err(UpstreamError::RequestBody { .. })));
}

/// An upstream that says when its client has gone, after sending `start`.
async fn watching(start: &'static [u8]) -> (TestUpstream, mpsc::Receiver<&'static str>) {
    let (events, seen) = mpsc::channel(4);
    let upstream = TestUpstream::start(move |_, mut peer| {
        let events = events.clone();
        async move {
            peer.head().await;
            events.send("head").await.unwrap();
            peer.send(start).await;
            peer.gone().await;
            events.send("gone").await.unwrap();
        }
    })
    .await;
    (upstream, seen)
}

#[tokio::test]
async fn dropping_the_future_closes_the_connection() {
    let (upstream, mut seen) = watching(b"").await;
    let client = TestClient::new();
    let target = upstream.target();
    tokio::select! {
        _ = client.client.send(&target, get("/")) => panic!("there is no answer"),
        event = soon(seen.recv()) => assert_eq!(event, Some("head")),
    }
    assert_eq!(soon(seen.recv()).await, Some("gone"));
}

#[tokio::test]
async fn dropping_the_body_closes_the_connection() {
    let (upstream, mut seen) = watching(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n").await;
    let client = TestClient::new();
    let mut answer = client.get(&upstream.target(), "/").await.unwrap();
    assert!(soon(answer.body_mut().frame()).await.unwrap().unwrap().is_data());
    assert_eq!(seen.recv().await, Some("head"));
    drop(answer);
    assert_eq!(soon(seen.recv()).await, Some("gone"));
}

/// The upload is stuck in a full socket then, so nothing but the drop itself can wake its connection.
#[tokio::test]
async fn dropping_the_future_ends_a_stuck_upload() {
    let upstream = TestUpstream::start(|_, peer| async move {
        let _unread = peer;
        std::future::pending::<()>().await;
    })
    .await;
    let client = TestClient::new();
    let (feeder, body) = fed_body();
    let target = upstream.target();
    let flood = async {
        let block = bytes::Bytes::from(vec![0; 1 << 20]);
        while tokio::time::timeout(
            std::time::Duration::from_millis(200),
            feeder.frames.send(Ok(Frame::data(block.clone()))),
        )
        .await
        .is_ok()
        {}
    };
    tokio::select! {
        _ = client.client.send(&target, request(Method::POST, "/", body)) => panic!("there is no answer"),
        () = soon(flood) => {}
    }
    feeder.was_dropped().await;
    eventually(|| client.tasks.is_empty()).await;
}

#[tokio::test]
async fn silent_upstream_is_a_timeout() {
    let (upstream, _seen) = watching(b"").await;
    let target = UpstreamTarget::builder(Scheme::Http, "127.0.0.1", upstream.port)
        .head_timeout(Some(std::time::Duration::from_millis(50)))
        .build()
        .unwrap();
    let error = TestClient::new().get(&target, "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::HeadTimeout { .. }) && error.is_timeout(), "{error}");
}

/// The upstream can not answer what it was not told yet.
#[tokio::test]
async fn head_timeout_waits_for_a_slow_body() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        peer.until(b"0\r\n\r\n").await;
        peer.send(&ok("done")).await;
    })
    .await;
    let target = UpstreamTarget::builder(Scheme::Http, "127.0.0.1", upstream.port)
        .head_timeout(Some(std::time::Duration::from_millis(20)))
        .build()
        .unwrap();
    let (feeder, body) = fed_body();
    let client = TestClient::new();
    let mut sent = std::pin::pin!(client.client.send(&target, request(Method::POST, "/", body)));
    // Several head timeouts pass while the body gives nothing.
    let patience = std::time::Duration::from_millis(150);
    assert!(tokio::time::timeout(patience, &mut sent).await.is_err());
    drop(feeder);
    assert_eq!(text(soon(sent).await.unwrap()).await.unwrap(), "done");
}

#[tokio::test]
async fn refused_connection_says_where() {
    let upstream = TestUpstream::answering(|_, _| ok("never")).await;
    let target = upstream.target();
    drop(upstream);
    let client = TestClient::new();
    let error = loop {
        // The listener closes with its task.
        match client.get(&target, "/").await {
            Err(error @ UpstreamError::Refused { .. }) => break error,
            _ => tokio::task::yield_now().await,
        }
    };
    assert!(error.is_unsent());
    assert!(error.to_string().contains("refused the connection; is the service running?"), "{error}");
}

#[tokio::test]
async fn size_of_an_answer_is_known() {
    let upstream = TestUpstream::answering(|_, _| ok("12345")).await;
    let answer = TestClient::new().get(&upstream.target(), "/").await.unwrap();
    assert_eq!(answer.body().size_hint().exact(), Some(5));
}
