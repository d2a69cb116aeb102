//! From frames to bytes: each function appends one whole frame.
//!
//! Callers keep to the limits that the decoder checks; `debug_assert!`s say so where a slip would cost a lane.

use bytes::{BufMut, Bytes, BytesMut};

use super::{
    FRAME_HEAD_BYTES, FrameHead, Kind, Reset, StreamKind,
    decoder::{HEAD_PREFIX_BYTES, OPEN_PREFIX_BYTES},
};
use crate::limits::{ENCODED_HEAD_BYTES_MAX, INLINE_BODY_BYTES_MAX, PIECE_BYTES_MAX};

/// Most bytes that a frame has besides head block, body and payload.
pub const PREFIX_BYTES_MAX: usize = FRAME_HEAD_BYTES + OPEN_PREFIX_BYTES;

/// Appends a `Hello`, `Welcome` or `Refused`.
pub fn put_handshake(out: &mut BytesMut, kind: Kind, payload: &[u8]) {
    put_frame_head(out, 0, kind, false, false, payload.len());
    out.put_slice(payload);
}

/// Appends an `Open`.
pub fn put_open(out: &mut BytesMut, stream: u32, kind: StreamKind, window: u32, head: &[u8], body: &[u8], end: bool) {
    debug_assert!(head.len() <= ENCODED_HEAD_BYTES_MAX && body.len() <= INLINE_BODY_BYTES_MAX);
    let length = OPEN_PREFIX_BYTES + head.len() + body.len();
    put_frame_head(out, stream, Kind::Open, end, false, length);
    out.put_u32(u32::from(kind.bits()) << 24 | length_of(head));
    out.put_u32(window);
    out.put_slice(head);
    out.put_slice(body);
}

/// Appends a `Head`.
pub fn put_head(out: &mut BytesMut, stream: u32, head: &[u8], body: &[u8], end: bool) {
    debug_assert!(head.len() <= ENCODED_HEAD_BYTES_MAX && body.len() <= INLINE_BODY_BYTES_MAX);
    let length = HEAD_PREFIX_BYTES + head.len() + body.len();
    put_frame_head(out, stream, Kind::Head, end, false, length);
    out.put_u32(length_of(head));
    out.put_slice(head);
    out.put_slice(body);
}

/// Appends a `Data`; `packed` says that the payload is what a [`super::Compressor`] made.
pub fn put_data(out: &mut BytesMut, stream: u32, payload: &[u8], packed: bool, end: bool) {
    debug_assert!(payload.len() <= PIECE_BYTES_MAX);
    put_frame_head(out, stream, Kind::Data, end, packed, payload.len());
    out.put_slice(payload);
}

/// Appends `Trailers`.
pub fn put_trailers(out: &mut BytesMut, stream: u32, block: &[u8]) {
    put_frame_head(out, stream, Kind::Trailers, true, false, block.len());
    out.put_slice(block);
}

/// Appends a `Credit`.
pub fn put_credit(out: &mut BytesMut, stream: u32, bytes: u32) {
    put_frame_head(out, stream, Kind::Credit, false, false, 4);
    out.put_u32(bytes);
}

/// Appends a `Reset`.
pub fn put_reset(out: &mut BytesMut, stream: u32, reset: &Reset) {
    put_frame_head(out, stream, Kind::Reset, false, false, reset.payload_bytes());
    reset.encode(out);
}

/// Appends a `Ping`.
pub fn put_ping(out: &mut BytesMut, number: u64) {
    put_frame_head(out, 0, Kind::Ping, false, false, 8);
    out.put_u64(number);
}

/// Appends a `Pong`.
pub fn put_pong(out: &mut BytesMut, number: u64) {
    put_frame_head(out, 0, Kind::Pong, false, false, 8);
    out.put_u64(number);
}

/// Appends a `GoAway`.
pub fn put_go_away(out: &mut BytesMut, payload: &Bytes) {
    put_frame_head(out, 0, Kind::GoAway, false, false, payload.len());
    out.put_slice(payload);
}

fn put_frame_head(out: &mut BytesMut, stream: u32, kind: Kind, end: bool, compressed: bool, length: usize) {
    out.reserve(FRAME_HEAD_BYTES + length);
    let length = u32::try_from(length).expect("payloads are checked against limits far below 2^24");
    out.put_slice(&FrameHead { stream, kind, end, compressed, length }.to_bytes());
}

fn length_of(head: &[u8]) -> u32 {
    u32::try_from(head.len()).expect("heads are checked against a limit far below 2^24")
}
