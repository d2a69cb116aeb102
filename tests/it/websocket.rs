//! WebSockets through the tunnel: an opaque pipe once the upstream said 101 (R14).

use octoporty_tests::{BodyProgress, Gone, HOST, VisitorWebSocket, World, pattern};
use tokio::net::TcpStream;
use tungstenite::{
    Message,
    protocol::frame::{
        Frame, FrameHeader,
        coding::{Data, OpCode},
    },
};

use crate::SOON;

/// The head of an upgrade for `path`.
fn upgrade(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

/// A masked text frame with `text`; the mask is zero, so the payload reads as it is.
fn text_frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    [&[0x81, 0x80 | length, 0, 0, 0, 0][..], text.as_bytes()].concat()
}

#[tokio::test]
async fn messages_of_all_sizes_come_back() {
    let world = World::start().await;
    let mut socket = world.websocket("/ws").await.unwrap();
    for length in [0, 1, 125, 126, 65_535, 65_536, 300_000, 3_000_000] {
        let message = Message::Binary(pattern(length));
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap(), message, "{length} bytes");
    }
    socket.send("text").await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Message::text("text"));
}

#[tokio::test]
async fn subprotocol_cookie_and_path_pass() {
    let world = World::start().await;
    let stream = TcpStream::connect(world.gateway.address()).await.unwrap();
    let fields =
        [("Sec-WebSocket-Protocol", "graphql-ws, chat"), ("Origin", "https://app.example.test"), ("Cookie", "a=1")];
    let path = "/ws?early&cookie&tag=ws";
    let mut socket = VisitorWebSocket::upgrade(stream, HOST, path, &fields).await.unwrap();
    assert_eq!(socket.head()["sec-websocket-protocol"], "chat");
    assert_eq!(socket.head()["set-cookie"], "ws=1");
    assert!(socket.head().contains_key("x-octoporty-request-id"), "{:?}", socket.head());
    // Sent by the upstream in one piece with its 101.
    assert_eq!(socket.next().await.unwrap(), Message::text("hello-with-101"));
    let record = &world.upstream.tagged("ws")[0];
    assert_eq!(
        (record.fields.only("origin"), record.fields.only("cookie")),
        (Some("https://app.example.test"), Some("a=1"))
    );
    assert_eq!(record.fields.only("sec-websocket-protocol"), Some("graphql-ws, chat"));
    assert_eq!(record.target, path);
}

// R14
#[tokio::test]
async fn fragments_reserved_bits_pings_and_closes_are_not_touched() {
    let world = World::start().await;
    let mut socket = world.websocket("/ws?tag=frames").await.unwrap();
    let frame = |opcode, is_final, payload: &'static [u8]| {
        let header = FrameHeader { is_final, opcode, ..FrameHeader::default() };
        Message::Frame(Frame::from_payload(FrameHeader { mask: Some([7; 4]), ..header }, payload.into()))
    };
    socket.send(frame(OpCode::Data(Data::Text), false, b"one ")).await.unwrap();
    socket.send(Message::Ping("between".into())).await.unwrap();
    socket.send(frame(OpCode::Data(Data::Continue), false, b"two ")).await.unwrap();
    socket.send(frame(OpCode::Data(Data::Continue), true, b"three")).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Message::Pong("between".into()));
    assert_eq!(socket.next().await.unwrap(), Message::text("one two three"));
    socket.close(4002, "bye").await.unwrap();
    assert_eq!(socket.next_close().await.unwrap(), Some((4002, "bye".to_owned())));
    let record = world.upstream.wait_for("frames", |record| record.frames.len() == 5, SOON).await.unwrap();
    let seen: Vec<_> = record.frames.iter().map(|f| (f.opcode, f.is_final, f.payload_bytes)).collect();
    assert_eq!(seen, [(1, false, 4), (9, true, 7), (0, false, 4), (0, true, 5), (8, true, 5)]);
    assert!(record.frames.iter().all(|frame| frame.is_masked), "{record:?}");
}

// R14
#[tokio::test]
async fn reserved_bits_pass_both_ways() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.send(upgrade("/ws?tag=rsv")).await.unwrap();
    assert_eq!(visitor.head("GET").await.unwrap().status, 101);
    // Permessage-deflate uses the first bit; the others are anyone's.
    visitor.send([0xf1, 0x82, 0, 0, 0, 0, b'h', b'i']).await.unwrap();
    assert_eq!(&visitor.receiver().exact(4).await.unwrap()[..], [0xf1, 2, b'h', b'i']);
    let record = world.upstream.wait_for("rsv", |record| record.frames.len() == 1, SOON).await.unwrap();
    assert_eq!((record.frames[0].reserved, record.frames[0].is_final), (7, true));
}

