//! Strict reading of HTTP/1 heads and bodies, before and beside hyper.
//!
//! hyper alone lets through what a strict edge must refuse: two Host fields, bare line feeds, repeated codings.
//! So a guard sits between the transport and hyper, checks every raw head and counts every body, and passes
//! the bytes on untouched. What it refuses, hyper never sees.
//!
//! ```text
//! TCP or TLS ──> RequestGuard ──> hyper server ──> service
//!                     └── VerdictQueue ──────────────┘      one verdict for each request, in order
//! upstream  ──> AnswerGuard  ──> hyper client
//!                     └── AnswerExpect <── caller           what request is being answered
//! ```
//!
//! The pure parts, without I/O, are [`check_request_head`], [`check_answer_head`], [`find_head_end`] and
//! [`ChunkedScanner`].

mod answer;
mod answer_flow;
mod answer_guard;
mod chunked;
mod config;
mod error;
mod facts;
mod fields;
mod grammar;
mod guard;
mod head;
mod placeholder;
mod request;
mod request_flow;
mod stash;
mod target;
#[cfg(test)]
mod tests;
mod timer;
mod verdict;
mod websocket;

pub use answer::{CheckedAnswer, check_answer_head, read_answer_head};
pub use answer_flow::AnswerExpect;
pub use answer_guard::AnswerGuard;
pub use chunked::{ChunkedScanner, Content, Scan, is_forbidden_trailer};
pub use config::GuardConfig;
pub use error::{BodyError, ChunkError, HeadError};
pub use facts::{AnswerFacts, BodyFraming, RequestFacts, RequestKind};
pub use fields::Fields;
pub(crate) use grammar::is_token;
pub use guard::RequestGuard;
pub use head::find_head_end;
pub use request::{CheckedRequest, check_request_head, read_request_head};
pub use target::is_valid_host_header;
pub use timer::{BodyClock, Timer};
pub use verdict::{InService, Verdict, VerdictQueue};
