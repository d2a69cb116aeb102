//! Frames: the unit of the wire. A transport message holds one or more whole frames.
//!
//! ```text
//!  0               1               2               3
//! +---------------------------------------------------------------+
//! |                     stream identifier (32)                    |
//! +---+---+-----------+-------------------------------------------+
//! |END|LZ4| kind (6)  |               payload length (24)         |
//! +---+---+-----------+-------------------------------------------+
//! |                       payload (0 to 2^20 - 8) ...             |
//! +---------------------------------------------------------------+
//! ```
//!
//! All numbers are big-endian. Kinds below 32 must be understood; others are skipped by who does not know them.
//! This layer knows lengths and layouts, not streams: what a frame may do when is `proto`'s.

mod compress;
mod decoder;
mod encoder;
mod error;
mod head;
mod message;
mod reset;

pub use compress::{Compressor, decompress};
pub use decoder::{Frame, Frames, StreamKind};
pub use encoder::{
    PREFIX_BYTES_MAX, put_credit, put_data, put_go_away, put_handshake, put_head, put_open, put_ping, put_pong,
    put_reset, put_trailers,
};
pub use error::FrameError;
pub use head::{FRAME_HEAD_BYTES, FrameHead, Kind};
pub use message::Message;
pub use reset::{Reset, ResetCode, Side};

#[cfg(test)]
mod tests;