#[tokio::test]
async fn pings_closes_and_resets_of_the_upstream_arrive() {
    let world = World::start().await;
    let mut socket = world.websocket("/ws/ping").await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Message::Ping("up-ping".into()));
    let mut socket = world.websocket("/ws/close4001?ms=100").await.unwrap();
    assert_eq!(socket.next_close().await.unwrap(), Some((4001, "bye-now".to_owned())));
    let mut socket = world.websocket("/ws/rst?ms=500").await.unwrap();
    assert!(socket.next().await.is_err());
}

// R14
#[tokio::test]
async fn bytes_behind_the_head_arrive_once_the_upstream_agreed() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let frames = [text_frame("first"), text_frame("second")].concat();
    visitor.send([upgrade("/ws?tag=behind").into_bytes(), frames].concat()).await.unwrap();
    let head = visitor.head("GET").await.unwrap();
    assert_eq!((head.status, head.fields.only("upgrade")), (101, Some("websocket")));
    assert_eq!(&visitor.receiver().exact(7).await.unwrap()[..], b"\x81\x05first");
    assert_eq!(&visitor.receiver().exact(8).await.unwrap()[..], b"\x81\x06second");
    let record = &world.upstream.tagged("behind")[0];
    assert_eq!((record.frames.len(), record.body), (2, BodyProgress::Unread));
}

// R14
#[tokio::test]
async fn refused_upgrade_is_an_ordinary_answer() {
    let world = World::start().await;
    for path in ["/ws-refuse", "/ws/reject"] {
        let mut visitor = world.visitor().await;
        visitor.send(upgrade(path)).await.unwrap();
        let answer = visitor.answer("GET").await.unwrap();
        assert_eq!((answer.status(), answer.text()), (403, "ws-refused".to_owned()), "{path}");
        assert!(!answer.fields().has("upgrade"));
        assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201, "{path}: the connection goes on");
    }
    let error = world.websocket("/status/404").await.unwrap_err();
    assert_eq!(error.refused_with(), Some(404));
}

#[tokio::test]
async fn upgrade_to_an_upstream_that_is_not_there_is_502() {
    let world = World::start().await;
    let (gateway, agent) = (world.gateway, world.agent);
    drop(world.upstream);
    let error = VisitorWebSocket::connect(gateway.address(), HOST, "/ws").await.unwrap_err();
    assert_eq!(error.refused_with(), Some(502));
    drop(agent);
}

#[tokio::test]
async fn visitor_that_leaves_is_seen_by_the_upstream() {
    let world = World::start().await;
    let mut socket = world.websocket("/ws?tag=leaves").await.unwrap();
    socket.send("x").await.unwrap();
    socket.next().await.unwrap();
    drop(socket);
    world.upstream.wait_for("leaves", |record| record.gone.is_some(), SOON).await.unwrap();
}

#[tokio::test]
async fn upstream_that_goes_is_seen_by_the_visitor() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.send(upgrade("/ws")).await.unwrap();
    assert_eq!(visitor.head("GET").await.unwrap().status, 101);
    world.upstream.close_connections();
    assert!(visitor.closed_within(SOON).await);
}

#[tokio::test]
async fn half_close_leaves_the_other_direction_open() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.send(upgrade("/ws/close4001?ms=300&tag=half")).await.unwrap();
    assert_eq!(visitor.head("GET").await.unwrap().status, 101);
    visitor.sender().finish().await.unwrap();
    // The close frame, sent by the upstream after the visitor has finished, still arrives.
    assert_eq!(&visitor.receiver().exact(2).await.unwrap()[..], [0x88, 9]);
    let record = world.upstream.wait_for("half", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(record.gone.map(|(how, _)| how), Some(Gone::Closed), "an end, not a reset");
}

#[tokio::test]
async fn many_sockets_share_the_tunnel() {
    let world = World::start().await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        sockets.push(world.websocket("/ws").await.unwrap());
    }
    for (index, socket) in sockets.iter_mut().enumerate() {
        socket.send(format!("to {index}")).await.unwrap();
    }
    for (index, socket) in sockets.iter_mut().enumerate().rev() {
        assert_eq!(socket.next().await.unwrap(), Message::text(format!("to {index}")));
    }
}

// R20
#[tokio::test]
async fn a_socket_counts_as_a_connection_for_as_long_as_it_lasts() {
    let world = World::start_with(|gateway| gateway.connections_max(2), |agent| agent).await;
    let first = world.websocket("/ws").await.unwrap();
    let second = world.websocket("/ws").await.unwrap();
    assert!(world.visitor().await.closed_within(SOON).await, "a third is over the limit");
    drop(first);
    let deadline = tokio::time::Instant::now() + SOON;
    while world.visitor().await.get("/echo").await.is_err() {
        assert!(tokio::time::Instant::now() < deadline, "its place comes back");
    }
    drop(second);
}
