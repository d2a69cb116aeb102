//! Caddy or the Gateway restarts, late, empty, or without the other.

use std::time::Duration;

use octoporty_core::id::AgentId;
use octoporty_tests::{
    TestAgent, TestAgentBuilder, TestCaddy, TestFolder, TestUpstream, Visitor, eventually, free_address,
};
use serde_json::json;

use super::{Front, catch_all, door, has_routes, has_routes_in, mapping, quick, site};
use crate::SOON;

#[tokio::test]
async fn caddy_that_restarts_has_its_routes_again() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    // The Gateway is there first.
    let front = Front::start(caddy.admin());
    let _agent = front.agent("a.test", &upstream).await;
    for _ in 0..2 {
        caddy.start(&caddy.config_with_routes(&json!([catch_all()]))).await.unwrap();
        has_routes(&caddy, &["ours a.test", "*"]).await;
        caddy.kill().await.unwrap();
    }
}

#[tokio::test]
async fn caddy_that_serves_nothing_gets_a_server_block() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    let front = Front::start(caddy.admin());
    let agent = front.agent("a.test", &upstream).await;
    caddy.start(&caddy.config_without_servers()).await.unwrap();
    has_routes_in(&caddy, "octoporty", &["ours a.test"]).await;
    let door = door(&caddy, "a.test", "http/1.1").await;
    let mut visitor = Visitor::connect(door.address(), "a.test").await.unwrap();
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);

    // The operator's own takes the port over: the routes move there, since two cannot listen.
    agent.agent().replace_mappings(Vec::new());
    has_routes_in(&caddy, "octoporty", &[]).await;
    caddy.ask("POST", "/load", Some(&caddy.config_with_routes(&json!([site("own.test")])))).await.unwrap();
    agent.agent().replace_mappings(vec![mapping(1, "b.test", &upstream)]);
    has_routes(&caddy, &["own.test", "ours b.test"]).await;
}

/// An Agent that stays the same one over restarts.
fn agent(front: &Front, id: u128) -> TestAgentBuilder {
    TestAgent::builder(front.gateway.address()).with(|agent| agent.id(AgentId::from_u128(id)))
}

#[tokio::test]
async fn restarted_gateway_removes_nothing_before_its_agents_are_back() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let (folder, upstream) = (TestFolder::new().unwrap(), TestUpstream::start().unwrap());
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    let at = free_address().unwrap();
    let start = |hold: Duration| {
        let state = folder.file("state.json");
        Front::start_with(at, caddy.admin(), quick(), |gateway| gateway.state_path(state).startup_hold(hold))
    };
    let (first, second);
    {
        let front = start(Duration::ZERO);
        first = agent(&front, 1).mapping(mapping(1, "a.test", &upstream)).connect().await;
        second = agent(&front, 2).mapping(mapping(2, "b.test", &upstream)).connect().await;
        has_routes(&caddy, &["ours a.test", "ours b.test"]).await;
    }
    drop((first, second));

    // The hold is over at once, but one Agent of the last run is missing: its routes may yet be claimed.
    let front = start(Duration::ZERO);
    let first = agent(&front, 1).mapping(mapping(3, "c.test", &upstream)).connect().await;
    has_routes(&caddy, &["ours a.test", "ours b.test", "ours c.test"]).await;
    let _second = agent(&front, 2).mapping(mapping(2, "b.test", &upstream)).connect().await;
    has_routes(&caddy, &["ours b.test", "ours c.test"]).await;
    drop(first);
}

#[tokio::test]
async fn gateway_that_knows_no_last_run_removes_nothing_during_its_hold() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    let at = free_address().unwrap();
    let start = |hold| Front::start_with(at, caddy.admin(), quick(), move |gateway| gateway.startup_hold(hold));
    {
        let front = start(Duration::ZERO);
        let _agent = front.agent("a.test", &upstream).await;
        has_routes(&caddy, &["ours a.test"]).await;
    }
    {
        let front = start(Duration::from_secs(3600));
        let _agent = front.agent("b.test", &upstream).await;
        has_routes(&caddy, &["ours a.test", "ours b.test"]).await;
    }
    let _front = start(Duration::from_millis(200));
    has_routes(&caddy, &[]).await;
}

#[tokio::test]
async fn request_waits_in_caddy_for_a_gateway_that_restarts() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let (folder, upstream) = (TestFolder::new().unwrap(), TestUpstream::start().unwrap());
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    let at = free_address().unwrap();
    let start = || {
        let state = folder.file("state.json");
        let hold = Duration::from_secs(60);
        Front::start_with(at, caddy.admin(), quick(), |gateway| gateway.state_path(state).startup_hold(hold))
    };
    let front = start();
    let agent = front.agent("a.test", &upstream).await;
    has_routes(&caddy, &["ours a.test"]).await;
    let door = door(&caddy, "a.test", "http/1.1").await;
    drop(front);
    agent.lost(SOON).await;
    let mut visitor = Visitor::connect(door.address(), "a.test").await.unwrap();
    visitor.sender().send_request("POST", "/echo?tag=held", &[], b"body").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(500), visitor.head("POST")).await;
    assert!(early.is_err(), "{early:?}");
    let _front = start();
    eventually(SOON, "the agent is back", || {
        let status = agent.status();
        if status.next_attempt.is_some() {
            agent.agent().reconnect();
        }
        status.live == 1 && status.next_attempt.is_none()
    })
    .await;
    let answer = visitor.answer("POST").await.unwrap();
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.json().unwrap()["body"], "body");
    assert_eq!(upstream.tagged("held").len(), 1);
}
