//! Every bound of the protocol and of the HTTP edge: its unit, and why it is what it is.
//!
//! Each value is a default or a hard cap; what may be configured lives in the `Config` types, which check
//! against the caps here. Tests try each limit at the limit and one past it.

use std::time::Duration;

// Messages and frames.

/// Largest transport message in bytes. A writer stays far below ([`MESSAGE_BYTES_TARGET`]); a reader refuses
/// more before it allocates, so that a peer cannot make it reserve memory (R25).
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Bytes at which a writer closes a message that merges small frames: one header, one mask and one system call
/// for all of them, yet short enough that an urgent frame behind it waits little.
pub const MESSAGE_BYTES_TARGET: usize = 64 << 10;

/// Most payload bytes of one `Data` frame while no other stream waits to send bulk. Larger pieces cost less
/// work per byte; 64 KiB is where the gain ends.
pub const PIECE_BYTES_MAX: usize = 64 << 10;

/// Most payload bytes of one `Data` frame while other streams wait to send bulk, so that each turn is short (R29).
pub const PIECE_BYTES_SHARED: usize = 32 << 10;

/// Largest encoded HTTP head in bytes, in `Open` and `Head` frames. The edge takes heads of
/// [`HEAD_BYTES_MAX`]; encoding adds lengths and forwarding fields, hence the room on top.
pub const ENCODED_HEAD_BYTES_MAX: usize = 96 << 10;

/// Most body bytes that ride inside an `Open` or `Head` frame. They are outside flow control, so this times the
/// streams of a lane bounds them.
pub const INLINE_BODY_BYTES_MAX: usize = 16 << 10;

/// Largest payload in bytes of the small control frames: `Hello`, `Welcome`, `Refused`, `GoAway`.
pub const CONTROL_PAYLOAD_BYTES_MAX: usize = 4 << 10;

/// Longest sentence for people in bytes that goes into a `GoAway` or `Refused`; longer text is cut.
pub const SENTENCE_BYTES_MAX: usize = 1 << 10;

/// Largest encoded trailer block in bytes: [`TRAILER_BYTES_MAX`] and the lengths that encoding adds.
pub const ENCODED_TRAILERS_BYTES_MAX: usize = 24 << 10;

/// Deepest nesting that a MessagePack value from a peer may have (R26).
pub const MESSAGE_PACK_DEPTH_MAX: usize = 16;

/// Most routes of one MessagePack array, and most refusals that one answer lists (R26). Other lists have bounds of their
/// own, or that of the message that they are in.
pub const MESSAGE_PACK_ENTRIES_MAX: usize = 1024;

/// Shortest `Data` payload worth compressing, in bytes; below it the block header eats the gain.
pub const COMPRESS_BYTES_MIN: usize = 512;

/// After this many blocks in a row that LZ4 did not shrink by an eighth, a stream stops trying.
pub const COMPRESS_MISSES_MAX: u8 = 3;

// Streams and flow control.

/// Streams that may be open on one lane at once, by default: ten thousand idle WebSockets and as many requests beside
/// them as a busy machine has. Times [`INLINE_BODY_BYTES_MAX`] this bounds what inlined bodies can hold.
pub const STREAMS_MAX: u32 = 16_384;

/// How long a request waits for room on a lane that has as many streams as it may, or too much to send. Streams that
/// are as long-lived as WebSockets may never make room, and who waits should learn of it.
pub const ROOM_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes that a receiver grants a stream at its start by default (R28).
pub const STREAM_WINDOW_BYTES: u32 = 256 << 10;

/// Bytes that a receiver grants a stream at its start when the lane's budget is nearly used up. A small answer
/// still passes at once, so stalled streams cannot starve the others.
pub const STREAM_WINDOW_BYTES_MIN: u32 = 16 << 10;

/// Largest window that one stream can grow to, in bytes: 4 MiB carry 320 Mbit/s over 100 ms.
pub const STREAM_WINDOW_BYTES_MAX: u32 = 4 << 20;

/// Window of a bulk stream while at most [`BULK_STREAMS_FEW`] share the lane and the path is short.
pub const STREAM_WINDOW_BYTES_FEW: u32 = 512 << 10;

/// How many bulk streams may have the larger window at once: more, and small answers behind them wait longer.
pub const BULK_STREAMS_FEW: usize = 2;

/// Bytes that a lane's receiver grants in all, beyond the minimum window of each stream (R28).
pub const LANE_BUDGET_BYTES: u64 = 16 << 20;

/// Bytes that a stream may hold ready for sending, whatever credit it has. A writer past it waits.
pub const SEND_BUFFER_BYTES: usize = 128 << 10;

/// Bytes of urgent frames (heads, inlined bodies) that may wait for the transport before openers wait too.
pub const URGENT_QUEUE_BYTES: usize = 1 << 20;

/// Bytes of urgent frames that may wait while the peer goes on opening streams: those that this side may queue by
/// itself, and nearly 200 more for each of [`STREAMS_MAX`], as resets with a detail have. Past it the peer does not read
/// what it asks for (R28).
pub const URGENT_QUEUE_BYTES_MAX: usize = 4 << 20;

