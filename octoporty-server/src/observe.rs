//! What is told of each exchange when it is over, to programs that embed a Gateway.

use std::time::Duration;

use octoporty_core::id::MappingId;

pub use crate::metrics::Failure;

/// One exchange that is over, as the Gateway saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct VisitRecord {
    /// The mapping.
    pub mapping: MappingId,
    /// The status of the answer; 0 if there was none.
    pub status: u16,
    /// Bytes of bodies towards the visitor.
    pub bytes_to_visitor: u64,
    /// Bytes of bodies from the visitor.
    pub bytes_from_visitor: u64,
    /// From the request's head to the end of its answer.
    pub duration: Duration,
    /// Whose doing it was that it failed, if it did.
    pub failure: Option<Failure>,
}

/// Is told of exchanges.
///
/// It is called on the shard that served the exchange, once, when the exchange is over; several shards may call at once.
/// It must not block: everything else on the shard waits for it. What takes time belongs behind a bounded queue.
pub trait VisitObserver: Send + Sync + 'static {
    /// Takes the record of an exchange.
    fn visit(&self, record: &VisitRecord);
}
