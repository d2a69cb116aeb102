//! The endpoints over real sockets. Nothing here waits for a time, except the clock and the events themselves.

use std::net::SocketAddr;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    app::{self, App},
    files::DOWNLOAD_BYTES_MAX,
};

/// A running demo service, stopped on drop.
struct Demo {
    address: SocketAddr,
    app: App,
    _task: AbortOnDropHandle<()>,
}

impl Demo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = App::default();
        let serving = app::serve(listener, app.clone());
        let task = app.tasks.spawn(async move { serving.await.unwrap() });
        Self { address, app, _task: AbortOnDropHandle::new(task) }
    }

    /// Sends a request, head and body as given, and reads the answer to its end.
    async fn ask(&self, line: &str, headers: &str, body: &[u8]) -> Answer {
        let mut stream = self.open(line, headers).await;
        stream.write_all(body).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::parse(&bytes)
    }

    async fn open(&self, line: &str, headers: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("{line} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), "", b"").await
    }

    async fn clock(&self) -> WebSocketStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (socket, _) = client_async(format!("ws://{}/clock", self.address), stream).await.unwrap();
        socket
    }
}

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        Self { head: String::from_utf8(bytes[..end].to_vec()).unwrap(), body: bytes[end + 4..].to_vec() }
    }

    fn status(&self) -> &str {
        &self.head[9..12]
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn text(socket: &mut WebSocketStream<TcpStream>) -> Value {
    let message = socket.next().await.expect("a message").unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn hello_greets() {
    let demo = Demo::start().await;
    let answer = demo.get("/hello").await;
    assert_eq!((answer.status(), answer.text()), ("200", "Hello from behind the tunnel.\n"));
}

#[tokio::test]
async fn page_has_no_inline_code_and_only_its_own_files() {
    let demo = Demo::start().await;
    let page = demo.get("/").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = page.text();
    for inline in ["<style", " style=", " onclick=", "javascript:", "http://", "https://", "=\"/"] {
        assert!(!html.contains(inline), "the page contains {inline}");
    }
    assert_eq!(html.matches("<script").count(), html.matches("<script src=").count());
    for (path, kind) in [
        ("/page.css", "text/css; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/theme.js", "text/javascript; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
    ] {
        assert!(html.contains(&format!("\"{}\"", &path[1..])), "the page does not load {path}");
        let answer = demo.get(path).await;
        assert_eq!((answer.status(), answer.header("content-type")), ("200", Some(kind)));
    }
}

#[tokio::test]
async fn echo_streams_the_body_back_while_it_comes() {
    let demo = Demo::start().await;
    let stream = demo.open("POST /echo", "Content-Type: text/x-test\r\nContent-Length: 8\r\n").await;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"half").await.unwrap();
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).await.unwrap(), 0);
    }
    assert!(head.contains("content-type: text/x-test\r\n"), "{head}");
    let mut first = [0; 4];
    stream.read_exact(&mut first).await.unwrap();
    stream.write_all(b"rest").await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!((&first, rest.as_slice()), (b"half", b"rest".as_slice()));
}

