//! Request bodies and upgrades that are refused: R04, R05, R14.

use octoporty_tests::{BodyProgress, HOST, World};

use crate::SOON;

/// Sends a chunked request to `/echo` with `tag` and this body, which must be refused with 400, or cut.
async fn bad_body(world: &World, tag: &str, body: &[u8]) {
    let shown = String::from_utf8_lossy(&body[..body.len().min(100)]).into_owned();
    let mut visitor = world.visitor().await;
    let head = format!("POST /echo?tag={tag} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n");
    visitor.send([head.as_bytes(), body].concat()).await.expect("the gateway reads");
    let answer = visitor.answer("POST").await.expect(&shown);
    assert_eq!(answer.status(), 400, "{shown:?}: {answer:?}");
    assert!(visitor.closed_within(SOON).await, "{shown:?}: the connection stays open");
    // The upstream may have seen the beginning, and then must not take it for the whole.
    if let Some(record) = world.upstream.tagged(tag).pop() {
        let gone = world.upstream.wait_for(tag, |record| record.gone.is_some(), SOON).await;
        assert_eq!(gone.expect("the upstream's connection ends").body, BodyProgress::Broken, "{shown:?}: {record:?}");
    }
}

// R04
#[tokio::test]
async fn malformed_chunks_abort_the_request() {
    let world = World::start().await;
    let bodies: [&[u8]; 14] = [
        b"zz\r\nok\r\n0\r\n\r\n",
        b"0x2\r\nok\r\n0\r\n\r\n",
        b"+2\r\nok\r\n0\r\n\r\n",
        b"-2\r\nok\r\n0\r\n\r\n",
        b" 2\r\nok\r\n0\r\n\r\n",
        b"2 \r\nok\r\n0\r\n\r\n",
        b"\r\nok\r\n0\r\n\r\n",
        b"2\nok\r\n0\r\n\r\n",
        b"2\r\nok\n0\r\n\r\n",
        b"2\r\nokay\r\n0\r\n\r\n",
        b"2\rXok\r\n0\r\n\r\n",
        b"00000000000000002\r\nok\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nok\r\n0\r\n\r\n",
        b"2;a\0b\r\nok\r\n0\r\n\r\n",
    ];
    for (index, body) in bodies.into_iter().enumerate() {
        bad_body(&world, &format!("at-once-{index}"), body).await;
        // The same behind a chunk that is good.
        bad_body(&world, &format!("later-{index}"), &[b"5\r\nhello\r\n", body].concat()).await;
    }
}

// R04
#[tokio::test]
async fn chunk_extensions_are_limited_and_not_passed_on() {
    let world = World::start().await;
    let chunk = |extension: usize| format!("2;{}\r\nok\r\n", "e".repeat(extension - 1));
    bad_body(&world, "one", (chunk(257) + "0\r\n\r\n").as_bytes()).await;
    bad_body(&world, "all", (chunk(256).repeat(65) + "0\r\n\r\n").as_bytes()).await;
    let mut visitor = world.visitor().await;
    let head = format!("POST /echo HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n");
    visitor.send(head + &chunk(256).repeat(64) + "0\r\n\r\n").await.unwrap();
    assert_eq!(visitor.answer("POST").await.unwrap().json().unwrap()["body_bytes"], 128);
}

// R05
#[tokio::test]
async fn malformed_or_too_many_trailers_abort_the_request() {
    let world = World::start().await;
    let many = format!("0\r\n{}\r\n", "X-T: 1\r\n".repeat(65));
    let large = format!("0\r\nX-T: {}\r\n\r\n", "t".repeat(16 << 10));
    let bodies = [
        "0\r\nX-T : 1\r\n\r\n",
        "0\r\nX-T\r\n\r\n",
        "0\r\nX T: 1\r\n\r\n",
        "0\r\nX-T: 1\n\r\n",
        "0\r\nX-T: 1\r\n 2\r\n\r\n",
        "0\r\nX-T: 1\0\r\n\r\n",
        &many,
        &large,
    ];
    for (index, body) in bodies.into_iter().enumerate() {
        bad_body(&world, &format!("trailers-{index}"), body.as_bytes()).await;
    }
}

// R14
#[tokio::test]
async fn upgrades_that_are_not_websocket_are_answered_as_if_not_asked_for() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for protocol in ["h2c", "foo", "websocket, h2c", "TLS/1.0"] {
        let fields = [("Connection", "Upgrade"), ("Upgrade", protocol), ("X-Tag", "upgrade")];
        let answer = visitor.request("GET", "/echo", &fields, b"").await.unwrap();
        assert_eq!(answer.status(), 200, "{protocol}");
        let record = world.upstream.tagged("upgrade").pop().unwrap();
        assert!(!record.fields.has("upgrade"), "{protocol}: {record:?}");
    }
}

// R14
#[tokio::test]
async fn malformed_websocket_upgrades_are_refused() {
    let world = World::start().await;
    let good = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (lines, status) in [
        (good.replace("13", "8") + key, 426),
        (good.to_owned(), 400),
        (format!("{good}Sec-WebSocket-Key: short\r\n"), 400),
        (format!("{good}{key}{key}"), 400),
        (format!("{good}{key}Content-Length: 4\r\n"), 400),
        (format!("{good}{key}Transfer-Encoding: chunked\r\n"), 400),
    ] {
        let answer =
            super::refused(&world, format!("GET /ws HTTP/1.1\r\nHost: {HOST}\r\n{lines}\r\nbody"), status).await;
        if status == 426 {
            assert_eq!(answer.fields().only("sec-websocket-version"), Some("13"), "{answer:?}");
        }
    }
}

// R14
#[tokio::test]
async fn bytes_behind_a_refused_upgrade_are_no_request() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let upgrade = format!(
        "GET /ws/reject?tag=rejected HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    visitor.send(upgrade + &format!("GET /echo?tag=behind HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await.unwrap();
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 403);
    // It is a request of its own, checked and sent as such, or not read at all; never bytes on the upgrade's way.
    let second = visitor.answer("GET").await;
    let behind = world.upstream.tagged("behind");
    assert_eq!(second.is_ok(), behind.len() == 1);
    let rejected = &world.upstream.tagged("rejected")[0];
    assert!(behind.iter().all(|record| record.line.starts_with("GET /echo") && record.anomalies.is_empty()));
    assert!(rejected.frames.is_empty() && rejected.body_bytes == 0);
}
