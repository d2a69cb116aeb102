//! Stopping in good order: what is in flight finishes, what is idle ends.

use std::time::Duration;

use octoporty_client::ConnectionState;
use octoporty_tests::{HOST, TestAgent, Visitor, World, eventually_async};
use tokio::{net::TcpStream, time::Instant};

use crate::SOON;

/// How long an idle shutdown may take on a busy machine; the figure on an idle one is 1 s.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// Waits until the Gateway takes no connections.
async fn refuses(world: &World) {
    let address = world.gateway.address();
    eventually_async(SOON, "it takes no connections", || async { TcpStream::connect(address).await.is_err() }).await;
}

#[tokio::test]
async fn idle_gateway_stops_at_once() {
    let world = World::start().await;
    let mut kept_alive = world.visitor().await;
    kept_alive.get("/").await.unwrap();
    let mut never_used = world.visitor().await;
    let mut h2 = world.visitor_h2().await;
    h2.get("/").await.unwrap();
    let begin = Instant::now();
    let drained = world.gateway.shutdown(Duration::from_secs(60)).await;
    assert!(begin.elapsed() < IDLE_MAX, "{:?}", begin.elapsed());
    assert_eq!(drained.cut, 0);
    assert!(kept_alive.closed_within(SOON).await && never_used.closed_within(SOON).await);
    world.agent.wait_for("the agent is told", SOON, |status| status.state == ConnectionState::Reconnecting).await;
}

#[tokio::test]
async fn gateway_finishes_what_is_in_flight() {
    let world = World::start().await;
    let mut waiting = world.visitor().await;
    waiting.sender().send_request("GET", "/gate?tag=gate", &[], b"").await.unwrap();
    let mut streaming = world.visitor().await;
    streaming.sender().send_request("GET", "/steps?n=2&tag=steps", &[], b"").await.unwrap();
    assert_eq!(streaming.head("GET").await.unwrap().status, 200);
    let mut uploading = world.visitor().await;
    uploading.sender().send_request("POST", "/echo?tag=upload", &[("Content-Length", "8")], b"half").await.unwrap();
    for tag in ["gate", "upload"] {
        world.upstream.wait_for(tag, |_| true, SOON).await.unwrap();
    }
    let finishing = async {
        refuses(&world).await;
        world.upstream.step("gate");
        assert_eq!(waiting.answer("GET").await.unwrap().status(), 200);
        assert!(waiting.closed_within(SOON).await, "no second request on it");
        world.upstream.step("steps");
        world.upstream.step("steps");
        assert!(streaming.summary().await.bytes > 0);
        uploading.send("half").await.unwrap();
        assert_eq!(uploading.answer("POST").await.unwrap().json().unwrap()["body"], "halfhalf");
    };
    let (drained, ()) = tokio::join!(world.gateway.shutdown(Duration::from_secs(60)), finishing);
    assert_eq!(drained.cut, 0);
}

#[tokio::test]
async fn gateway_cuts_what_does_not_finish() {
    let world = World::start().await;
    let mut hanging = world.visitor().await;
    hanging.sender().send_request("GET", "/hang?tag=hang", &[], b"").await.unwrap();
    world.upstream.wait_for("hang", |_| true, SOON).await.unwrap();
    let mut socket = world.websocket("/ws?tag=ws").await.unwrap();
    let begin = Instant::now();
    let drained = world.gateway.shutdown(Duration::from_millis(300)).await;
    assert!(begin.elapsed() < IDLE_MAX, "{:?}", begin.elapsed());
    assert!(drained.cut > 0);
    assert!(hanging.closed_within(SOON).await);
    assert_eq!(socket.next_close().await.unwrap().map(|(code, _)| code), Some(1001), "going away");
    for tag in ["hang", "ws"] {
        world.upstream.wait_for(tag, |record| record.gone.is_some(), SOON).await.unwrap();
    }
}

#[tokio::test]
async fn idle_agent_stops_at_once() {
    let world = World::start_with(|gateway| gateway.grace_period(Duration::from_millis(100)), |agent| agent).await;
    let mut visitor = world.visitor().await;
    visitor.get("/").await.unwrap();
    let begin = Instant::now();
    assert_eq!(world.agent.agent().shutdown(Duration::from_secs(60)).await, 0);
    assert!(begin.elapsed() < IDLE_MAX, "{:?}", begin.elapsed());
    assert_eq!(world.agent.status().state, ConnectionState::Disconnected);
    assert_eq!(visitor.get("/").await.unwrap().status(), 503);
}

#[tokio::test]
async fn agent_finishes_what_is_in_flight_and_takes_nothing_new() {
    let world = World::start_with(|gateway| gateway.grace_period(Duration::from_millis(300)), |agent| agent).await;
    let mut waiting = world.visitor().await;
    waiting.sender().send_request("POST", "/gate?tag=gate", &[], b"body").await.unwrap();
    world.upstream.wait_for("gate", |_| true, SOON).await.unwrap();
    let finishing = async {
        eventually_async(SOON, "it takes nothing new", || async {
            let mut visitor = Visitor::connect(world.gateway.address(), HOST).await.unwrap();
            visitor.get("/echo").await.unwrap().status() == 503
        })
        .await;
        world.upstream.step("gate");
        assert_eq!(waiting.answer("POST").await.unwrap().status(), 200);
    };
    let (cut, ()) = tokio::join!(world.agent.agent().shutdown(Duration::from_secs(60)), finishing);
    assert_eq!(cut, 0);
}

#[tokio::test]
async fn agent_cuts_what_does_not_finish() {
    let world = World::start().await;
    let mut hanging = world.visitor().await;
    hanging.sender().send_request("POST", "/hang?tag=hang", &[], b"").await.unwrap();
    world.upstream.wait_for("hang", |_| true, SOON).await.unwrap();
    let cut = world.agent.agent().shutdown(Duration::from_millis(300)).await;
    assert!(cut > 0);
    assert_eq!(hanging.answer("POST").await.unwrap().status(), 502);
    world.upstream.wait_for("hang", |record| record.gone.is_some(), SOON).await.unwrap();
}

#[tokio::test]
async fn agent_that_is_still_connecting_stops_at_once() {
    let world = World::start().await;
    // Nobody welcomes it.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for gateway in [silent.local_addr().unwrap(), world.gateway.address()] {
        for _ in 0..10 {
            let agent = TestAgent::builder(gateway).start().unwrap();
            // At whatever moment this is, the goodbye is not forgotten.
            let state = agent.wait_for("it begins", SOON, |status| status.state != ConnectionState::Disconnected).await;
            let begin = Instant::now();
            assert_eq!(agent.agent().shutdown(Duration::from_secs(60)).await, 0, "{state:?}");
            assert!(begin.elapsed() < IDLE_MAX, "{:?}", begin.elapsed());
        }
    }
}
