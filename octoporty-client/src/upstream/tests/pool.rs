//! Reuse of connections: when, which one, and never at the price of a second execution.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use http::Method;
use http_body_util::{BodyExt, Empty};

use super::harness::{TestClient, TestUpstream, eventually, get, ok, post, request, soon, text};
use crate::upstream::UpstreamError;

#[tokio::test]
async fn connection_is_used_again() {
    let upstream = TestUpstream::answering(|number, _| ok(number.to_string())).await;
    let client = TestClient::new();
    for _ in 0..5 {
        assert_eq!(client.text(&upstream.target(), "/").await, "1");
    }
    assert_eq!((upstream.accepted(), client.client.pooled()), (1, 1));
}

#[tokio::test]
async fn connection_with_an_unread_answer_is_not_used_again() {
    let upstream = TestUpstream::answering(|number, _| ok(number.to_string())).await;
    let client = TestClient::new();
    let unread = client.get(&upstream.target(), "/").await.unwrap();
    assert_eq!(client.text(&upstream.target(), "/").await, "2");
    drop(unread);
}

#[tokio::test]
async fn connection_used_last_is_used_first() {
    let upstream = TestUpstream::answering(|number, _| ok(number.to_string())).await;
    let (client, target) = (TestClient::new(), upstream.target());
    let first = client.get(&target, "/").await.unwrap();
    let second = client.get(&target, "/").await.unwrap();
    assert_eq!(text(second).await.unwrap(), "2");
    assert_eq!(text(first).await.unwrap(), "1");
    assert_eq!(client.text(&target, "/").await, "1");
    assert_eq!(client.client.pooled(), 2);
}

#[tokio::test]
async fn answers_without_a_body_give_their_connection_back() {
    let upstream = TestUpstream::answering(|_, head| {
        let status = head.split(' ').nth(1).map(|path| path.trim_matches('/').to_owned());
        match status.as_deref() {
            Some("204") => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            Some("304") => b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n".to_vec(),
            _ => b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n".to_vec(),
        }
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    for (method, path) in [(Method::GET, "/204"), (Method::GET, "/304"), (Method::HEAD, "/200")] {
        let request = request(method, path, Empty::<bytes::Bytes>::new());
        let answer = soon(client.client.send(&target, request)).await.unwrap();
        assert!(http_body::Body::is_end_stream(answer.body()), "{path}");
        assert_eq!(text(answer).await.unwrap(), "");
    }
    assert_eq!(upstream.accepted(), 1);
}

#[tokio::test]
async fn stale_connection_is_replaced() {
    let upstream = TestUpstream::start(|number, mut peer| async move {
        peer.head().await;
        peer.send(&ok(number.to_string())).await;
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    assert_eq!(client.text(&target, "/").await, "1");
    eventually(|| client.client.pooled() == 0).await;
    assert_eq!(client.text(&target, "/").await, "2");
}

/// Connections that die at any moment cost a retry or an error, never a second execution.
#[tokio::test]
async fn request_that_may_have_been_seen_is_never_sent_again() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let upstream = TestUpstream::start(move |_, mut peer| {
        let seen = Arc::clone(&counter);
        async move {
            peer.head().await;
            peer.send(&ok("first")).await;
            if peer.head().await.is_some() {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    assert_eq!(client.text(&target, "/").await, "first");
    let error = soon(client.client.send(&target, post("/", "pay"))).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Reset { reused: true, .. }), "{error}");
    assert!(!error.is_unsent() && !error.is_timeout());
    assert_eq!((seen.load(Ordering::SeqCst), upstream.accepted()), (1, 1));
}

/// Connections that end right behind an answer race with the next request: sometimes it is found out in time and
/// another connection takes it, sometimes not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_close_never_executes_twice() {
    const ROUNDS: usize = 300;
    let seen = Arc::new(Mutex::new(vec![0; ROUNDS]));
    let counter = Arc::clone(&seen);
    let upstream = TestUpstream::start(move |_, mut peer| {
        let seen = Arc::clone(&counter);
        async move {
            if let Some(head) = peer.head().await {
                let id: usize = head.split(['/', ' ']).nth(2).and_then(|id| id.parse().ok()).unwrap();
                seen.lock().unwrap()[id] += 1;
                peer.send(&ok("done")).await;
            }
        }
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    for id in 0..ROUNDS {
        let request = request(Method::POST, &format!("/{id}"), Empty::<bytes::Bytes>::new());
        match soon(client.client.send(&target, request)).await {
            Ok(answer) => {
                assert_eq!(text(answer).await.unwrap(), "done");
                assert_eq!(seen.lock().unwrap()[id], 1);
            }
            Err(error) => {
                assert!(matches!(error, UpstreamError::Reset { reused: true, .. }), "{error}");
                assert!(seen.lock().unwrap()[id] <= 1);
            }
        }
    }
}

#[tokio::test]
async fn connection_close_is_heeded() {
    let upstream = TestUpstream::answering(|number, _| {
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n{number}").into_bytes()
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    assert_eq!(client.text(&target, "/").await, "1");
    assert_eq!(client.text(&target, "/").await, "2");
}

/// hyper would speak HTTP/1.0 on it from then on, and drop a body of unknown length.
#[tokio::test]
async fn connection_of_an_http_10_answer_is_not_used_again() {
    let upstream = TestUpstream::answering(|number, _| {
        format!("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n{number}").into_bytes()
    })
    .await;
    let (client, target) = (TestClient::new(), upstream.target());
    assert_eq!(client.text(&target, "/").await, "1");
    assert_eq!(client.text(&target, "/").await, "2");
}

#[tokio::test]
async fn idle_connection_is_closed_after_a_minute() {
    let upstream = TestUpstream::answering(|_, _| ok("x")).await;
    let client = TestClient::new();
    client.text(&upstream.target(), "/").await;
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(59)).await;
    assert_eq!(client.client.pooled(), 1);
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    while client.client.pooled() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn shutdown_ends_all_connections() {
    let upstream = TestUpstream::answering(|_, _| ok("x")).await;
    let (client, target) = (TestClient::new(), upstream.target());
    client.text(&target, "/").await;
    let open = client.client.send(&target, get("/")).await.unwrap();
    client.stop.cancel();
    client.tasks.close();
    soon(client.tasks.wait()).await;
    assert!(open.into_body().collect().await.is_ok() || client.client.pooled() == 0);
    let error = client.get(&target, "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::ShuttingDown), "{error}");
}

#[tokio::test]
async fn dropping_the_client_closes_what_is_idle() {
    let upstream = TestUpstream::answering(|_, _| ok("x")).await;
    let TestClient { client, stop: _stop, tasks } = TestClient::new();
    text(soon(client.send(&upstream.target(), get("/"))).await.unwrap()).await.unwrap();
    drop(client);
    tasks.close();
    soon(tasks.wait()).await;
}