/// Messages of an answer that may come before its final head (RFC 9110 §15.2: 1xx responses).
pub const HEADS_PER_STREAM_MAX: u8 = 16;

/// Frames for streams that are already closed that a peer may send before the lane ends (R27). A stream that
/// this side reset adds [`STALE_FRAMES_PER_RESET`]: what was on its way is not the peer's fault.
pub const STALE_FRAMES_MAX: u32 = 1000;

/// Late frames that each local reset allows for, besides one for each [`STALE_BYTES_PER_FRAME`] of unused credit.
pub const STALE_FRAMES_PER_RESET: u32 = 64;

/// Bytes of unused credit that excuse one late frame: streams of events send frames as small as this, and a window
/// full of them may be under way.
pub const STALE_BYTES_PER_FRAME: u32 = 64;

/// Streams that a peer may open in a second. Far above any honest load on one lane, far below what would hurt.
pub const OPENS_PER_SECOND_MAX: u32 = 200_000;

/// Resets that a peer may send in a second before the lane ends: visitors leave, but not that fast.
pub const RESETS_PER_SECOND_MAX: u32 = 20_000;

// Lanes and sessions.

/// Most lanes of one session.
pub const LANES_MAX: u8 = 8;

/// A ping goes out this often (R30).
pub const PING_INTERVAL: Duration = Duration::from_secs(5);

/// A lane on which nothing arrived for this long is dead (R30).
pub const LIVENESS_TIMEOUT: Duration = Duration::from_secs(15);

/// The first message of a connection must arrive within this time after the upgrade (R23).
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests for a known domain wait for a lost tunnel to return (R31).
pub const GRACE_PERIOD: Duration = Duration::from_secs(10);

/// How long what is in flight may take to finish when a program stops.
pub const DRAIN_PERIOD: Duration = Duration::from_secs(30);

/// Mappings that one Agent may announce.
pub const MAPPINGS_MAX: usize = 100_000;

// The HTTP edge (R15).

/// Largest request head in bytes, request line and fields together.
pub const HEAD_BYTES_MAX: usize = 64 << 10;

/// Largest answer head in bytes that is taken from an upstream (R16).
pub const ANSWER_HEAD_BYTES_MAX: usize = 128 << 10;

/// Most header fields of a request.
pub const FIELDS_MAX: usize = 100;

/// Most header fields of an answer: as many as hyper parses without allocating for them.
pub const ANSWER_FIELDS_MAX: usize = 100;

/// Largest single header field in bytes, name and value together.
pub const FIELD_BYTES_MAX: usize = 32 << 10;

/// Longest request target in bytes (R07).
pub const TARGET_BYTES_MAX: usize = 8 << 10;

/// Longest method token in bytes (R07).
pub const METHOD_BYTES_MAX: usize = 32;

/// Most digits of a chunk size (R04).
pub const CHUNK_SIZE_DIGITS_MAX: usize = 16;

/// Most extension bytes of one chunk (R04).
pub const CHUNK_EXTENSION_BYTES_MAX: usize = 256;

/// Most extension bytes of one body (R04).
pub const BODY_EXTENSION_BYTES_MAX: usize = 16 << 10;

/// Most trailer fields of a message (R05).
pub const TRAILERS_MAX: usize = 64;

/// Most trailer bytes of a message (R05).
pub const TRAILER_BYTES_MAX: usize = 16 << 10;

/// A request head must be complete within this time of its first byte.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(20);

/// A kept-alive connection without a request is closed after this time.
pub const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(75);

/// A body may pause for this long.
pub const BODY_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// After [`BODY_RATE_GRACE`], a request body must come at this many bytes a second on average.
pub const BODY_RATE_BYTES_MIN: u64 = 100;

/// How long a request body may be slower than [`BODY_RATE_BYTES_MIN`].
pub const BODY_RATE_GRACE: Duration = Duration::from_secs(60);

/// Bytes of an unread request body that are drained before a connection is closed (R06).
pub const DRAIN_BODY_BYTES_MAX: u64 = 64 << 10;

/// How long an unread request body is drained (R06).
pub const DRAIN_BODY_TIMEOUT: Duration = Duration::from_secs(1);

/// Visitors' connections that one address, or one /64 of IPv6, may hold (R20).
pub const CONNECTIONS_PER_ADDRESS_MAX: usize = 256;

/// Visitors' connections in all (R20).
pub const CONNECTIONS_MAX: usize = 65_536;

/// Exchanges of one mapping that may be open at once, WebSockets among them (R20): half of [`CONNECTIONS_MAX`], so that no
/// mapping takes all of them.
pub const EXCHANGES_PER_MAPPING_MAX: usize = CONNECTIONS_MAX / 2;

/// An upgraded connection on which nothing passes in either direction is closed after this time.
pub const UPGRADE_IDLE_TIMEOUT: Duration = Duration::from_secs(3600);
