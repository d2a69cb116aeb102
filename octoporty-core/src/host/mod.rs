//! Host names of requests and mappings, in the one normal form that routing uses (R09).
//!
//! Lower case, punycode, no port, no final dot; IP addresses in their canonical text, IPv6 in brackets.
//! Nothing here resolves a name.

mod error;
mod hostname;
mod normalise;
mod pattern;
mod text;

pub use error::HostError;
pub use hostname::Hostname;
pub use normalise::{HOST_BYTES_MAX, LABEL_BYTES_MAX, SCRATCH_BYTES, normalise_into};
pub use pattern::HostPattern;
