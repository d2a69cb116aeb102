//! Binary WebSocket messages, over real sockets and against raw bytes.

use std::{io, time::Duration};

use futures::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::WebSocketStream;
use tungstenite::{
    Message,
    protocol::{Role, frame::coding::CloseCode},
};

use super::{check_promises, drain_and_refill, fill, message};
use crate::{
    limits::MESSAGE_BYTES_MAX,
    transport::{TransportError, WebSocket, websocket::accept_key},
};

/// Frames of a client with the mask 0, so that the payload is readable.
fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first_byte];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).unwrap()),
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

const FINAL: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

async fn sockets() -> (WebSocket<TcpStream>, WebSocket<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (dialled, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    (WebSocket::client(dialled.unwrap(), &[]), WebSocket::server(accepted.unwrap().0, &[]))
}

/// A server's end, and the raw bytes of its peer.
fn raw() -> (DuplexStream, WebSocket<DuplexStream>) {
    let (raw, end) = duplex(4 << 20);
    (raw, WebSocket::server(end, &[]))
}

#[tokio::test]
async fn keeps_its_promises_over_sockets_when_the_client_closes() {
    let (client, server) = sockets().await;
    check_promises(client, server).await;
}

#[tokio::test]
async fn keeps_its_promises_over_sockets_when_the_server_closes() {
    let (client, server) = sockets().await;
    check_promises(server, client).await;
}

#[tokio::test]
async fn bytes_behind_the_handshake_are_read_first() {
    let (mut raw, end) = duplex(1000);
    let mut server = WebSocket::server(end, &frame(FINAL | BINARY, b"early")[..7]);
    raw.write_all(&frame(FINAL | BINARY, b"early")[7..]).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), "early");
}

#[tokio::test]
async fn a_sender_waits_while_nobody_reads() {
    let (a, b) = duplex(1000);
    let (mut a, mut b) = (WebSocket::client(a, &[]), WebSocket::server(b, &[]));
    let sent = fill(&mut a, 64 << 10).await;
    assert!(sent <= (128 << 10) + (64 << 10), "{sent} bytes were taken");
    drain_and_refill(&mut a, &mut b, sent).await;
}

#[tokio::test]
async fn messages_are_not_written_before_a_flush() {
    let (mut raw, mut server) = raw();
    server.feed(message(100, 0).into()).await.unwrap();
    let mut bytes = [0; 102];
    assert!(futures::poll!(std::pin::pin!(raw.read(&mut bytes))).is_pending());
    server.flush().await.unwrap();
    raw.read_exact(&mut bytes).await.unwrap();
    assert_eq!(bytes[..2], [FINAL | BINARY, 100]);
}

#[tokio::test]
async fn payloads_of_one_read_share_its_buffer() {
    let (mut raw, mut server) = raw();
    raw.write_all(&[frame(FINAL | BINARY, b"one"), frame(FINAL | BINARY, b"two")].concat()).await.unwrap();
    let first = server.next().await.unwrap().unwrap();
    let second = server.next().await.unwrap().unwrap();
    assert_eq!(first.as_ptr() as usize + 3 + 6, second.as_ptr() as usize);
}

#[tokio::test]
async fn a_fragmented_message_arrives_as_one() {
    let (mut raw, mut server) = raw();
    let frames = [
        frame(BINARY, b"a"),
        frame(FINAL | PING, b"between"),
        frame(CONTINUATION, b""),
        frame(FINAL | CONTINUATION, b"b"),
    ];
    raw.write_all(&frames.concat()).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), "ab");
}

/// R25
#[tokio::test]
async fn fragments_may_fill_the_limit_but_not_pass_it() {
    let half = vec![0; MESSAGE_BYTES_MAX / 2];
    let (mut raw, mut server) = raw();
    raw.write_all(&[frame(BINARY, &half), frame(FINAL | CONTINUATION, &half)].concat()).await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap().len(), MESSAGE_BYTES_MAX);
    raw.write_all(&[frame(BINARY, &half), frame(CONTINUATION, &half), frame(CONTINUATION, b"1")].concat())
        .await
        .unwrap();
    check_refusal(&mut raw, &mut server, CloseCode::Size, |error| {
        matches!(error, TransportError::TooLarge { limit: MESSAGE_BYTES_MAX, actual } if *actual == MESSAGE_BYTES_MAX + 1)
    })
    .await;
}

