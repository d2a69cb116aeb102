//! Put a service behind an Octoporty Gateway: dial out, reconnect, forward.
//!
//! A [`Tunnel`] puts names online in three ways: [`Tunnel::serve`] answers with a tower service such as an
//! `axum::Router`, [`Tunnel::forward`] sends requests to what listens already, and [`Tunnel::listen`] gives a listener to
//! servers that accept connections.
//!
//! ```no_run
//! use octoporty_client::{Tunnel, Upstream};
//!
//! # async fn run(key: String) -> Result<(), Box<dyn std::error::Error>> {
//! let tunnel = Tunnel::builder().gateway("wss://gateway.example.com/tunnel").api_key(key).connect().await?;
//! let endpoint = tunnel.forward("app.example.com", Upstream::http("localhost", 3000)?).await?;
//! println!("online at {}", endpoint.url());
//! tunnel.closed().await;
//! # Ok(())
//! # }
//! ```
//!
//! An [`Agent`] is what a tunnel stands on, for programs that keep a set of [`Mapping`]s, which can be replaced at any
//! time:
//!
//! ```no_run
//! use octoporty_client::{Agent, Mapping, upstream::{Scheme, UpstreamTarget}};
//! use octoporty_core::{host::HostPattern, id::MappingId, secret::Secret};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let key = Secret::new("0123456789abcdef0123456789abcdef".to_owned());
//! let target = UpstreamTarget::builder(Scheme::Http, "localhost", 3000).build()?;
//! let mapping = Mapping::new(MappingId::from_u128(1), HostPattern::parse("app.example.com")?, target);
//! let agent = Agent::builder("wss://gateway.example.com/tunnel", &key).mappings(vec![mapping]).start()?;
//! agent.connected().await;
//! # Ok(())
//! # }
//! ```
//!
//! It reads no environment, opens no port, knows no database, and installs neither logger nor crypto provider.
//!
//! | feature | default | what |
//! | --- | --- | --- |
//! | `idna` | yes | domains in international letters; without it, they are written in punycode |
//! | `tls` | yes | `wss://` Gateways and HTTPS upstreams, over rustls, with aws-lc-rs unless the program has installed another provider |
//! | `tls-no-provider` | no | the same without aws-lc-rs: the program installs a crypto provider of its choice, such as ring |
//! | `axum-08` | no | `axum::serve` takes a [`Listener`], and handlers get a [`Visitor`] by `ConnectInfo` |
//! | `testkit` | no | Gateway, tunnel, upstream and visitor in one process, for tests |
//!
//! The guides by task are in `docs/embedding` of the repository, programs to start from in `examples`.

mod agent;
pub mod connect;
pub mod control;
mod counts;
mod events;
mod failure;
#[cfg(all(doctest, feature = "axum-08", feature = "testkit"))]
mod guides;
mod mapping;
pub mod observe;
mod routes;
mod serve;
mod status;
#[cfg(feature = "testkit")]
pub mod testkit;
mod tunnel;
pub mod upstream;

pub use agent::{Agent, AgentBuilder};
pub use events::Event;
pub use failure::{Failure, TunnelFailure};
pub use mapping::Mapping;
pub use octoporty_core::{
    host::{HostError, HostPattern, Hostname},
    id::{AgentId, MappingId, RequestId},
    proxy::{HeaderPolicy, HeaderPolicyError, HostHeader},
    secret::Secret,
    transport,
};
pub use routes::RouteSource;
pub use serve::{Body, Conn, Listener, NoUpstream, PickUpstream, Picking, Upstream, Visitor, VisitorScheme};
pub use status::{ConnectionState, RouteProblem, Status};
pub use tunnel::{
    ConnectError, DrainReport, Endpoint, EndpointBuilder, EndpointError, Host, IntoHost, Tunnel, TunnelBuilder,
};
