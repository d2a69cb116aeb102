//! Why the proxy in front could not be read or written.

use std::{io, net::IpAddr, time::Duration};

/// A pass that failed. The routes that the proxy has stay as they are, and the next pass tries again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EdgeError {
    /// Nobody listens there, the name is unknown, or the connection broke before an answer.
    #[error("no connection to {address}")]
    Unreachable {
        /// Where to.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The admin API's name led to a public address, where everybody on the way could read and change it (R63).
    #[error("{address} is {found}, which is neither loopback nor private, so it is not dialled")]
    NotPrivate {
        /// The configured address.
        address: String,
        /// What it was resolved to.
        found: IpAddr,
    },
    /// No whole answer in time.
    #[error("no whole answer within {after:?}")]
    TimedOut {
        /// How long it was waited for.
        after: Duration,
    },
    /// The answer is larger than any sane configuration.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// Most bytes that are read.
        limit: usize,
    },
    /// The proxy answered, and said no.
    #[error("refused with status {status}: {message}")]
    Refused {
        /// The status code.
        status: u16,
        /// What the proxy said, cut to a sane length.
        message: String,
    },
    /// Others changed the configuration each time between reading and writing it.
    #[error("the configuration changed under each of {tries} tries to write it")]
    Contended {
        /// How often it was tried.
        tries: u32,
    },
    /// The answer is no HTTP, or no JSON of the form that it should have.
    #[error("not understood: {what}")]
    NotUnderstood {
        /// What is wrong with it.
        what: String,
    },
}

impl EdgeError {
    /// A word for the kind of failure, so that a log can tell a new one from the same again.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::NotPrivate { .. } => "not-private",
            Self::TimedOut { .. } => "timed-out",
            Self::TooLarge { .. } => "too-large",
            Self::Refused { .. } => "refused",
            Self::Contended { .. } => "contended",
            Self::NotUnderstood { .. } => "not-understood",
        }
    }
}
