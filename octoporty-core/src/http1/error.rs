//! Why a head or a body was refused, and the status code that says so to a visitor.

use crate::limits;

/// Why a head was refused.
///
/// In a request it is the visitor's doing and [`status`](Self::status) is the answer. In an answer it is the
/// upstream's doing, and the visitor gets 502 whatever the variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadError {
    /// The head does not end where the input ends. Only the checks of whole heads say this.
    #[error("the head is not complete")]
    Incomplete,
    /// The request line is not `method SP target SP version` (R07).
    #[error("the request line is not a method, a target and a version with one space between")]
    RequestLine,
    /// The method is longer than any that could be meant (R07).
    #[error("the method is longer than {} bytes", limits::METHOD_BYTES_MAX)]
    MethodTooLong,
    /// The method is CONNECT or TRACE, which a reverse proxy does not serve (R07).
    #[error("the method is CONNECT or TRACE")]
    MethodNotAllowed,
    /// The target is too long (R07).
    #[error("the target is longer than {} bytes", limits::TARGET_BYTES_MAX)]
    TargetTooLong,
    /// The target has a byte that no target may have: a control, a `#`, or one outside ASCII (R07).
    #[error("the target has a byte that is not allowed there")]
    TargetByte,
    /// The target is neither a path nor an `http` or `https` URI, nor `*` in an OPTIONS request (R07).
    #[error("the target has a form that is not served")]
    TargetForm,
    /// The version is not HTTP/1.0 or HTTP/1.1 (R07).
    #[error("the version is not http/1.0 or http/1.1")]
    Version,
    /// A line ends with a line feed alone (R03).
    #[error("a line feed without a carriage return")]
    BareLf,
    /// A carriage return stands without a line feed (R03).
    #[error("a carriage return without a line feed")]
    BareCr,
    /// A NUL or another control byte (R03).
    #[error("a control byte in a field")]
    Control,
    /// A field line starts with white space: obsolete folding (R03, RFC 9112 §5.2).
    #[error("a folded field line")]
    ObsFold,
    /// White space between a field name and its colon (R03, RFC 9112 §5.1).
    #[error("white space before a colon")]
    SpaceBeforeColon,
    /// A field name that is empty or no token (R03).
    #[error("a field name that is not a token")]
    FieldName,
    /// A field line without a colon (R03).
    #[error("a field line without a colon")]
    MissingColon,
    /// More fields than a head of its kind may have (R15).
    #[error("more than {limit} fields")]
    TooManyFields {
        /// Most fields of such a head.
        limit: usize,
    },
    /// One field is too large (R15).
    #[error("a field of {bytes} bytes, of {} at most", limits::FIELD_BYTES_MAX)]
    FieldTooLarge {
        /// Bytes of its name and its value.
        bytes: usize,
    },
    /// The head is too large (R15, R16).
    #[error("a head larger than {limit} bytes")]
    HeadTooLarge {
        /// Most bytes of such a head.
        limit: usize,
    },
    /// A Content-Length that is a list, signed, not a number, or too large (R01).
    #[error("a content-length that is not one plain number")]
    ContentLength,
    /// Content-Length occurs twice, even with one value (R01).
    #[error("more than one content-length")]
    ContentLengthRepeated,
    /// Both Content-Length and Transfer-Encoding (R01).
    #[error("both content-length and transfer-encoding")]
    LengthAndCoding,
    /// A Transfer-Encoding that does not end in one `chunked`, is repeated, or is no list of codings (R02).
    #[error("a transfer-encoding other than chunked")]
    TransferEncoding,
    /// A well-formed Transfer-Encoding with a coding below `chunked` (R02, RFC 9112 §6.1).
    #[error("a transfer coding that is not known")]
    TransferCodingUnknown,
    /// Transfer-Encoding in an HTTP/1.0 message (R02).
    #[error("transfer-encoding in an http/1.0 message")]
    TransferEncodingVersion,
    /// No Host in an HTTP/1.1 request (R08).
    #[error("no host")]
    HostMissing,
    /// More than one Host (R08).
    #[error("more than one host")]
    HostRepeated,
    /// A Host that is not a name or an address with an optional port (R08).
    #[error("a host that is not valid")]
    Host,
    /// The authority of an absolute target is not the Host (R08).
    #[error("the authority of the target is not the host")]
    AuthorityMismatch,
    /// An expectation other than `100-continue`.
    #[error("an expectation that is not known")]
    Expectation,
    /// A WebSocket upgrade with a version other than 13 (R14). The answer names version 13.
    #[error("a websocket version other than 13")]
    UpgradeVersion,
    /// A WebSocket upgrade without one key of 16 bytes in base64 (R14).
    #[error("a websocket upgrade without one valid key")]
    UpgradeKey,
    /// A WebSocket upgrade with a body (R14).
    #[error("a websocket upgrade with a body")]
    UpgradeBody,
    /// The head was not complete in time (R15).
    #[error("the head did not come in time")]
    Timeout,
    /// An answer that does not begin as HTTP/1 does. The service speaks something else.
    #[error("the upstream does not speak http/1")]
    NotHttp,
    /// An answer that is a TLS record: the service expects TLS, or refuses plain text.
    #[error("the upstream speaks tls")]
    TlsInstead,
    /// A status line without a code from 100 to 599.
    #[error("a status line that is not valid")]
    StatusLine,
    /// A 101 that was not asked for, or does not say that it switches to WebSocket (R14).
    #[error("an upgrade that was not asked for")]
    UpgradeUnasked,
    /// Too many 1xx answers before the final one.
    #[error("more than {} interim answers", limits::HEADS_PER_STREAM_MAX)]
    TooManyInterim,
    /// Bytes that belong to no request (R16).
    #[error("bytes after the end of an answer")]
    Tail,
    /// The chunked body of an answer is malformed (R16).
    #[error("a malformed chunked body")]
    Body(#[source] ChunkError),
}

