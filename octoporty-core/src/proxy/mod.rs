//! HTTP over streams: two roles, one at each end of the tunnel.
//!
//! - [`initiate`]: at the Gateway, sends a request into a lane and gives the answer's head and body.
//! - [`respond`]: at the Agent, turns a stream into a request for a [`Handler`] and sends its answer back.
//!
//! Between HTTP libraries and the tunnel stand [`RequestHead`], [`ResponseHead`] and [`Body`]: nothing here knows
//! hyper, so either side's HTTP code can change alone.

mod body;
mod content;
mod error;
mod header_policy;
pub mod headers;
mod initiate;
mod pump;
mod raw_head;
mod respond;
mod upgrade;
mod wire;

pub use body::{Body, BodyError};
pub use content::{is_compressible, is_compressible_type};
pub use error::ExchangeError;
pub use header_policy::{HEADER_EDITS_MAX, HeaderPolicy, HeaderPolicyError, HostHeader};
pub use initiate::{Answer, Outgoing, initiate};
pub use raw_head::{HeadWriter, RawFields, RawRequestHead, RawResponseHead, stamp_waited};
pub use respond::{End, Finished, Handler, Interim, ReadyHead, Reply, respond, respond_ready};
pub use upgrade::{BoxedIo, Io, Relayed, relay};
pub use wire::{RequestHead, ResponseHead, WireError, decode_trailers, encode_trailers};

#[cfg(test)]
mod tests;
