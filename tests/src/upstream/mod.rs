//! Upstreams that record what reaches them and answer by path, well or badly: HTTP/1.1 in raw bytes, the same
//! behind TLS, and HTTP/2.

mod connection;
mod exchange;
mod faults;
mod floor;
mod h2;
mod h2_grpc;
mod h2_routes;
mod record;
mod request;
mod routes;
mod server;
mod streaming;
mod tls;
mod websocket;

pub use self::{
    h2::{RecordH2, TestUpstreamH2},
    record::{Anomaly, BodyProgress, RequestRecord, WebSocketFrame},
    server::TestUpstream,
    tls::{TestUpstreamTls, TlsUpstreamError},
};
