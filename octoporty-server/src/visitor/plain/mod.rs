//! Plain exchanges without hyper: an HTTP/1.1 request that has no body or one of a known length, for a host that has a
//! mapping.
//!
//! Most requests are of this kind, and for a small one a general HTTP library costs more than everything else on the
//! way. The head is read once, by the strict check, and goes into the tunnel from the bytes that it came in; the answer
//! goes to the visitor the same way. A connection that waits for its next request holds no buffer. A body is read piece by
//! piece as the tunnel takes it, and never past its length.
//!
//! Nothing is guessed: a request that is not plain, in whatever way, is left to hyper behind the
//! [`RequestGuard`](octoporty_core::http1::RequestGuard), with its connection and every byte that was read. So is one
//! that the check refuses.

mod answer;
mod connection;
mod exchange;
mod request;
mod upload;
mod write;

pub(super) use connection::{Outcome, serve};
