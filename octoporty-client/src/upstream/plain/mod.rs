//! Plain exchanges without hyper: a request that has no body or one of a known length, over HTTP/1.1 without TLS.
//!
//! Most requests are of this kind, and for a small one a general HTTP library costs more than everything else here.
//! The head goes out in one write, from the bytes that came through the tunnel; the answer's head is read once, by the
//! strict check, and turned into the tunnel's form in place. Whatever is not plain takes the other way, through
//! [`UpstreamClient::send`](super::UpstreamClient::send), before anything was sent.

mod answer;
mod body;
mod connection;
mod link;
mod pool;
mod request;
mod upload;

pub(crate) use answer::{PlainAnswer, TellInterim};
pub(crate) use request::PlainRequest;
pub(crate) use upload::{Answering, Upload, UploadError};

pub(super) use connection::PlainClient;
pub(super) use pool::PlainPool;
