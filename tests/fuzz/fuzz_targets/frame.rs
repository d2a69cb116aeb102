//! Hostile messages: nothing panics, nothing is larger than its limit, and what was read survives the wire.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use octoporty_core::{
    frame::{
        Compressor, Frame, FrameHead, Frames, Kind, PREFIX_BYTES_MAX, decompress, put_credit, put_data, put_go_away,
        put_handshake, put_head, put_open, put_ping, put_pong, put_reset, put_trailers,
    },
    limits::{
        CONTROL_PAYLOAD_BYTES_MAX, ENCODED_HEAD_BYTES_MAX, ENCODED_TRAILERS_BYTES_MAX, INLINE_BODY_BYTES_MAX,
        MESSAGE_BYTES_MAX, PIECE_BYTES_MAX,
    },
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(frames) = Frames::new(Bytes::copy_from_slice(bytes)) else {
        assert!(bytes.is_empty() || bytes.len() > MESSAGE_BYTES_MAX);
        return;
    };
    let mut failed = false;
    for frame in frames {
        assert!(!failed, "nothing comes behind an error");
        match frame {
            Ok(frame) => check(&frame),
            Err(_) => failed = true,
        }
    }
    pack(bytes);
});

fn check(frame: &Frame) {
    within_limits(frame);
    let mut out = BytesMut::new();
    encode(frame, &mut out);
    assert!(out.len() <= MESSAGE_BYTES_MAX);
    let again: Vec<Frame> = Frames::new(out.freeze()).and_then(Iterator::collect).expect("our own frames are good");
    if let ([Frame::Reset { reset: again, .. }], Frame::Reset { reset, .. }) = (&again[..], frame) {
        // Detail that is not UTF-8 grows when it is read, and is cut when it is sent on.
        assert_eq!((again.code, again.side), (reset.code, reset.side));
        assert!(reset.detail.starts_with(&again.detail));
    } else {
        assert_eq!(&again[..], std::slice::from_ref(frame));
    }
    if let Frame::Data { payload, packed: Some(plain), .. } = frame {
        if let Ok(unpacked) = decompress(payload, *plain) {
            assert_eq!(unpacked.len(), *plain);
        }
    }
}

fn within_limits(frame: &Frame) {
    match frame {
        Frame::Hello(payload) | Frame::Welcome(payload) | Frame::Refused(payload) | Frame::GoAway(payload) => {
            assert!(payload.len() <= CONTROL_PAYLOAD_BYTES_MAX);
        }
        Frame::Open { stream, head, body, .. } | Frame::Head { stream, head, body, .. } => {
            assert_ne!(*stream, 0);
            assert!(head.len() <= ENCODED_HEAD_BYTES_MAX && body.len() <= INLINE_BODY_BYTES_MAX);
        }
        Frame::Data { stream, payload, packed, .. } => {
            assert_ne!(*stream, 0);
            assert!(payload.len() <= PIECE_BYTES_MAX && packed.is_none_or(|plain| plain <= PIECE_BYTES_MAX));
        }
        Frame::Trailers { stream, block } => {
            assert_ne!(*stream, 0);
            assert!(block.len() <= ENCODED_TRAILERS_BYTES_MAX);
        }
        Frame::Credit { stream, .. } | Frame::Reset { stream, .. } => assert_ne!(*stream, 0),
        Frame::Ping(_) | Frame::Pong(_) => {}
    }
}

fn encode(frame: &Frame, out: &mut BytesMut) {
    match frame {
        Frame::Hello(payload) => put_handshake(out, Kind::Hello, payload),
        Frame::Welcome(payload) => put_handshake(out, Kind::Welcome, payload),
        Frame::Refused(payload) => put_handshake(out, Kind::Refused, payload),
        Frame::Open { stream, end, kind, window, head, body } => {
            put_open(out, *stream, *kind, *window, head, body, *end);
            assert!(out.len() <= PREFIX_BYTES_MAX + head.len() + body.len());
        }
        Frame::Head { stream, end, head, body } => put_head(out, *stream, head, body, *end),
        Frame::Data { stream, end, payload, packed: None } => put_data(out, *stream, payload, false, *end),
        Frame::Data { stream, end, payload, packed: Some(plain) } => {
            // A block and its plain length may together be longer than this side would ever send.
            let plain = u32::try_from(*plain).expect("it is within its limit").to_be_bytes();
            let packed = [&plain[..], payload].concat();
            if packed.len() <= PIECE_BYTES_MAX {
                put_data(out, *stream, &packed, true, *end);
            } else {
                let length = u32::try_from(packed.len()).expect("it is within its limit");
                let head = FrameHead { stream: *stream, kind: Kind::Data, end: *end, compressed: true, length };
                out.extend_from_slice(&head.to_bytes());
                out.extend_from_slice(&packed);
            }
        }
        Frame::Trailers { stream, block } => put_trailers(out, *stream, block),
        Frame::Credit { stream, bytes } => put_credit(out, *stream, *bytes),
        Frame::Reset { stream, reset } => put_reset(out, *stream, reset),
        Frame::Ping(number) => put_ping(out, *number),
        Frame::Pong(number) => put_pong(out, *number),
        Frame::GoAway(payload) => put_go_away(out, payload),
    }
}

/// What is packed unpacks to the same, and only to its own length.
fn pack(bytes: &[u8]) {
    let mut compressor = Compressor::ON;
    let Some(block) = compressor.compress(bytes) else { return };
    assert!(block.len() < bytes.len());
    let (length, block) = block.split_first_chunk::<4>().expect("the plain length is in front");
    let plain = usize::try_from(u32::from_be_bytes(*length)).expect("it is small");
    assert_eq!(decompress(block, plain).as_deref(), Ok(bytes));
    assert!(decompress(block, plain - 1).is_err());
    assert!(decompress(block, plain + 1).is_err());
}
