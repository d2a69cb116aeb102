//! The Gateway's status at the Agent, and calls without a tunnel.

use octoporty_client::control::ControlError;
use octoporty_core::version::VERSION;
use octoporty_tests::{HOST, TestAgent, TestGateway, TestUpstream, eventually_async, free_address, within};

use crate::SOON;

#[tokio::test]
async fn the_status_counts_agents_and_lanes() {
    let upstream = TestUpstream::start().unwrap();
    let address = free_address().unwrap();
    let gateway = TestGateway::start_at(address, 2, |builder| builder.name("gate")).unwrap();
    let agent = TestAgent::builder(address).map(HOST, upstream.address()).connect().await;
    let control = agent.agent().control();
    eventually_async(SOON, "both lanes are up", || async { control.status().await.is_ok_and(|now| now.lanes == 2) })
        .await;
    let status = control.status().await.unwrap();
    assert_eq!((status.version.as_str(), status.name.as_str()), (VERSION, "gate"));
    assert_eq!((status.shards, status.agents), (2, 1));
    assert!(!status.remote_update && status.update.is_none() && status.landing.is_none());

    let _second = TestAgent::builder(address).connect().await;
    eventually_async(SOON, "both agents count", || async { control.status().await.is_ok_and(|now| now.agents == 2) })
        .await;
    drop(gateway);
}

#[tokio::test]
async fn calls_fail_at_once_without_a_tunnel_and_work_again_with_one() {
    let address = free_address().unwrap();
    let agent = TestAgent::builder(address).start().unwrap();
    let control = agent.agent().control();
    assert_eq!(control.status().await, Err(ControlError::TunnelDown));
    let gateway = TestGateway::start_at(address, 1, |builder| builder).unwrap();
    agent.agent().reconnect();
    agent.connected().await;
    assert!(control.status().await.is_ok());
    drop(gateway);
    agent.lost(SOON).await;
    assert_eq!(control.status().await, Err(ControlError::TunnelDown));
    within(SOON, "the agent stops", agent.agent().shutdown(SOON)).await;
    assert_eq!(control.status().await.unwrap_err().code(), "tunnel-down");
}