/// R25
#[tokio::test]
async fn a_length_one_past_the_limit_is_refused_before_the_message_comes() {
    for length in [MESSAGE_BYTES_MAX as u64 + 1, u64::MAX] {
        let (mut raw, mut server) = raw();
        raw.write_all(&[&[FINAL | BINARY, 0x80 | 127][..], &length.to_be_bytes(), &[0; 4]].concat()).await.unwrap();
        check_refusal(
            &mut raw,
            &mut server,
            CloseCode::Size,
            |error| matches!(error, TransportError::TooLarge { actual, .. } if *actual as u64 == length),
        )
        .await;
    }
}

#[tokio::test]
async fn text_is_refused() {
    let (mut raw, mut server) = raw();
    raw.write_all(&frame(FINAL | TEXT, b"hello")).await.unwrap();
    check_refusal(&mut raw, &mut server, CloseCode::Unsupported, |error| matches!(error, TransportError::NotBinary))
        .await;
}

#[tokio::test]
async fn frames_against_the_protocol_are_refused() {
    let unmasked = vec![FINAL | BINARY, 1, b'x'];
    let cases = [
        unmasked,
        frame(FINAL | CONTINUATION, b"of nothing"),
        frame(FINAL | 0x3, b"reserved kind"),
        frame(FINAL | 0x40 | BINARY, b"reserved bit"),
        frame(PING, b"fragmented control"),
        frame(FINAL | PING, &[0; 126]),
        [frame(BINARY, b"a"), frame(FINAL | BINARY, b"message inside a message")].concat(),
    ];
    for bytes in cases {
        let (mut raw, mut server) = raw();
        raw.write_all(&bytes).await.unwrap();
        check_refusal(&mut raw, &mut server, CloseCode::Protocol, |error| {
            matches!(error, TransportError::WebSocket(_))
        })
        .await;
    }
}

#[tokio::test]
async fn pings_are_answered_and_not_seen() {
    let (mut raw, mut server) = raw();
    raw.write_all(&[frame(FINAL | PING, b"life?"), frame(FINAL | PONG, b"")].concat()).await.unwrap();
    assert!(futures::poll!(server.next()).is_pending());
    let mut answer = [0; 7];
    raw.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x8a\x05life?");
}

#[tokio::test]
async fn a_peer_that_reads_no_answers_makes_nothing_pile_up() {
    let (mut raw, end) = duplex(200);
    let mut server = WebSocket::server(end, &[]);
    for _ in 0..20 {
        let pings = frame(FINAL | PING, &[7; 100]);
        raw.write_all(&[&pings[..], &frame(FINAL | BINARY, b"x")].concat()).await.unwrap();
        assert_eq!(server.next().await.unwrap().unwrap(), "x");
    }
    // It is still heard, and still told.
    let (sent, answer) = tokio::join!(server.send(message(1, 1).into()), async {
        let mut read = Vec::new();
        while !read.ends_with(&[FINAL | BINARY, 1, 1]) {
            read.push(raw.read_u8().await.unwrap());
        }
        read
    });
    sent.unwrap();
    assert!(answer.starts_with(&[FINAL | PONG, 100]));
}

#[tokio::test]
async fn another_implementation_gets_what_it_is_sent() {
    let lengths = [0, 1, 125, 126, 8 << 10, (8 << 10) + 1, 65_535, 65_536, 300_000];
    let (ours, theirs) = duplex(1 << 20);
    let mut ours = WebSocket::client(ours, &[]);
    let mut theirs = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
    for (length, fill) in lengths.into_iter().zip(1..) {
        let (sent, got) = tokio::join!(ours.send(message(length, fill).into()), theirs.next());
        sent.unwrap();
        assert_eq!(got.unwrap().unwrap(), Message::Binary(message(length, fill)));
        let (sent, got) = tokio::join!(theirs.send(Message::Binary(message(length, fill))), ours.next());
        sent.unwrap();
        assert_eq!(got.unwrap().unwrap(), message(length, fill));
    }
}

