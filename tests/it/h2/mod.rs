//! HTTP/2 with prior knowledge, by visitors and towards upstreams.

mod grpc;
mod limits;
mod requests;

use octoporty_client::upstream::{Scheme, UpstreamProtocol};
use octoporty_tests::{HOST, TestAgent, TestGateway, TestUpstreamH2, mapping_to};

/// A Gateway and an Agent in front of an upstream that speaks HTTP/2 without TLS.
struct WorldH2 {
    gateway: TestGateway,
    _agent: TestAgent,
    upstream: TestUpstreamH2,
}

impl WorldH2 {
    async fn start() -> Self {
        let upstream = TestUpstreamH2::start().expect("a free port");
        let gateway = TestGateway::start().expect("a free port");
        let port = upstream.address().port();
        let mapping =
            mapping_to(HOST, Scheme::Http, "127.0.0.1", port, |target| target.protocol(UpstreamProtocol::H2c));
        let agent = TestAgent::builder(gateway.address()).mapping(mapping).connect().await;
        Self { gateway, _agent: agent, upstream }
    }
}
