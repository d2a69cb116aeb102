//! What a checked head says about the bytes behind it. Nothing about routing.

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is no body. A Content-Length of 0 is this too.
    None,
    /// So many bytes; never 0.
    Length(u64),
    /// Chunks, then trailers.
    Chunked,
    /// All until the connection ends. Answers only.
    UntilClose,
}

/// What a checked request head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestFacts {
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub version_minor: u8,
    /// How the body ends.
    pub body: BodyFraming,
    /// The visitor asks for a WebSocket, correctly. Any other upgrade is no upgrade (RFC 9110 §7.8).
    pub upgrade: bool,
    /// The visitor holds its body back until a 100 (RFC 9110 §10.1.1). Never without a body.
    pub expects_continue: bool,
    /// The method is HEAD, so the answer has no body.
    pub head_only: bool,
}

/// What kind of request an answer belongs to: its framing depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A HEAD request: no answer to it has a body.
    Head,
    /// A request for a WebSocket: 101 is allowed.
    Upgrade,
    /// Any other request.
    Other,
}

/// What a checked answer head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerFacts {
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub version_minor: u8,
    /// The status code, 100 to 599.
    pub status: u16,
    /// How the body ends.
    pub body: BodyFraming,
}

impl AnswerFacts {
    /// Another head for the same request follows: 1xx, but not 101.
    #[must_use]
    pub const fn is_interim(self) -> bool {
        self.status < 200 && self.status != 101
    }

    /// The connection becomes an opaque pipe behind this head.
    #[must_use]
    pub const fn is_upgrade(self) -> bool {
        self.status == 101
    }
}
