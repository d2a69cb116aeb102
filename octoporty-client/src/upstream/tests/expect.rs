//! `Expect: 100-continue` and other interim answers: decided by the upstream.

use std::sync::{Arc, Mutex};

use http::{HeaderValue, Method, Request, StatusCode};

use super::harness::{FedBody, Feeder, TestClient, TestUpstream, eventually, fed_body, get, ok, request, soon, text};

fn expecting() -> (Feeder, Request<FedBody>) {
    let (feeder, body) = fed_body();
    let mut request = request(Method::POST, "/", body);
    request.headers_mut().insert("expect", HeaderValue::from_static("100-continue"));
    (feeder, request)
}

// R17
#[tokio::test]
async fn body_waits_for_100() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        let head = peer.head().await.unwrap();
        assert!(head.contains("expect: 100-continue\r\n"));
        let mut byte = [0; 1];
        assert!(peer.tcp.try_read(&mut byte).is_err(), "the body came unasked");
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        let body = peer.until(b"0\r\n\r\n").await.unwrap();
        peer.send(&ok(body)).await;
        peer.gone().await;
    })
    .await;
    let (feeder, request) = expecting();
    feeder.data("hello").await;
    drop(feeder);
    let client = TestClient::new();
    let answer = soon(client.client.send(&upstream.target(), request)).await.unwrap();
    assert_eq!(text(answer).await.unwrap(), "5\r\nhello\r\n0\r\n\r\n");
    assert_eq!(client.client.pooled(), 1);
}

#[tokio::test]
async fn body_is_never_sent_after_a_refusal() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        peer.head().await;
        peer.send(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno").await;
        assert_eq!(peer.until(b"\n").await, None, "a byte of the body came");
    })
    .await;
    let (feeder, request) = expecting();
    let client = TestClient::new();
    let answer = soon(client.client.send(&upstream.target(), request)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::EXPECTATION_FAILED);
    feeder.data("the channel has room for one").await;
    assert_eq!(text(answer).await.unwrap(), "no");
    feeder.was_dropped().await;
    assert_eq!(client.client.pooled(), 0);
}

#[tokio::test]
async fn body_goes_ahead_when_no_100_comes() {
    let (heads, mut head_seen) = tokio::sync::mpsc::channel(1);
    let upstream = TestUpstream::start(move |_, mut peer| {
        let heads = heads.clone();
        async move {
            peer.head().await;
            heads.send(()).await.unwrap();
            let body = peer.until(b"0\r\n\r\n").await.unwrap();
            peer.send(&ok(body)).await;
        }
    })
    .await;
    let (feeder, request) = expecting();
    feeder.data("hello").await;
    drop(feeder);
    let (client, target) = (TestClient::new(), upstream.target());
    let mut sent = std::pin::pin!(client.client.send(&target, request));
    tokio::select! {
        _ = &mut sent => panic!("there is no answer yet"),
        _ = head_seen.recv() => tokio::time::pause(),
    }
    // Virtual time passes by itself once everybody waits.
    let answer = sent.await.unwrap();
    tokio::time::resume();
    assert_eq!(text(answer).await.unwrap(), "5\r\nhello\r\n0\r\n\r\n");
}

#[tokio::test]
async fn interim_answers_are_shown_in_order() {
    let upstream = TestUpstream::answering(|_, _| {
        let mut answers = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n\
                            HTTP/1.1 102 Processing\r\n\r\n"
            .to_vec();
        answers.extend(ok("final"));
        answers
    })
    .await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let shown = Arc::clone(&seen);
    let (client, target) = (TestClient::new(), upstream.target());
    let answer = client.client.send_with_informational(&target, get("/"), move |status, fields| {
        shown.lock().unwrap().push((status.as_u16(), fields.contains_key("link")));
    });
    assert_eq!(text(soon(answer).await.unwrap()).await.unwrap(), "final");
    assert_eq!(*seen.lock().unwrap(), [(103, true), (102, false)]);
    eventually(|| client.client.pooled() == 1).await;
}