#[tokio::test]
async fn a_flood_of_pings_is_refused() {
    let (mut raw, mut server) = raw();
    let pings = frame(FINAL | PING, b"").repeat(1000);
    for _ in 0..2 {
        raw.write_all(&[&pings[..], &frame(FINAL | BINARY, b"x")].concat()).await.unwrap();
        assert_eq!(server.next().await.unwrap().unwrap(), "x");
    }
    raw.write_all(&[&pings[..], &frame(FINAL | PONG, b"")].concat()).await.unwrap();
    let error = server.next().await.unwrap().unwrap_err();
    assert!(matches!(error, TransportError::WebSocket(_)));
}

#[tokio::test]
async fn closing_sends_the_code_that_was_chosen() {
    for (going_away, code) in [(false, CloseCode::Normal), (true, CloseCode::Away)] {
        let (client_end, server_end) = duplex(1000);
        let mut client = WebSocket::client(client_end, &[]);
        if going_away {
            client = client.going_away();
        }
        let mut server = WebSocketStream::from_raw_socket(server_end, Role::Server, None).await;
        let (closed, received) = tokio::join!(client.close(), async {
            let received = server.next().await;
            assert!(server.next().await.is_none());
            received
        });
        closed.unwrap();
        assert!(matches!(received, Some(Ok(Message::Close(Some(frame)))) if frame.code == code));
    }
}

#[tokio::test]
async fn a_close_frame_ends_the_stream_and_is_answered() {
    let (mut raw, mut server) = raw();
    raw.write_all(&[frame(FINAL | BINARY, b"last"), frame(FINAL | CLOSE, &1001u16.to_be_bytes())].concat())
        .await
        .unwrap();
    assert_eq!(server.next().await.unwrap().unwrap(), "last");
    assert!(server.next().await.is_none());
    assert!(matches!(server.send(message(1, 1).into()).await, Err(TransportError::Closed)));
    server.close().await.unwrap();
    drop(server);
    let mut answer = Vec::new();
    raw.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, [FINAL | CLOSE, 2, 3, 0xe9]);
}

#[tokio::test]
async fn a_peer_that_goes_without_closing_is_an_error() {
    let (raw, mut server) = raw();
    drop(raw);
    let error = server.next().await.unwrap().unwrap_err();
    assert!(matches!(error, TransportError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof));
    assert!(server.next().await.is_none());
    server.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_long_for_a_peer_that_does_not_answer() {
    let (_raw, mut server) = raw();
    let started = tokio::time::Instant::now();
    let error = server.close().await.unwrap_err();
    assert!(matches!(error, TransportError::Io(error) if error.kind() == io::ErrorKind::TimedOut));
    assert_eq!(started.elapsed(), Duration::from_secs(2));
}

#[test]
fn the_accept_key_is_that_of_the_standard() {
    // The example of RFC 6455 §1.3.
    assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/// The error is final, and closing tells the peer its code.
async fn check_refusal(
    raw: &mut DuplexStream,
    server: &mut WebSocket<DuplexStream>,
    code: CloseCode,
    expected: impl Fn(&TransportError) -> bool,
) {
    let error = server.next().await.unwrap().unwrap_err();
    assert!(expected(&error), "{error:?}");
    assert!(server.next().await.is_none(), "an error is final");
    server.close().await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(&u16::from(code).to_be_bytes()) {
        answer.push(raw.read_u8().await.unwrap());
    }
    assert!(answer.ends_with(&[&[FINAL | CLOSE, 2][..], &u16::from(code).to_be_bytes()].concat()), "{answer:?}");
}
