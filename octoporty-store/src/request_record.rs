//! One exchange, as the request log keeps it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// On which part of the path something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Side {
    /// The internal service.
    Service,
    /// The tunnel between Gateway and Agent.
    Tunnel,
    /// Gateway or Agent.
    Gateway,
    /// The visitor, or what stands between the visitor and the Gateway.
    Visitor,
}

impl Side {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Service, Self::Tunnel, Self::Gateway, Self::Visitor];

    /// A word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Tunnel => "tunnel",
            Self::Gateway => "gateway",
            Self::Visitor => "visitor",
        }
    }
}

/// What kind of exchange it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// A request and its answer.
    #[default]
    Http,
    /// A connection that changed to another protocol, such as WebSocket.
    Upgrade,
}

/// How long each part took, to the microsecond; `None` for what did not happen or is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Phases {
    /// In the Gateway, before the tunnel.
    pub gateway: Option<Duration>,
    /// Through the tunnel.
    pub tunnel: Option<Duration>,
    /// To connect to the upstream.
    pub connect: Option<Duration>,
    /// Until the upstream's head.
    pub wait: Option<Duration>,
    /// From there to the end of the answer.
    pub answer: Option<Duration>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Failure {
    /// Where.
    pub side: Side,
    /// A word for programs, such as `connection-refused`.
    pub cause: String,
    /// A sentence for a person.
    pub message: String,
}

/// Header fields of one exchange, names and values in the order they came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Headers {
    /// The visitor's.
    pub request: Vec<(String, String)>,
    /// The answer's.
    pub response: Vec<(String, String)>,
}

/// One exchange. Texts beyond [`TEXT_BYTES_MAX`](crate::limits::TEXT_BYTES_MAX) are cut when they are written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestRecord {
    /// The request id that the visitor and both programs' logs know it by.
    pub id: Uuid,
    /// When it began, to the millisecond.
    pub at: DateTime<Utc>,
    /// The mapping, if one was found.
    pub mapping: Option<Uuid>,
    /// The method.
    pub method: String,
    /// The host that was asked for.
    pub host: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without the `?`. Secrets in it are masked when it is written (R55).
    pub query: Option<String>,
    /// Such as `HTTP/1.1`.
    pub protocol: String,
    /// What kind it was.
    pub kind: RequestKind,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Bytes of the request's body, or from the visitor on an upgraded connection.
    pub request_bytes: u64,
    /// Bytes of the answer's body, or to the visitor.
    pub response_bytes: u64,
    /// From the first to the last byte, to the microsecond.
    pub duration: Duration,
    /// How long each part took.
    pub phases: Phases,
    /// The visitor's address.
    pub visitor: String,
    /// What the visitor's program says it is.
    pub user_agent: Option<String>,
    /// What went wrong, if something did.
    pub failure: Option<Failure>,
    /// Its header fields, secrets masked when written (R55); `None` for those that are not among the last few
    /// ([`StoreConfig::headers_kept`](crate::StoreConfig::headers_kept)), and always in a page.
    pub headers: Option<Headers>,
}
