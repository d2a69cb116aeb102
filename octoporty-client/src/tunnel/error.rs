//! Why there is no tunnel, or no endpoint.

use std::time::Duration;

use octoporty_core::host::{HostError, HostPattern};

use crate::{Failure, connect::DialError};

/// Why there is no tunnel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A setting without which there is nothing to dial.
    #[error("the tunnel's builder needs `{setting}`")]
    Missing {
        /// The builder's method.
        setting: &'static str,
    },
    /// A setting that cannot be.
    #[error(transparent)]
    Settings(#[from] DialError),
    /// Something that only a person can mend, such as a wrong key.
    #[error(transparent)]
    Refused(Failure),
    /// The time that [`TunnelBuilder::give_up_after`](crate::TunnelBuilder::give_up_after) allows ran out.
    #[error("no tunnel within {} s{}", after.as_secs_f32(), because(last.as_ref()))]
    TimedOut {
        /// The limit.
        after: Duration,
        /// Why the last try failed, if one did.
        last: Option<Failure>,
    },
}

fn because(last: Option<&Failure>) -> String {
    last.map_or_else(String::new, |failure| format!(": {failure}"))
}

impl ConnectError {
    /// A word for programs and statistics, such as `wrong-key`. It stays the same over versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing-setting",
            Self::Settings(error) => error.code(),
            Self::Refused(failure) => failure.code(),
            Self::TimedOut { .. } => "timed-out",
        }
    }

    /// Whether the same call may succeed later, without a person's help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Missing { .. } => false,
            Self::Settings(error) => error.is_retryable(),
            Self::Refused(failure) => failure.is_retryable(),
            Self::TimedOut { .. } => true,
        }
    }
}

/// Why an endpoint is not online.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The host is none.
    #[error("the endpoint's host cannot be used: {0}")]
    Host(#[from] HostError),
    /// This tunnel has an endpoint of that name already.
    #[error("this tunnel has an endpoint for {host} already")]
    InUse {
        /// The host.
        host: HostPattern,
    },
    /// The Gateway refused it.
    #[error("the gateway does not take {host}: {message}")]
    Refused {
        /// The host.
        host: HostPattern,
        /// For programs: `taken`, `reserved`, `not-allowed`.
        reason: String,
        /// For people.
        message: String,
    },
    /// The Gateway gives out no names of its own.
    #[error("the gateway gives out no names (Gateway__ShareDomain is not set there); name a host")]
    NoShareDomain,
    /// The tunnel has more endpoints than it may.
    #[error("the tunnel has {most} endpoints, no more are possible")]
    TooMany {
        /// Most endpoints.
        most: usize,
    },
    /// The tunnel is closed.
    #[error("the tunnel is closed")]
    Closed,
}

impl EndpointError {
    /// A word for programs and statistics. It stays the same over versions.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Host(_) => "host",
            Self::InUse { .. } => "in-use",
            Self::Refused { reason, .. } => match reason.as_str() {
                "taken" => "taken",
                "reserved" => "reserved",
                "not-allowed" => "not-allowed",
                _ => "refused",
            },
            Self::NoShareDomain => "no-share-domain",
            Self::TooMany { .. } => "too-many",
            Self::Closed => "closed",
        }
    }

    /// Whether the same call may succeed later, without a person's help: another Agent may give a host up.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.code() == "taken"
    }
}
