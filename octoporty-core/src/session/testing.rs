//! A pair of lanes for tests of what stands on sessions.

use tokio::task::JoinHandle;

use super::{Lane, accept, dial};
use crate::{
    id::{AgentId, SessionId},
    message::{Hello, Welcome},
    proto::{Config, ConnectionError, Role},
    transport::duplex,
};

pub(crate) fn hello() -> Hello {
    Hello {
        wire: 0,
        capabilities: Vec::new(),
        window: 0,
        streams: 0,
        agent: AgentId::from_u128(7),
        instance: 1,
        session: None,
        name: "test".to_owned(),
        version: "0".to_owned(),
    }
}

pub(crate) fn welcome() -> Welcome {
    Welcome {
        wire: 0,
        capabilities: Vec::new(),
        window: 0,
        streams: 0,
        session: SessionId::from_u128(9),
        lanes: 1,
        name: "gateway".to_owned(),
        version: "0".to_owned(),
        uptime_s: 0,
        share_domain: None,
    }
}

/// The Gateway's lane, the Agent's, and the tasks that drive them.
#[expect(clippy::disallowed_methods, reason = "the test awaits the drivers itself")]
pub(crate) async fn pair() -> (Lane, Lane, [JoinHandle<ConnectionError>; 2]) {
    let (a, b) = duplex::pair(16);
    let (agent, agent_driver) = dial(a, Config::new(Role::Agent), hello());
    let (gateway, gateway_driver) = accept(b, Config::new(Role::Gateway));
    let drivers = [tokio::spawn(agent_driver), tokio::spawn(gateway_driver)];
    gateway.hello().await.unwrap();
    gateway.welcome(welcome());
    agent.welcomed().await.unwrap();
    (gateway, agent, drivers)
}
