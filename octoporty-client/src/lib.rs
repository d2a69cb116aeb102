//! Put a service behind an Octoporty Gateway: dial out, reconnect, forward.
//!
//! An [`Agent`] holds a tunnel to a Gateway and answers its requests by forwarding them to upstreams. It reads no
//! environment, opens no port and knows no database; what it forwards is its set of [`Mapping`]s, which can be
//! replaced at any time.
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

mod agent;
pub mod connect;
pub mod control;
mod counts;
mod events;
mod failure;
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
    secret::Secret,
};
pub use routes::RouteSource;
pub use serve::{Body, Conn, Listener, NoUpstream, PickUpstream, Picking, Upstream, Visitor, VisitorScheme};
pub use status::{ConnectionState, RouteProblem, Status};
pub use tunnel::{
    ConnectError, DrainReport, Endpoint, EndpointBuilder, EndpointError, Host, IntoHost, Tunnel, TunnelBuilder,
};
