//! Request heads that are refused: R01 to R03, R07, R08, R15.

use octoporty_tests::{HOST, World};

use super::{accepted, refused};

/// A request with these lines between Host and the blank line.
fn with_lines(method: &str, lines: &str) -> String {
    format!("{method} /echo HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\n")
}

// R01
#[tokio::test]
async fn ambiguous_lengths_are_refused() {
    let world = World::start().await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: app.example.test\r\n\r\n";
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: five\r\n",
        "Content-Length: \r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 99999999999999999999999999\r\n",
    ] {
        refused(&world, with_lines("POST", lines) + "0\r\n\r\n" + smuggled, 400).await;
    }
}

// R02
#[tokio::test]
async fn transfer_encodings_other_than_one_chunked_are_refused() {
    let world = World::start().await;
    for (lines, status) in [
        ("Transfer-Encoding: chunked, chunked\r\n", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        ("Transfer-Encoding: xchunked\r\n", 400),
        ("Transfer-Encoding: chunked, identity\r\n", 400),
        ("Transfer-Encoding: identity\r\n", 400),
        ("Transfer-Encoding: \r\n", 400),
        ("Transfer-Encoding: chunked;q=1\r\n", 400),
        ("Transfer-Encoding: gzip, chunked\r\n", 501),
    ] {
        refused(&world, with_lines("POST", lines) + "0\r\n\r\n", status).await;
    }
    let old = format!("POST /echo HTTP/1.0\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    refused(&world, old, 400).await;
    for spelling in ["chunked", "Chunked", "CHUNKED", "\tchunked "] {
        let lines = format!("Transfer-Encoding:{spelling}\r\n");
        accepted(&world, with_lines("POST", &lines) + "0\r\n\r\n").await;
    }
}

// R03
#[tokio::test]
async fn malformed_field_lines_are_refused() {
    let world = World::start().await;
    for lines in [
        "X-A: b\nX-B: c\r\n",
        "X-A: b\rX-B: c\r\n",
        "X-A: b\0c\r\n",
        "X-A: b\x01c\r\n",
        "X-A: b\x7fc\r\n",
        "X-A: b\r\n c\r\n",
        "X-A: b\r\n\tc\r\n",
        "X-A : b\r\n",
        "X-A\t: b\r\n",
        ": b\r\n",
        "X A: b\r\n",
        "X-A(: b\r\n",
        "X-A\r\n",
        "\u{e9}: b\r\n",
    ] {
        refused(&world, with_lines("GET", lines), 400).await;
    }
    refused(&world, format!("GET /echo HTTP/1.1\nHost: {HOST}\n\n"), 400).await;
    refused(&world, format!("GET /echo HTTP/1.1\r\n Host: {HOST}\r\n\r\n"), 400).await;
}

// R07
#[tokio::test]
async fn malformed_request_lines_are_refused() {
    let world = World::start().await;
    let long_target = format!("/{}", "a".repeat(8 << 10));
    for (line, status) in [
        ("GET  /echo HTTP/1.1", 400),
        ("GET /echo  HTTP/1.1", 400),
        ("GET /echo HTTP/1.1 ", 400),
        (" GET /echo HTTP/1.1", 400),
        ("GET\t/echo HTTP/1.1", 400),
        ("GET /echo", 400),
        ("GET /a b HTTP/1.1", 400),
        ("GET /a#b HTTP/1.1", 400),
        ("GET /\u{e9} HTTP/1.1", 400),
        ("G(T /echo HTTP/1.1", 400),
        ("GET echo HTTP/1.1", 400),
        ("GET app.example.test:80 HTTP/1.1", 400),
        ("GET * HTTP/1.1", 400),
        ("GET ftp://app.example.test/ HTTP/1.1", 400),
        ("GET /echo HTTP/1.2", 505),
        ("GET /echo HTTP/2.0", 505),
        ("GET /echo HTTP/0.9", 505),
        ("GET /echo http/1.1", 400),
        ("CONNECT app.example.test:80 HTTP/1.1", 405),
        ("TRACE /echo HTTP/1.1", 405),
        (&format!("{} /echo HTTP/1.1", "M".repeat(33)), 501),
        (&format!("GET {long_target} HTTP/1.1"), 414),
    ] {
        refused(&world, format!("{line}\r\nHost: {HOST}\r\n\r\n"), status).await;
    }
}

// R07
#[tokio::test]
async fn limits_of_the_request_line_are_inclusive() {
    let world = World::start().await;
    let target = format!("/{}", "a".repeat((8 << 10) - 1));
    accepted(&world, format!("GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await;
    accepted(&world, format!("{} /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n", "M".repeat(32))).await;
    accepted(&world, format!("\r\nGET /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await;
}

// R08
#[tokio::test]
async fn hosts_that_are_not_exactly_one_valid_name_are_refused() {
    let world = World::start().await;
    let long = format!("Host: {}.test", "a".repeat(300));
    for hosts in [
        "",
        "Host: app.example.test\r\nHost: app.example.test",
        "Host: app.example.test\r\nHost: other.example.test",
        "Host: ",
        "Host: app.example.test, other",
        "Host: app example.test",
        "Host: user@app.example.test",
        "Host: app.example.test/path",
        "Host: app.example.test:",
        "Host: app.example.test:0",
        "Host: app.example.test:65536",
        "Host: app.example.test:80x",
        "Host: app..example.test",
        "Host: .app.example.test",
        "Host: [::1",
        "Host: [nonsense]",
        &long,
    ] {
        let lines = if hosts.is_empty() { String::new() } else { format!("{hosts}\r\n") };
        refused(&world, format!("GET /echo HTTP/1.1\r\n{lines}\r\n"), 400).await;
    }
}

// R08
#[tokio::test]
async fn absolute_target_must_agree_with_the_host() {
    let world = World::start().await;
    for target in
        ["http://other.example.test/", "https://other.example.test/", "http://u@app.example.test/", "http:///"]
    {
        refused(&world, format!("GET {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n"), 400).await;
    }
    accepted(&world, format!("GET http://{HOST}/echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await;
}

// R15
#[tokio::test]
async fn heads_over_a_limit_are_refused() {
    let world = World::start().await;
    let fields = |count: usize| "X-F: 1\r\n".repeat(count);
    refused(&world, with_lines("GET", &fields(100)), 431).await;
    accepted(&world, with_lines("GET", &fields(99))).await;
    let field = |bytes: usize| format!("X-F: {}\r\n", "f".repeat(bytes - 3));
    refused(&world, with_lines("GET", &field((32 << 10) + 1)), 431).await;
    accepted(&world, with_lines("GET", &field(32 << 10))).await;
    let three: String = (0..3).map(|_| field(30 << 10)).collect();
    refused(&world, with_lines("GET", &three), 431).await;
    // Without an end: refused as soon as it is too long, not when it is over.
    refused(&world, format!("GET /echo HTTP/1.1\r\nX-F: {}", "f".repeat(100 << 10)), 431).await;
}

// R06
#[tokio::test]
async fn nothing_behind_a_refused_request_is_read() {
    let world = World::start().await;
    let good = format!("GET /echo HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let bad = with_lines("POST", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
    let mut visitor = world.visitor().await;
    visitor.send(format!("{good}{bad}0\r\n\r\n{good}{good}")).await.unwrap();
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 200, "the one before is answered");
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 400);
    assert!(visitor.closed_within(crate::SOON).await);
    assert!(visitor.receiver().leftover().is_empty());
    assert_eq!(world.upstream.requests(), 1);
}
