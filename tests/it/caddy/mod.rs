//! A real Caddy in front of a Gateway: its routes follow the mappings, and everything that visitors do passes it.

mod ask;
mod faults;
mod program;
mod restarts;
mod routes;
mod traffic;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use octoporty_client::{
    Mapping,
    upstream::{Scheme, UpstreamTarget},
};
use octoporty_core::{host::HostPattern, id::MappingId};
use octoporty_server::{
    GatewayBuilder,
    edge::{
        Edge, EdgeOptions,
        caddy::{AdminAddress, Caddy},
    },
};
use octoporty_tests::{
    TestAgent, TestCaddy, TestGateway, TestRuntime, TestUpstream, TlsDoor, Visitor, eventually_async, free_address,
};
use serde_json::{Value, json};

use crate::SOON;

/// Short enough for a test; what it is does not matter to what is tested.
const QUICK: Duration = Duration::from_millis(100);

/// Options that repair and retry quickly.
fn quick() -> EdgeOptions {
    EdgeOptions::new().debounce(Duration::from_millis(10)).repair_interval(QUICK).pauses(QUICK, QUICK)
}

/// A Gateway that keeps the routes of a Caddy. Dropping it kills it.
struct Front {
    gateway: TestGateway,
    _keeping: TestRuntime,
}

impl Front {
    /// A Gateway at a free port in front of the admin API at `admin`.
    fn start(admin: SocketAddr) -> Self {
        Self::start_with(free_address().expect("a free port"), admin, quick(), |gateway| gateway)
    }

    fn start_with(
        at: SocketAddr,
        admin: SocketAddr,
        options: EdgeOptions,
        change: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Self {
        let admin = AdminAddress::Tcp { host: admin.ip().to_string(), port: admin.port() };
        Self::start_at(at, admin, options, change)
    }

    fn start_at(
        at: SocketAddr,
        admin: AdminAddress,
        options: EdgeOptions,
        change: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Self {
        let edge = Edge::new(Arc::new(Caddy::new(admin, at.to_string())), options);
        // Nobody returns from an earlier run unless a test says so.
        let build = |gateway: GatewayBuilder| change(gateway.startup_hold(Duration::ZERO)).edge(edge);
        let gateway = TestGateway::start_at(at, 1, build).expect("the port is free");
        let keeping = TestRuntime::start("edge").expect("a thread");
        let keeper = gateway.gateway().clone();
        keeping.handle().spawn(async move { keeper.keep_edge().await });
        Self { gateway, _keeping: keeping }
    }

    /// An Agent with one mapping.
    async fn agent(&self, domain: &str, upstream: &TestUpstream) -> TestAgent {
        TestAgent::builder(self.gateway.address()).map(domain, upstream.address()).connect().await
    }
}

/// A mapping whose id does not follow from its domain.
fn mapping(id: u128, domain: &str, upstream: &TestUpstream) -> Mapping {
    let at = upstream.address();
    let target = UpstreamTarget::builder(Scheme::Http, &at.ip().to_string(), at.port()).build();
    let domain = HostPattern::parse(domain).expect("the domain is good");
    Mapping::new(MappingId::from_u128(id), domain, target.expect("the target is good"))
}

/// The id of a mapping's route.
fn route_id(id: u128) -> String {
    format!("octoporty-{id:032x}")
}

/// A site of the operator.
fn site(host: &str) -> Value {
    json!({
        "match": [{ "host": [host] }],
        "handle": [{ "handler": "static_response", "body": format!("the site {host}") }],
        "terminal": true,
    })
}

/// A site of the operator for all other hosts.
fn catch_all() -> Value {
    json!({ "handle": [{ "handler": "static_response", "body": "the catch-all" }] })
}

/// What the operator wrote, and for each of ours its domains.
fn shown(route: &Value) -> String {
    let hosts = route["match"][0]["host"].as_array();
    let hosts = hosts.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(",");
    match route["@id"].as_str() {
        Some(_) => format!("ours {hosts}"),
        None if hosts.is_empty() => "*".to_owned(),
        None => hosts,
    }
}

/// The routes of a server block, in order.
async fn routes(caddy: &TestCaddy, server: &str) -> Vec<String> {
    let config = caddy.config().await.unwrap_or_default();
    let routes = config.pointer(&format!("/apps/http/servers/{server}/routes")).and_then(Value::as_array);
    routes.into_iter().flatten().map(shown).collect()
}

/// Waits until the HTTPS server block has these routes.
async fn has_routes(caddy: &TestCaddy, expected: &[&str]) {
    has_routes_in(caddy, "srv0", expected).await;
}

async fn has_routes_in(caddy: &TestCaddy, server: &str, expected: &[&str]) {
    let what = format!("{server} has the routes {expected:?}");
    eventually_async(SOON, &what, || async { routes(caddy, server).await == expected }).await;
}

/// A way into Caddy's HTTPS for visitors of `host`, once Caddy has a certificate for it.
async fn door(caddy: &TestCaddy, host: &str, alpn: &str) -> TlsDoor {
    eventually_async(SOON, "caddy has an authority", || async { caddy.root_certificate().is_ok() }).await;
    let root = caddy.root_certificate().expect("it was there a moment ago");
    let plain = TlsDoor::open(caddy.https(), &root, host, "http/1.1").expect("the root and the name are good");
    let what = format!("caddy has a certificate for {host}");
    eventually_async(SOON, &what, || async {
        let mut visitor = Visitor::connect(plain.address(), host).await.expect("the door is open");
        visitor.get("/").await.is_ok()
    })
    .await;
    TlsDoor::open(caddy.https(), &root, host, alpn).expect("the root and the name are good")
}
