//! What Agent and Gateway say to each other besides traffic.

mod caddy;
mod landing;
mod logs;
mod metrics;
mod restarts;
mod service;
mod status;
mod update;

use std::net::SocketAddr;

use octoporty_client::control::GatewayControl;
use octoporty_tests::{
    HOST, Process, Program, TEST_KEY, TestAgent, TestFolder, TestUpstream, Visitor, eventually_async, free_address,
};
use tokio::net::TcpStream;

use crate::SOON;

/// The Gateway's program, which has log lines of its own, with an embedded Agent.
struct Site {
    folder: TestFolder,
    gateway_at: SocketAddr,
    gateway: Process,
    agent: TestAgent,
    upstream: TestUpstream,
}

impl Site {
    async fn start(level: &str) -> Self {
        Self::start_with(|program| program.variable("Logging__MinimumLevel", level)).await
    }

    async fn start_with(change: impl FnOnce(Program) -> Program) -> Self {
        let folder = TestFolder::new().expect("a temporary folder");
        let gateway_at = free_address().expect("a free port");
        let upstream = TestUpstream::start().expect("a free port");
        let program = gateway_program(&folder, gateway_at);
        let gateway = change(program).start().expect("the program starts");
        listens(gateway_at).await;
        let agent = TestAgent::builder(gateway_at).map(HOST, upstream.address()).connect().await;
        Self { folder, gateway_at, gateway, agent, upstream }
    }

    fn control(&self) -> GatewayControl {
        self.agent.agent().control()
    }

    async fn visitor(&self) -> Visitor {
        Visitor::connect(self.gateway_at, HOST).await.expect("the gateway listens")
    }
}

fn gateway_program(folder: &TestFolder, at: SocketAddr) -> Program {
    Program::named("octoporty-gateway")
        .expect("build the programs first: cargo build -p octoporty-gateway -p octoporty-agent")
        .folder(folder.path())
        .variable("Gateway__ApiKey", TEST_KEY)
        .variable("Gateway__BindAddress", "127.0.0.1")
        .variable("Gateway__Port", at.port().to_string())
        .variable("Gateway__CaddyAdminUrl", "")
        .variable("Gateway__Shards", "2")
        .variable("Gateway__StatePath", folder.file("gateway-state.json"))
        .variable("Gateway__UpdateSignalPath", folder.file("update-signal"))
        .variable("Logging__FilePath", "")
}

async fn listens(at: SocketAddr) {
    eventually_async(SOON, "the gateway listens", || async { TcpStream::connect(at).await.is_ok() }).await;
}
