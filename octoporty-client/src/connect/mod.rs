//! Dialling a Gateway: TCP, a proxy if one is set, TLS, WebSocket. It makes one try; the rhythm of tries is
//! [`Backoff`], and who keeps trying is the supervisor.
//!
//! ```text
//! DialTarget ──> dial: resolve ─> TCP ─> [proxy] ─> [TLS] ─> WebSocket handshake ──> WebSocket<GatewayIo>
//! ```

mod backoff;
mod certificate;
mod connector;
mod dial;
mod error;
mod io;
mod pin;
mod proxy;
mod target;
pub(crate) mod tcp;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls-no-provider")]
mod tls;
#[cfg(feature = "tls-no-provider")]
pub(crate) mod verify;
mod websocket;

pub use backoff::Backoff;
pub use certificate::{CertificateProblem, CertificateRefused};
pub use connector::{BoxedIo, BoxedTransport, Connector, OpenTransport};
pub(crate) use connector::{ErasedOpen, Way};
pub use dial::dial;
pub use error::{DialError, DialPhase, HandshakeError};
pub use io::{GatewayIo, Io};
pub use pin::{CertificatePin, PinError};
pub use target::{DialTarget, DialTargetBuilder};
pub use tcp::PrepareTcp;
#[cfg(feature = "tls-no-provider")]
pub use tls::GatewayTls;
