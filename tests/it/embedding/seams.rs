//! The seams of client and server: sources of routes, observers, clocks, connectors.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use octoporty_client::{
    Agent, HostPattern, Mapping, MappingId, Secret,
    connect::BoxedIo,
    testkit::World,
    upstream::{Scheme, UpstreamTarget},
};
use octoporty_server::{
    AgentScope, Clock,
    observe::{VisitObserver, VisitRecord},
};
use octoporty_tests::TestGateway;
use tokio::sync::watch;

use super::naming;

#[tokio::test(start_paused = true)]
async fn mappings_follow_their_source() {
    let world = World::new();
    let mapping = |id, domain: &str| {
        let target = UpstreamTarget::builder(Scheme::Http, "127.0.0.1", 9).build().unwrap();
        Mapping::new(MappingId::from_u128(id), HostPattern::parse(domain).unwrap(), target)
    };
    let (sets, source) = watch::channel(vec![mapping(9, "first.test")]);
    let agent = Agent::builder("", &Secret::from(""))
        .transport(world.transport(AgentScope::shared()))
        .routes(source)
        .start()
        .unwrap();
    let mut status = agent.status();
    // What the channel holds before anything is sent counts too.
    status.wait_for(|status| status.live == 1).await.unwrap();
    assert_eq!(world.gateway().routes(), 1);
    for count in [2, 3, 1] {
        sets.send((1..=count).map(|id| mapping(id, &format!("m{id}.test"))).collect()).unwrap();
        status.wait_for(|status| status.live == u32::try_from(count).unwrap()).await.unwrap();
        assert_eq!(world.gateway().routes(), usize::try_from(count).unwrap());
    }
}

#[derive(Default)]
struct Notes(Mutex<Vec<VisitRecord>>);

impl VisitObserver for Notes {
    fn visit(&self, record: &VisitRecord) {
        self.0.lock().expect("nobody panics with it").push(*record);
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_s_observer_is_told_of_each_exchange() {
    let notes = Arc::new(Notes::default());
    let observer = Arc::clone(&notes);
    let world = World::with(|gateway| gateway.observer(observer));
    let tunnel = world.tunnel().await.unwrap();
    let endpoint = tunnel.serve("app.test", naming("hello")).await.unwrap();
    world.visitor().post("http://app.test/", "four").await.unwrap();
    world.visitor().get("http://app.test/").await.unwrap();
    tunnel.drain(Duration::from_secs(1)).await;
    let told = notes.0.lock().unwrap().clone();
    let told: Vec<_> = told.iter().map(|r| (r.mapping, r.status, r.bytes_to_visitor)).collect();
    assert_eq!(told, [(endpoint.id(), 405, 0), (endpoint.id(), 200, 5)]);
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(12 * 3600)
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_tells_the_time_by_its_clock() {
    let folder = tempfile::tempdir().unwrap();
    let signal = folder.path().join("update-signal");
    let path = signal.clone();
    let world = World::with(|gateway| gateway.clock(Noon).remote_update(path));
    let tunnel = world.tunnel().await.unwrap();
    let forced = octoporty_client::control::Force::Yes;
    tunnel.agent().control().request_update(forced).await.unwrap();
    let written = std::fs::read_to_string(signal).unwrap();
    assert!(written.contains("1970-01-01T12:00:00"), "{written}");
}

#[tokio::test]
async fn a_connector_opens_the_streams_of_a_real_dial() {
    let gateway = TestGateway::start().unwrap();
    let dialled = Arc::new(Mutex::new(Vec::new()));
    let (seen, real) = (Arc::clone(&dialled), gateway.address());
    let connector = move |host: &str, port: u16| {
        seen.lock().unwrap().push(format!("{host}:{port}"));
        async move { Ok(Box::new(tokio::net::TcpStream::connect(real).await?) as BoxedIo) }
    };
    let tunnel = octoporty_client::Tunnel::builder()
        .gateway("ws://gateway.localhost:1234/tunnel")
        .api_key(octoporty_tests::TEST_KEY)
        .dial(|dial| dial.connector(connector))
        .connect()
        .await
        .unwrap();
    assert_eq!(dialled.lock().unwrap()[0], "gateway.localhost:1234");
    drop(tunnel);
}
