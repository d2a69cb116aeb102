//! The limits of an HTTP/2 connection (R19), by frames that no well-behaved visitor sends.

use std::time::Duration;

use http::Method;
use octoporty_tests::{HOST, VisitorH2, World, within};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::SOON;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The error code that says that the peer makes too much trouble (RFC 9113 §7).
const ENHANCE_YOUR_CALM: u32 = 11;

/// How often a silent visitor is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(20);

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("frames are small").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// `GET PATH` for [`HOST`], without any table of HPACK (RFC 7541 §6.2.2) beyond the static one.
fn get(path: &str) -> Vec<u8> {
    let literal = |index: u8, text: &str| {
        let length = u8::try_from(text.len()).expect("a short text");
        [&[index, length], text.as_bytes()].concat()
    };
    // :method GET, :scheme http, :path, :authority
    [vec![0x82, 0x86], literal(0x04, path), literal(0x01, HOST)].concat()
}

/// A connection of raw frames, past the preface and the settings of this side.
struct Raw {
    stream: TcpStream,
}

impl Raw {
    async fn connect(world: &World) -> Self {
        let mut stream = TcpStream::connect(world.gateway.address()).await.expect("it listens");
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("it reads");
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.expect("it reads");
        Self { stream }
    }

    /// Sends all at once. A peer that has had enough may close in the middle.
    async fn send(&mut self, frames: &[Vec<u8>]) {
        self.stream.write_all(&frames.concat()).await.ok();
    }

    /// The next frame of this kind: its stream and its payload. `None` once the connection is over.
    async fn next(&mut self, kind: u8) -> Option<(u32, Vec<u8>)> {
        let reading = async {
            loop {
                let mut head = [0; 9];
                self.stream.read_exact(&mut head).await.ok()?;
                let [a, b, c, found, _flags, stream @ ..] = head;
                let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).expect("24 bits fit");
                let mut payload = vec![0; length];
                self.stream.read_exact(&mut payload).await.ok()?;
                if found == kind {
                    return Some((u32::from_be_bytes(stream), payload));
                }
            }
        };
        within(SOON + PING_INTERVAL, "a frame or the end", reading).await
    }

    /// Waits for the goodbye that says that there was too much trouble.
    async fn is_told_to_calm_down(&mut self) {
        let (_, payload) = self.next(GO_AWAY).await.expect("a goodbye before the end");
        let code = payload[4..8].try_into().map(u32::from_be_bytes).expect("four bytes");
        assert_eq!(code, ENHANCE_YOUR_CALM, "{}", String::from_utf8_lossy(&payload[8..]));
    }
}

/// The odd numbers that belong to a visitor's streams.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|index| 2 * index + 1)
}

// R19
#[tokio::test]
async fn settings_tell_the_limits() {
    let world = World::start().await;
    let (_, settings) = Raw::connect(&world).await.next(SETTINGS).await.unwrap();
    let of = |wanted: u16| {
        let entry = settings.chunks_exact(6).find(|entry| entry[..2] == wanted.to_be_bytes())?;
        entry[2..].try_into().ok().map(u32::from_be_bytes)
    };
    // Streams at once, bytes of a header list, extended CONNECT (RFC 9113 §6.5.2, RFC 8441 §3).
    assert_eq!((of(3), of(6), of(8)), (Some(128), Some(64 << 10), Some(1)));
}

// R19
#[tokio::test]
async fn streams_past_the_limit_are_refused() {
    let world = World::start().await;
    let mut raw = Raw::connect(&world).await;
    let open = |stream| frame(HEADERS, END_STREAM | END_HEADERS, stream, &get("/hang?tag=many"));
    let opened: Vec<_> = streams(129).map(open).collect();
    raw.send(&opened).await;
    let (stream, code) = raw.next(RST_STREAM).await.unwrap();
    // REFUSED_STREAM: it was not taken up, and may be repeated elsewhere.
    assert_eq!((stream, code), (257, vec![0, 0, 0, 7]));
    world.upstream.wait_for("many", |_| true, SOON).await.unwrap();
    octoporty_tests::eventually(SOON, "all others arrive", || world.upstream.tagged("many").len() == 128).await;
}

// R19
#[tokio::test]
async fn header_list_past_the_limit_is_refused_and_the_connection_serves_on() {
    let world = World::start().await;
    let mut visitor = world.visitor_h2().await;
    // Names count too, and 32 bytes for each field (RFC 9113 §6.5.2).
    let long = "a".repeat(30_000);
    let fits = [("x-a", &*long), ("x-b", &*long)];
    assert_eq!(visitor.request(Method::GET, "/echo?tag=fits", &fits, "").await.unwrap().status, 200);
    let large = [("x-a", &*long), ("x-b", &*long), ("x-c", &*long)];
    assert_eq!(visitor.request(Method::GET, "/echo?tag=large", &large, "").await.unwrap().status, 431);
    assert_eq!(world.upstream.tagged("large").len(), 0);
    assert_eq!(visitor.get("/status/201").await.unwrap().status, 201);
}

// R19
#[tokio::test]
async fn streams_that_are_reset_at_once_end_the_connection() {
    let world = World::start().await;
    let mut raw = Raw::connect(&world).await;
    let cancel = 8_u32.to_be_bytes();
    let trouble = streams(200).flat_map(|stream| {
        [frame(HEADERS, END_STREAM | END_HEADERS, stream, &get("/hang")), frame(RST_STREAM, 0, stream, &cancel)]
    });
    let trouble: Vec<_> = trouble.collect();
    raw.send(&trouble).await;
    raw.is_told_to_calm_down().await;
    // Others are not in the way of it.
    let mut visitor = world.visitor_h2().await;
    assert_eq!(visitor.get("/status/201").await.unwrap().status, 201);
}

// R19
#[tokio::test]
async fn errors_that_make_us_reset_streams_end_the_connection() {
    let world = World::start().await;
    let mut raw = Raw::connect(&world).await;
    // One byte is announced and two come, which is an error of that stream (RFC 9113 §8.1.1).
    let one_byte = [get("/hang"), vec![0x0f, 0x0d, 1, b'1']].concat();
    for stream in streams(300) {
        raw.send(&[frame(HEADERS, END_HEADERS, stream, &one_byte), frame(DATA, END_STREAM, stream, b"ab")]).await;
    }
    raw.is_told_to_calm_down().await;
}

// R19
#[tokio::test]
async fn silent_visitor_is_asked_whether_it_is_there() {
    let world = World::start().await;
    let mut raw = Raw::connect(&world).await;
    raw.next(SETTINGS).await.unwrap();
    raw.send(&[frame(HEADERS, END_STREAM | END_HEADERS, 1, &get("/hang?tag=silent"))]).await;
    world.upstream.wait_for("silent", |_| true, SOON).await.unwrap();
    assert!(raw.next(PING).await.is_some());
}

// R19
#[tokio::test]
async fn visitor_that_stays_within_the_limits_is_served() {
    let world = World::start().await;
    let mut visitor: VisitorH2 = world.visitor_h2().await;
    let mut open = Vec::new();
    for index in 0..128 {
        let mut exchange = visitor.open(Method::GET, &format!("/gate?tag=gate{index}"), &[]).unwrap();
        exchange.finish();
        open.push(exchange);
    }
    for index in 0..128 {
        let tag = format!("gate{index}");
        world.upstream.wait_for(&tag, |_| true, SOON).await.unwrap();
        world.upstream.step(&tag);
    }
    for exchange in open {
        assert_eq!(exchange.collect().await.unwrap().status, 200);
    }
}