#[tokio::test]
async fn headers_shows_the_request_as_it_came() {
    let demo = Demo::start().await;
    let forwarded = "X-Forwarded-For: 192.0.2.7\r\nX-Twice: a\r\nX-Twice: b\r\n";
    let seen = demo.ask("DELETE /headers?a=%20b", forwarded, b"").await.json();
    assert_eq!(seen["method"], "DELETE");
    assert_eq!(seen["uri"], "/headers?a=%20b");
    assert_eq!(seen["version"], "HTTP/1.1");
    assert!(seen["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    let headers: Vec<(String, String)> = serde_json::from_value(seen["headers"].clone()).unwrap();
    let values = |wanted: &str| -> Vec<&str> {
        headers.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(values("x-forwarded-for"), ["192.0.2.7"]);
    assert_eq!(values("x-twice"), ["a", "b"]);
}

#[tokio::test]
async fn status_answers_with_any_final_status() {
    let demo = Demo::start().await;
    for (path, status, body) in [
        ("/status/200", "200", "200 OK\n"),
        ("/status/204", "204", ""),
        ("/status/304", "304", ""),
        ("/status/418", "418", "418 I'm a teapot\n"),
        ("/status/599", "599", "599 <unknown status code>\n"),
    ] {
        let answer = demo.get(path).await;
        assert_eq!((answer.status(), answer.text()), (status, body));
    }
    for path in ["/status/101", "/status/199", "/status/600", "/status/70000", "/status/ok"] {
        assert_eq!(demo.get(path).await.status(), "400", "{path}");
    }
}

#[tokio::test]
async fn slow_waits_as_long_as_asked() {
    let demo = Demo::start().await;
    let started = tokio::time::Instant::now();
    let answer = demo.get("/slow?ms=60").await;
    assert_eq!((answer.status(), answer.text()), ("200", "Waited 60 ms.\n"));
    assert!(started.elapsed().as_millis() >= 60);
    assert_eq!(demo.get("/slow?ms=600001").await.status(), "400");
    assert_eq!(demo.get("/slow?ms=-1").await.status(), "400");
}

#[tokio::test]
async fn upload_answers_with_size_and_sha256() {
    let demo = Demo::start().await;
    let file: Vec<u8> = (0..=250_u8).cycle().take(5_000_000).collect();
    let length = format!("Content-Length: {}\r\n", file.len());
    let received = demo.ask("POST /upload", &length, &file).await.json();
    assert_eq!(received["bytes"], 5_000_000);
    let sha256: String = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(received["sha256"], sha256);
}

#[tokio::test]
async fn upload_takes_chunks_and_the_empty_file() {
    let demo = Demo::start().await;
    let chunked = "Transfer-Encoding: chunked\r\n";
    let received = demo.ask("PUT /upload", chunked, b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").await.json();
    assert_eq!(received["bytes"], 3);
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(received["sha256"], abc);
    let received = demo.ask("POST /upload", "Content-Length: 0\r\n", b"").await.json();
    assert_eq!(received["bytes"], 0);
}

#[tokio::test]
async fn download_matches_its_checksum() {
    let demo = Demo::start().await;
    for bytes in [0, 1, 65_535, 65_536, 65_537, 3_000_001] {
        let file = demo.get(&format!("/download/{bytes}")).await;
        assert_eq!(file.header("content-length"), Some(bytes.to_string().as_str()));
        assert_eq!(file.body.len(), bytes);
        let sha256: String = Sha256::digest(&file.body).iter().map(|byte| format!("{byte:02x}")).collect();
        let told = demo.get(&format!("/download/{bytes}/sha256")).await;
        assert_eq!(told.text(), format!("{sha256}  demo-{bytes}.bin\n"));
    }
}

#[tokio::test]
async fn download_goes_up_to_five_gibibytes() {
    let demo = Demo::start().await;
    let head = demo.ask(&format!("HEAD /download/{DOWNLOAD_BYTES_MAX}"), "", b"").await;
    assert_eq!((head.status(), head.header("content-length")), ("200", Some("5368709120")));
    assert_eq!(demo.get(&format!("/download/{}", DOWNLOAD_BYTES_MAX + 1)).await.status(), "400");
    assert_eq!(demo.get("/download/much").await.status(), "400");
}

#[tokio::test]
async fn clock_ticks_and_echoes() {
    let demo = Demo::start().await;
    let mut socket = demo.clock().await;
    socket.send(Message::text("12.5")).await.unwrap();
    let (mut ticks, mut echoes) = (Vec::new(), Vec::new());
    while ticks.len() < 3 || echoes.is_empty() {
        let said = text(&mut socket).await;
        match said.get("tick") {
            Some(tick) => {
                assert!(said["timeMs"].as_u64().unwrap() > 1_700_000_000_000);
                ticks.push(tick.as_u64().unwrap());
            }
            None => echoes.push(said["echo"].as_str().unwrap().to_owned()),
        }
    }
    assert_eq!((ticks, echoes), (vec![1, 2, 3], vec!["12.5".to_owned()]));
}

#[tokio::test]
async fn clock_closes_when_the_service_stops() {
    let demo = Demo::start().await;
    let mut socket = demo.clock().await;
    text(&mut socket).await;
    demo.app.stop.cancel();
    while let Some(message) = socket.next().await {
        if message.unwrap().is_close() {
            return;
        }
    }
    panic!("the clock ended without a close frame");
}

#[tokio::test]
async fn clock_wants_a_websocket() {
    let demo = Demo::start().await;
    let answer = demo.get("/clock").await;
    assert_eq!((answer.status(), answer.header("sec-websocket-version")), ("426", Some("13")));
}

#[tokio::test]
async fn events_are_numbered_and_go_on_after_the_last_seen() {
    let demo = Demo::start().await;
    let stream = demo.open("GET /events", "Last-Event-ID: 41\r\n").await;
    let mut lines = BufReader::new(stream).lines();
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let line = lines.next_line().await.unwrap().expect("more events");
        if let Some(id) = line.strip_prefix("id: ").or_else(|| line.strip_prefix("id:")) {
            seen.push(id.trim().to_owned());
        }
    }
    assert_eq!(seen, ["42", "43"]);
    assert_eq!(demo.app.live_streams(), 1);
}
