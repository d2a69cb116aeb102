//! Each frame survives the wire; each malformed one earns its own error.

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;

use super::*;
use crate::limits::{CONTROL_PAYLOAD_BYTES_MAX, ENCODED_HEAD_BYTES_MAX, INLINE_BODY_BYTES_MAX, MESSAGE_BYTES_MAX};

fn decode_all(bytes: impl Into<Bytes>) -> Result<Vec<Frame>, FrameError> {
    Frames::new(bytes.into())?.collect()
}

fn raw(stream: u32, kind: Kind, end: bool, compressed: bool, payload: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    let length = u32::try_from(payload.len()).unwrap();
    out.extend_from_slice(&FrameHead { stream, kind, end, compressed, length }.to_bytes());
    out.extend_from_slice(payload);
    out.freeze()
}

#[test]
fn frames_of_one_message_come_back_in_order() {
    let mut out = BytesMut::new();
    put_ping(&mut out, 7);
    put_open(&mut out, 1, StreamKind::Http, 99, b"head", b"body", true);
    put_head(&mut out, 1, b"answer", b"", false);
    put_data(&mut out, 1, b"bytes", false, false);
    put_trailers(&mut out, 1, b"trailers");
    put_credit(&mut out, 1, 5);
    put_reset(&mut out, 3, &Reset::with_detail(ResetCode::Timeout, Side::Upstream, "slow"));
    put_pong(&mut out, 7);
    put_go_away(&mut out, &Bytes::from_static(b"bye"));
    let frames = decode_all(out.freeze()).unwrap();
    assert_eq!(frames.len(), 9);
    assert_eq!(
        frames[1],
        Frame::Open {
            stream: 1,
            end: true,
            kind: StreamKind::Http,
            window: 99,
            head: Bytes::from_static(b"head"),
            body: Bytes::from_static(b"body"),
        }
    );
    assert_eq!(
        frames[6],
        Frame::Reset { stream: 3, reset: Reset::with_detail(ResetCode::Timeout, Side::Upstream, "slow") }
    );
}

#[test]
fn an_unknown_optional_frame_is_skipped_and_an_unknown_required_one_refused() {
    let mut message = raw(9, Kind::Optional(40), false, false, b"later").to_vec();
    message.extend_from_slice(&raw(0, Kind::Ping, false, false, &[0; 8]));
    assert_eq!(decode_all(message), Ok(vec![Frame::Ping(0)]));
    assert_eq!(decode_all(raw(1, Kind::Unknown(31), false, false, b"")), Err(FrameError::UnknownKind(31)));
}

#[test]
fn messages_are_bounded() {
    // R25
    assert_eq!(decode_all(Bytes::new()), Err(FrameError::EmptyMessage));
    let most = vec![0; MESSAGE_BYTES_MAX + 1];
    assert!(matches!(decode_all(most), Err(FrameError::MessageTooLarge { .. })));
    let whole = raw(1, Kind::Data, false, false, b"abc");
    for cut in 1..whole.len() {
        assert!(matches!(decode_all(whole.slice(..cut)), Err(FrameError::Cut { .. })), "cut at {cut}");
    }
}

