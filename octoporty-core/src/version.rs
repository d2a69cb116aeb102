//! Versions: of the wire, and of the programs that speak it.

/// The WebSocket subprotocol of this wire format.
pub const SUBPROTOCOL: &str = "octoporty.v1";

/// The wire version that `Hello` and `Welcome` carry. A peer with another major version is refused.
pub const WIRE_VERSION: u16 = 1;

/// The version of this library, as its users see it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
