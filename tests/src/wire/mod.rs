//! HTTP/1.1 as bytes: what the raw visitor and the raw upstream share. Not the parser under test, and on
//! purpose independent of it: the harness must not agree with the product by construction.

mod body;
mod fields;
mod pattern;
mod reader;

pub use self::{
    body::{BodyFault, BodyReader, Framing},
    fields::Fields,
    pattern::{pattern, pattern_sha256, sha256_hex},
    reader::{Gone, RawReader},
};

pub(crate) use self::{fields::latin1, pattern::hex};
