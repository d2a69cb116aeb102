//! The Gateway or the Agent restarts.

use std::time::Duration;

use octoporty_client::ConnectionState;
use octoporty_core::id::AgentId;
use octoporty_tests::{HOST, TestAgent, TestFolder, TestGateway, TestUpstream, Visitor, eventually};

use crate::SOON;

const ID: AgentId = AgentId::from_u128(7);

async fn visitor(gateway: &TestGateway) -> Visitor {
    Visitor::connect(gateway.address(), HOST).await.expect("the gateway listens")
}

/// Lets an Agent that pauses dial at once.
async fn back(agent: &TestAgent) {
    eventually(SOON, "the agent is back", || {
        let status = agent.status();
        if status.next_attempt.is_some() {
            agent.agent().reconnect();
        }
        status.state == ConnectionState::Connected
    })
    .await;
}

#[tokio::test]
async fn restarted_gateway_holds_requests_until_its_agents_are_back() {
    let folder = TestFolder::new().unwrap();
    let upstream = TestUpstream::start().unwrap();
    let state = folder.file("state.json");
    let before = TestGateway::start_with(|gateway| gateway.state_path(&state)).unwrap();
    let address = before.address();
    let agent = TestAgent::builder(address).map(HOST, upstream.address()).connect().await;
    assert_eq!(visitor(&before).await.get("/").await.unwrap().status(), 200);
    // Killed, not asked.
    drop(before);
    agent.lost(SOON).await;

    let after = TestGateway::start_at(address, 1, |gateway| gateway.state_path(&state)).unwrap();
    let mut waiting = visitor(&after).await;
    waiting.sender().send_request("POST", "/echo?tag=held", &[], b"body").await.unwrap();
    back(&agent).await;
    assert_eq!(waiting.answer("POST").await.unwrap().json().unwrap()["body"], "body");
    assert_eq!(upstream.tagged("held").len(), 1);
    // Everyone is back, so unknown hosts are unknown at once.
    let mut stranger = Visitor::connect(address, "unknown.example.test").await.unwrap();
    assert_eq!(stranger.get("/").await.unwrap().status(), 404);
}

#[tokio::test]
async fn hold_ends_when_an_agent_stays_away() {
    let folder = TestFolder::new().unwrap();
    let upstream = TestUpstream::start().unwrap();
    let state = folder.file("state.json");
    let before = TestGateway::start_with(|gateway| gateway.state_path(&state)).unwrap();
    let agent = TestAgent::builder(before.address()).map(HOST, upstream.address()).connect().await;
    let address = before.address();
    drop((before, agent));
    let hold = Duration::from_millis(500);
    let after = TestGateway::start_at(address, 1, |gateway| gateway.state_path(&state).startup_hold(hold)).unwrap();
    assert_eq!(visitor(&after).await.get("/").await.unwrap().status(), 404);
}

#[tokio::test]
async fn gateway_without_a_past_holds_nothing() {
    let folder = TestFolder::new().unwrap();
    let hold = Duration::from_secs(3600);
    let gateway =
        TestGateway::start_with(|gateway| gateway.state_path(folder.file("state.json")).startup_hold(hold)).unwrap();
    assert_eq!(visitor(&gateway).await.get("/").await.unwrap().status(), 404);
}

#[tokio::test]
async fn gateway_that_stops_in_order_is_dialled_again() {
    let folder = TestFolder::new().unwrap();
    let upstream = TestUpstream::start().unwrap();
    let state = folder.file("state.json");
    let before = TestGateway::start_with(|gateway| gateway.state_path(&state)).unwrap();
    let address = before.address();
    let agent = TestAgent::builder(address).map(HOST, upstream.address()).connect().await;
    before.shutdown(Duration::from_secs(5)).await;
    let status =
        agent.wait_for("the agent is told", SOON, |status| status.state == ConnectionState::Reconnecting).await;
    assert!(status.last_error.is_some(), "{status:?}");
    drop(before);
    let after = TestGateway::start_at(address, 1, |gateway| gateway.state_path(&state)).unwrap();
    back(&agent).await;
    assert_eq!(visitor(&after).await.get("/").await.unwrap().status(), 200);
}

#[tokio::test]
async fn restarted_agent_takes_its_domains_over() {
    let upstream = TestUpstream::start().unwrap();
    let gateway = TestGateway::start().unwrap();
    let build = || TestAgent::builder(gateway.address()).map(HOST, upstream.address()).with(|agent| agent.id(ID));
    let before = build().connect().await;
    let mut waiting = visitor(&gateway).await;
    assert_eq!(waiting.get("/").await.unwrap().status(), 200);
    drop(before);
    waiting.sender().send_request("POST", "/echo?tag=held", &[], b"body").await.unwrap();
    let after = build().connect().await;
    assert_eq!((after.status().live, after.status().problems.len()), (1, 0));
    // Sent before the loss was noticed, it may have been on its way (R31); never is it done twice.
    let status = waiting.answer("POST").await.unwrap().status();
    assert!([200, 502].contains(&status), "{status}");
    assert!(upstream.tagged("held").len() <= 1);
    assert_eq!(visitor(&gateway).await.get("/").await.unwrap().status(), 200);
}

// R24
#[tokio::test]
async fn newer_connection_of_an_agent_takes_over_and_the_older_finishes() {
    let [old, new] = [(); 2].map(|()| TestUpstream::start().unwrap());
    let gateway = TestGateway::start().unwrap();
    let build = |upstream: &TestUpstream| {
        TestAgent::builder(gateway.address()).map(HOST, upstream.address()).with(|a| a.id(ID))
    };
    let before = build(&old).connect().await;
    let mut finishing = visitor(&gateway).await;
    finishing.sender().send_request("POST", "/gate?tag=old", &[], b"").await.unwrap();
    old.wait_for("old", |_| true, SOON).await.unwrap();

    let _after = build(&new).connect().await;
    assert_eq!(visitor(&gateway).await.get("/").await.unwrap().status(), 200);
    assert_eq!((old.requests(), new.requests()), (1, 1));
    old.step("old");
    assert_eq!(finishing.answer("POST").await.unwrap().status(), 200);
    let status = before.wait_for("it is told", SOON, |status| status.state == ConnectionState::Reconnecting).await;
    assert!(status.last_error.is_some_and(|error| error.contains("took over")));
    // Two that fight would flap: the older one waits long.
    let next = before.wait_for("it pauses", SOON, |status| status.next_attempt.is_some()).await.next_attempt.unwrap();
    assert!(next.saturating_duration_since(tokio::time::Instant::now()) > Duration::from_secs(30));
}

#[tokio::test]
async fn reconnect_on_request_keeps_the_domains() {
    let upstream = TestUpstream::start().unwrap();
    let gateway = TestGateway::start().unwrap();
    let agent = TestAgent::builder(gateway.address()).map(HOST, upstream.address()).connect().await;
    let first = agent.status().last_connected;
    agent.agent().reconnect();
    let status = agent.wait_for("it connects anew", SOON, |status| status.last_connected > first).await;
    assert!(status.last_disconnected.is_some_and(|at| Some(at) >= first));
    assert_eq!((status.problems, status.last_error), (Vec::new(), None));
    assert_eq!(visitor(&gateway).await.get("/").await.unwrap().status(), 200);
}
