//! HTTP/1.1 as bytes: what the raw visitor and the raw upstream share. Not the parser under test, and on
//! purpose independent of it: the harness must not agree with the product by construction.

mod body;
mod fields;
mod pattern;
mod reader;

pub use self::{
    body::{BodyFault, Framing},
    fields::Fields,
    pattern::{pattern, pattern_sha256, sha256_hex},
    reader::Gone,
};

pub(crate) use self::{
    body::BodyReader,
    fields::latin1,
    pattern::{count, hex},
    reader::RawReader,
};
