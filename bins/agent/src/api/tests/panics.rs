//! A request that panics.

use axum::{Router, middleware, routing::get};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{client::Browser, harness::TestApi};
use crate::api::{request_id, serve};

#[tokio::test]
async fn a_panic_costs_its_request_alone() {
    // R62, R57
    let api = TestApi::start().await;
    let state = api.state().clone();
    let router = Router::new()
        .route(
            "/panic",
            get(|| async {
                if true {
                    panic!("a secret of the inside")
                }
            }),
        )
        .route("/", get(|| async { "fine" }))
        .layer(middleware::from_fn_with_state(state.clone(), request_id::layer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    tasks.spawn(serve(listener, router, tasks.clone(), stop.clone()));
    let mut browser = Browser::new(address);
    let answer = browser.get("/panic").await;
    assert_eq!(answer.verdict(), (500, "internal-error".to_owned()));
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    assert_eq!(answer.json()["requestId"].as_str().unwrap().len(), 32);
    assert_eq!(browser.get("/").await.status, 200);
    assert_eq!(state.panics.load(std::sync::atomic::Ordering::Relaxed), 1);
    stop.cancel();
}
