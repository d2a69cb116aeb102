//! The chaos proxy: each control does what it says, to connections that are open.

use std::time::Duration;

use octoporty_tests::{ChaosProxy, Gone, TestUpstream, Visitor, Way, within};
use tokio::time::Instant;

use super::SOON;

/// Long enough to see that nothing comes, short enough to wait for.
const A_WHILE: Duration = Duration::from_millis(50);

async fn chain() -> (TestUpstream, ChaosProxy, Visitor) {
    let upstream = TestUpstream::start().expect("a free port");
    let proxy = ChaosProxy::start(upstream.address()).expect("a free port");
    let visitor = Visitor::connect(proxy.address(), "h").await.expect("the proxy listens");
    (upstream, proxy, visitor)
}

#[tokio::test]
async fn moves_everything_and_counts_it() {
    let (upstream, proxy, mut visitor) = chain().await;
    let body = vec![1; 3 << 20];
    let answer = visitor.request("POST", "/echo", &[], &body).await.unwrap();
    assert_eq!(answer.json().unwrap()["body_bytes"], body.len());
    let counts = proxy.counts();
    assert!(counts.bytes_forward > 3 << 20 && counts.bytes_back > 0, "{counts:?}");
    assert_eq!((counts.connections_total, counts.connections_open), (1, 1));
    drop(visitor);
    proxy.wait_for(|counts| counts.connections_open == 0, SOON).await.unwrap();
    upstream.wait_for_connections(|_, open| open == 0, SOON).await.unwrap();
}

#[tokio::test]
async fn passes_half_closes_on() {
    let (_upstream, _proxy, mut visitor) = chain().await;
    visitor.send("GET /eofbody HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    visitor.sender().finish().await.unwrap();
    let answer = visitor.answer("GET").await.unwrap();
    assert_eq!(answer.text(), "read-until-close");
    assert!(answer.is_complete());
}

#[tokio::test]
async fn delay_holds_bytes_each_way() {
    let (_upstream, proxy, mut visitor) = chain().await;
    proxy.delay(A_WHILE);
    let start = Instant::now();
    visitor.get("/echo").await.unwrap();
    assert!(start.elapsed() >= 2 * A_WHILE, "{:?}", start.elapsed());
    proxy.delay(Duration::ZERO);
    visitor.get("/echo").await.unwrap();
}

#[tokio::test]
async fn rate_limits_bytes_per_second() {
    let (_upstream, proxy, mut visitor) = chain().await;
    visitor.get("/echo").await.unwrap();
    proxy.rate(100_000);
    let start = Instant::now();
    visitor.get("/big?n=20000").await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(150), "{:?}", start.elapsed());
    proxy.unlimited();
    let big = visitor.get("/big?n=2000000");
    assert!(within(SOON, "an unlimited answer", big).await.unwrap().is_complete());
}

#[tokio::test]
async fn stall_moves_nothing_and_resume_moves_all() {
    let (upstream, proxy, mut visitor) = chain().await;
    visitor.get("/echo").await.unwrap();
    proxy.stall();
    let send = visitor.sender().send_request("GET", "/echo?tag=x", &[], &[]);
    send.await.unwrap();
    let early = upstream.wait_for("x", |_| true, A_WHILE).await;
    assert!(early.is_err());
    // A new connection is accepted, and as silent.
    let mut second = Visitor::connect(proxy.address(), "h").await.unwrap();
    second.sender().send_request("GET", "/echo?tag=y", &[], &[]).await.unwrap();
    assert!(!second.closed_within(A_WHILE).await);
    proxy.resume();
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 200);
    upstream.wait_for("y", |_| true, SOON).await.unwrap();
}

#[tokio::test]
async fn stalled_way_leaves_the_other_alone() {
    let (upstream, proxy, mut visitor) = chain().await;
    proxy.stall_way(Way::Back);
    visitor.sender().send_request("GET", "/echo?tag=x", &[], &[]).await.unwrap();
    upstream.wait_for("x", |record| record.answered.is_some(), SOON).await.unwrap();
    assert_eq!(proxy.counts().bytes_back, 0);
    proxy.resume();
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 200);
}

#[tokio::test]
async fn stall_hides_that_a_side_has_gone() {
    let (upstream, proxy, mut visitor) = chain().await;
    visitor.get("/echo").await.unwrap();
    proxy.stall();
    visitor.reset().unwrap();
    let gone = upstream.wait_for_connections(|_, open| open == 0, A_WHILE).await;
    assert!(gone.is_err());
    proxy.resume();
    upstream.wait_for_connections(|_, open| open == 0, SOON).await.unwrap();
}

#[tokio::test]
async fn cut_resets_both_sides_even_while_stalled() {
    let (upstream, proxy, mut visitor) = chain().await;
    visitor.get("/echo?tag=x").await.unwrap();
    proxy.stall();
    proxy.cut();
    assert_eq!(visitor.gone_within(SOON).await, Some(Gone::Reset));
    let record = upstream.wait_for("x", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(record.gone.map(|(how, _)| how), Some(Gone::Reset));
    proxy.resume();
    let mut visitor = Visitor::connect(proxy.address(), "h").await.unwrap();
    assert_eq!(visitor.get("/echo").await.unwrap().status(), 200);
}

#[tokio::test]
async fn cut_after_delivers_exactly_so_many_bytes() {
    let (_upstream, proxy, mut visitor) = chain().await;
    proxy.cut_after(100_000);
    visitor.sender().send_request("GET", "/big?n=1000000", &[], &[]).await.unwrap();
    assert_eq!(visitor.gone_within(SOON).await, Some(Gone::Reset));
    proxy.wait_for(|counts| counts.connections_open == 0, SOON).await.unwrap();
    let counts = proxy.counts();
    assert_eq!(counts.bytes_forward + counts.bytes_back, 100_000);
    let mut visitor = Visitor::connect(proxy.address(), "h").await.unwrap();
    assert!(visitor.get("/big?n=1000000").await.unwrap().is_complete());
}

#[tokio::test]
async fn refuse_resets_new_connections_and_spares_open_ones() {
    let (_upstream, proxy, mut visitor) = chain().await;
    visitor.get("/echo").await.unwrap();
    proxy.refuse(true);
    let mut refused = Visitor::connect(proxy.address(), "h").await.unwrap();
    assert!(refused.closed_within(SOON).await);
    assert_eq!(proxy.counts().refused, 1);
    assert_eq!(visitor.get("/echo").await.unwrap().status(), 200);
    proxy.refuse(false);
    let mut visitor = Visitor::connect(proxy.address(), "h").await.unwrap();
    assert_eq!(visitor.get("/echo").await.unwrap().status(), 200);
}

#[tokio::test]
async fn reset_passes_through_as_a_reset() {
    let (upstream, _proxy, mut visitor) = chain().await;
    visitor.get("/echo?tag=x").await.unwrap();
    visitor.reset().unwrap();
    let record = upstream.wait_for("x", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(record.gone.map(|(how, _)| how), Some(Gone::Reset));
}
