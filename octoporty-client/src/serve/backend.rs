//! The four kinds of answerers, as a mapping holds them.

use std::{fmt, sync::Arc};

use super::{Accepting, local::ErasedService, pick::ErasedPick};
use crate::upstream::UpstreamTarget;

/// What answers a mapping's requests. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Backend {
    /// One address.
    Fixed(Arc<UpstreamTarget>),
    /// An address that is chosen for each request.
    Picked(Arc<dyn ErasedPick>),
    /// Whoever accepts connections in this process.
    Accepted(Accepting),
    /// A service in this process.
    Local(Arc<dyn ErasedService>),
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(target) => target.fmt(f),
            Self::Picked(_) => f.write_str("a choice of upstreams"),
            Self::Accepted(_) => f.write_str("a listener in this process"),
            Self::Local(_) => f.write_str("a service in this process"),
        }
    }
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Backend({self})")
    }
}