impl HeadError {
    /// The status code that tells a visitor why the request was refused.
    ///
    /// What an upstream has done is 502.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::MethodNotAllowed => 405,
            Self::Timeout => 408,
            Self::TargetTooLong => 414,
            Self::Expectation => 417,
            Self::UpgradeVersion => 426,
            Self::TooManyFields { .. } | Self::FieldTooLarge { .. } | Self::HeadTooLarge { .. } => 431,
            Self::MethodTooLong | Self::TransferCodingUnknown => 501,
            Self::NotHttp
            | Self::TlsInstead
            | Self::StatusLine
            | Self::UpgradeUnasked
            | Self::TooManyInterim
            | Self::Tail
            | Self::Body(_) => 502,
            Self::Version => 505,
            Self::Incomplete
            | Self::RequestLine
            | Self::TargetByte
            | Self::TargetForm
            | Self::BareLf
            | Self::BareCr
            | Self::Control
            | Self::ObsFold
            | Self::SpaceBeforeColon
            | Self::FieldName
            | Self::MissingColon
            | Self::ContentLength
            | Self::ContentLengthRepeated
            | Self::LengthAndCoding
            | Self::TransferEncoding
            | Self::TransferEncodingVersion
            | Self::HostMissing
            | Self::HostRepeated
            | Self::Host
            | Self::AuthorityMismatch
            | Self::UpgradeKey
            | Self::UpgradeBody => 400,
        }
    }
}

/// Why a chunked body was refused (R04, R05). Its sender's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// A chunk size that does not start with a hexadecimal digit, or is followed by what may not follow it.
    #[error("a chunk size that is not hexadecimal")]
    Size,
    /// A chunk size with too many digits.
    #[error("a chunk size of more than {} digits", limits::CHUNK_SIZE_DIGITS_MAX)]
    SizeTooLong,
    /// A line that does not end with CRLF, or chunk data longer than its size.
    #[error("a chunk line without crlf")]
    LineEnd,
    /// A control byte in an extension.
    #[error("a control byte in a chunk extension")]
    Extension,
    /// Too many extension bytes, in one chunk or in the whole body.
    #[error("too many bytes of chunk extensions")]
    ExtensionTooLarge,
    /// A trailer line that is no field: bad name, no colon, folded, or with a control byte.
    #[error("a trailer that is not a field")]
    Trailer,
    /// Too many trailers, or too many bytes of them.
    #[error("more trailers than {} fields or {} bytes", limits::TRAILERS_MAX, limits::TRAILER_BYTES_MAX)]
    TrailersTooLarge,
}

/// Why a request body was cut off. The visitor's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The chunked framing is malformed (R04, R05).
    #[error("a malformed chunked body")]
    Chunk(#[source] ChunkError),
    /// Nothing came for too long (R15).
    #[error("the body paused for too long")]
    Idle,
    /// The body came too slowly on average (R15).
    #[error("the body came too slowly")]
    TooSlow,
}

impl BodyError {
    /// The status code for a visitor whose request was not answered yet.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Chunk(_) => 400,
            Self::Idle | Self::TooSlow => 408,
        }
    }
}
