//! A Gateway with two shards: two lanes, each with its own fate.

use std::{net::SocketAddr, num::NonZeroU8, time::Duration};

use octoporty_client::ConnectionState;
use octoporty_tests::{ChaosProxy, HOST, TestAgent, TestGateway, TestUpstream, Visitor, eventually};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::SOON;

/// Requests at once: enough that both shards get some, but for one time in 2^15.
const MANY: usize = 16;

/// A Gateway with two shards, and an Agent whose lanes go through a network each.
struct Lanes {
    gateway: TestGateway,
    networks: [ChaosProxy; 2],
    agent: TestAgent,
    upstream: TestUpstream,
    _relays: JoinSet<()>,
}

impl Lanes {
    async fn start() -> Self {
        let gateway = TestGateway::start_at(([127, 0, 0, 1], 0).into(), 2, |gateway| gateway).expect("a free port");
        let upstream = TestUpstream::start().expect("a free port");
        let networks = [(); 2].map(|()| ChaosProxy::start(gateway.address()).expect("a free port"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let dialled = listener.local_addr().expect("it listens");
        let mut relays = JoinSet::new();
        relays.spawn(relay(listener, [networks[0].address(), networks[1].address()]));
        let agent = TestAgent::builder(dialled).map(HOST, upstream.address()).connect().await;
        agent.wait_for("both lanes are up", SOON, |status| status.lanes == 2).await;
        Self { gateway, networks, agent, upstream, _relays: relays }
    }

    fn lanes_at_gateway(&self) -> usize {
        self.gateway.gateway().agents().iter().map(|agent| agent.lanes).sum()
    }

    async fn visitors(&self, method: &str, path: &str) -> Vec<Visitor> {
        let mut visitors = Vec::new();
        for _ in 0..MANY {
            let mut visitor = Visitor::connect(self.gateway.address(), HOST).await.expect("the gateway listens");
            visitor.sender().send_request(method, path, &[], b"").await.expect("the gateway reads");
            visitors.push(visitor);
        }
        visitors
    }

    /// Requests of `tag` whose Agent is still there.
    fn waiting(&self, tag: &str) -> usize {
        self.upstream.tagged(tag).iter().filter(|record| record.gone.is_none()).count()
    }
}

/// Passes the connections on, the first to the first network, the second to the other, and so on.
async fn relay(listener: TcpListener, networks: [SocketAddr; 2]) {
    let mut open = JoinSet::new();
    for network in networks.into_iter().cycle() {
        let Ok((mut near, _)) = listener.accept().await else { return };
        open.spawn(async move {
            if let Ok(mut far) = TcpStream::connect(network).await {
                // How it ends is seen at both ends.
                copy_bidirectional(&mut near, &mut far).await.ok();
            }
        });
    }
}

#[tokio::test]
async fn agent_has_a_lane_to_each_shard() {
    let lanes = Lanes::start().await;
    eventually(SOON, "the gateway has them", || lanes.lanes_at_gateway() == 2).await;
    for visitor in &mut lanes.visitors("GET", "/echo").await {
        assert_eq!(visitor.answer("GET").await.unwrap().status(), 200);
    }
    for network in &lanes.networks {
        assert_eq!(network.counts().connections_open, 1);
    }
}

#[tokio::test]
async fn agent_may_have_fewer_lanes() {
    let gateway = TestGateway::start_at(([127, 0, 0, 1], 0).into(), 3, |gateway| gateway).unwrap();
    let upstream = TestUpstream::start().unwrap();
    let two = NonZeroU8::new(2).unwrap();
    let builder = TestAgent::builder(gateway.address()).map(HOST, upstream.address());
    let agent = builder.with(|agent| agent.lanes_max(two)).connect().await;
    agent.wait_for("two lanes", SOON, |status| status.lanes == 2).await;
    for _ in 0..MANY {
        let mut visitor = Visitor::connect(gateway.address(), HOST).await.unwrap();
        assert_eq!(visitor.get("/").await.unwrap().status(), 200);
    }
    assert_eq!(agent.status().lanes, 2);
}

#[tokio::test]
async fn lost_lane_takes_only_its_own_streams_and_is_dialled_again() {
    let lanes = Lanes::start().await;
    let visitors = lanes.visitors("POST", "/gate?tag=post").await;
    eventually(SOON, "all are in flight", || lanes.waiting("post") == MANY).await;
    lanes.networks[0].cut();
    eventually(SOON, "some are lost", || lanes.waiting("post") < MANY).await;
    lanes.agent.wait_for("the lane is back", SOON, |status| status.lanes == 2).await;
    for _ in 0..MANY {
        lanes.upstream.step("post");
    }
    let mut statuses = Vec::new();
    for mut visitor in visitors {
        statuses.push(visitor.answer("POST").await.unwrap().status());
    }
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [200, 502], "the lanes share the load, and not the fate");
    assert_eq!(lanes.upstream.tagged("post").len(), MANY, "none was done twice");
    let status = lanes.agent.status();
    assert_eq!((status.state, status.last_disconnected), (ConnectionState::Connected, None), "the session never ended");
    assert_eq!(lanes.networks[1].counts().connections_total + lanes.networks[0].counts().connections_total, 3);
}

// R31
#[tokio::test]
async fn safe_requests_of_a_lost_lane_are_repeated_on_the_other() {
    let lanes = Lanes::start().await;
    // Without a way back, only the other lane is left.
    lanes.networks[0].refuse(true);
    let visitors = lanes.visitors("GET", "/gate?tag=get").await;
    eventually(SOON, "all are in flight", || lanes.waiting("get") == MANY).await;
    lanes.networks[0].cut();
    eventually(SOON, "those of the lost lane are repeated", || {
        let all = lanes.upstream.tagged("get").len();
        all > MANY && lanes.waiting("get") == MANY
    })
    .await;
    for _ in 0..MANY {
        lanes.upstream.step("get");
    }
    for mut visitor in visitors {
        assert_eq!(visitor.answer("GET").await.unwrap().status(), 200);
    }
    assert_eq!(lanes.agent.status().last_disconnected, None);
}

#[tokio::test]
async fn losing_all_lanes_is_losing_the_session() {
    let lanes = Lanes::start().await;
    let before = lanes.agent.status().last_connected;
    lanes.networks.iter().for_each(ChaosProxy::cut);
    lanes.agent.wait_for("a new session", SOON, |status| status.last_connected > before && status.lanes == 2).await;
    assert!(lanes.agent.status().last_disconnected.is_some());
    for visitor in &mut lanes.visitors("GET", "/").await {
        assert_eq!(visitor.answer("GET").await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn dialling_one_lane_again_hides_no_loss_of_the_other() {
    let lanes = Lanes::start().await;
    let before = lanes.agent.status().last_connected;
    // Whoever dials this network waits.
    lanes.networks[0].stall();
    lanes.networks[0].cut();
    eventually(SOON, "the lane is being dialled", || lanes.networks[0].counts().connections_total == 2).await;
    lanes.networks[1].cut();
    // Less than it waits for a dial.
    let soon = Duration::from_secs(8);
    lanes.agent.wait_for("a new session", soon, |status| status.last_connected > before).await;
}