#[test]
fn every_malformed_frame_has_its_error() {
    let long_control = vec![0; CONTROL_PAYLOAD_BYTES_MAX + 1];
    let long_head = [vec![1, 1, 128, 1, 0, 0, 0, 0], vec![0; ENCODED_HEAD_BYTES_MAX + 1]].concat();
    let long_body = [vec![0, 0, 0, 0], vec![0; INLINE_BODY_BYTES_MAX + 1]].concat();
    type Case = (Bytes, fn(&FrameError) -> bool);
    let cases: &[Case] = &[
        (raw(1, Kind::Hello, false, false, b""), |e| matches!(e, FrameError::WrongStream { .. })),
        (raw(0, Kind::Hello, true, false, b""), |e| matches!(e, FrameError::WrongFlags { .. })),
        (raw(0, Kind::Welcome, false, false, &long_control), |e| matches!(e, FrameError::TooLong { .. })),
        (raw(0, Kind::Ping, false, false, &[0; 7]), |e| matches!(e, FrameError::TooShort { .. })),
        (raw(0, Kind::Pong, false, false, &[0; 9]), |e| matches!(e, FrameError::TooLong { .. })),
        (raw(0, Kind::Open, false, false, &[1; 8]), |e| matches!(e, FrameError::WrongStream { .. })),
        (raw(1, Kind::Open, false, false, &[1; 7]), |e| matches!(e, FrameError::TooShort { .. })),
        (raw(1, Kind::Open, false, false, &[9, 0, 0, 0, 0, 0, 0, 0]), |e| {
            matches!(e, FrameError::UnknownStreamKind(9))
        }),
        (raw(1, Kind::Open, false, false, &[1, 0, 0, 9, 0, 0, 0, 0]), |e| matches!(e, FrameError::TooShort { .. })),
        (raw(1, Kind::Open, false, false, &long_head), |e| matches!(e, FrameError::TooLong { .. })),
        (raw(1, Kind::Open, false, true, &[1; 8]), |e| matches!(e, FrameError::WrongFlags { .. })),
        (raw(1, Kind::Head, false, false, &long_body), |e| matches!(e, FrameError::TooLong { .. })),
        (raw(0, Kind::Data, false, false, b"x"), |e| matches!(e, FrameError::WrongStream { .. })),
        (raw(1, Kind::Data, false, false, &[0; 65537]), |e| matches!(e, FrameError::TooLong { .. })),
        (raw(1, Kind::Data, false, true, &[0, 1, 0, 1, 5]), |e| matches!(e, FrameError::TooLong { .. })),
        (raw(1, Kind::Data, false, true, &[0, 0]), |e| matches!(e, FrameError::TooShort { .. })),
        (raw(1, Kind::Trailers, false, false, b""), |e| matches!(e, FrameError::WrongFlags { .. })),
        (raw(1, Kind::Credit, false, false, &[0; 3]), |e| matches!(e, FrameError::TooShort { .. })),
        (raw(1, Kind::Reset, false, false, &[0; 2]), |e| matches!(e, FrameError::TooShort { .. })),
        (raw(1, Kind::Reset, false, false, &[0; 260]), |e| matches!(e, FrameError::TooLong { .. })),
    ];
    for (index, (message, is_right)) in cases.iter().enumerate() {
        let error = decode_all(message.clone()).expect_err("a malformed frame");
        assert!(is_right(&error), "case {index}: {error}");
    }
}

#[test]
fn compression_is_given_up_where_it_does_not_pay() {
    let mut compressor = Compressor::ON;
    let text = b"the same words again and again, ".repeat(64);
    let block = compressor.compress(&text).expect("text shrinks");
    assert!(block.len() < text.len() / 4);
    assert_eq!(decompress(&block[4..], text.len()).unwrap(), text);
    // A multiplicative sequence has no matches for LZ4 to find.
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(4096)
    .collect();
    for _ in 0..3 {
        assert!(compressor.compress(&noise).is_none());
    }
    assert!(compressor.compress(&text).is_none(), "three misses end it");
}

#[test]
fn a_block_that_lies_about_its_size_is_refused() {
    // R25
    let text = b"abcabcabcabc".repeat(100);
    let mut compressor = Compressor::ON;
    let block = compressor.compress(&text).unwrap();
    for plain in [text.len() - 1, text.len() + 1, 0] {
        assert_eq!(decompress(&block[4..], plain), Err(FrameError::BadBlock { plain }));
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_or_fail_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _outcome = decode_all(bytes);
    }

    #[test]
    fn open_survives_the_wire(stream in 1_u32.., window: u32, end: bool,
        head in proptest::collection::vec(any::<u8>(), 0..300),
        body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut out = BytesMut::new();
        put_open(&mut out, stream, StreamKind::Upgrade, window, &head, &body, end);
        let expected = Frame::Open {
            stream, end, kind: StreamKind::Upgrade, window, head: head.into(), body: body.into(),
        };
        prop_assert_eq!(decode_all(out.freeze()), Ok(vec![expected]));
    }

    #[test]
    fn blocks_unpack_to_what_was_packed(plain in proptest::collection::vec(0_u8..4, 512..5000)) {
        let mut compressor = Compressor::ON;
        if let Some(block) = compressor.compress(&plain) {
            prop_assert_eq!(decompress(&block[4..], plain.len()).unwrap(), plain);
        }
    }
}
