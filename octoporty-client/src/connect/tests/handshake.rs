//! The handshake: what is sent, and what each refusal means.

use std::time::Duration;

use super::harness::{KEY, Server, check_echo, soon, target};
use crate::connect::{DialError, DialPhase, dial};

#[tokio::test]
async fn gateway_is_reached() {
    let gateway = Server::gateway().await;
    check_echo(gateway.dial().await.unwrap()).await;
}

// R22
#[tokio::test]
async fn key_travels_in_a_header_with_version_and_subprotocol() {
    let (server, mut seen) = Server::answering("HTTP/1.1 401 Unauthorized\r\n\r\n").await;
    assert!(server.dial().await.is_err());
    let head = seen.recv().await.unwrap();
    assert!(head.starts_with("GET /tunnel HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    for field in [
        format!("\r\nhost: 127.0.0.1:{}\r\n", server.port),
        format!("\r\nx-api-key: {KEY}\r\n"),
        "\r\nsec-websocket-protocol: octoporty.v1\r\n".to_owned(),
        format!("\r\nuser-agent: octoporty-agent/{}\r\n", env!("CARGO_PKG_VERSION")),
        "\r\nsec-websocket-version: 13\r\n".to_owned(),
    ] {
        assert!(head.contains(&field), "{field:?} in {head}");
    }
}

async fn refusal(answer: &'static str) -> DialError {
    let (server, _seen) = Server::answering(answer).await;
    server.dial().await.expect_err("it is a refusal")
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    for (answer, remedy, is_fatal) in [
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", "Agent__ApiKey", true),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "Agent__ApiKey", true),
        ("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\n\r\n", "no more tries", false),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "(/tunnel)", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "is no Octoporty Gateway", false),
        ("HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "status 301", false),
        ("HTTP/1.1 426 Upgrade Required\r\n\r\n", "pass upgrades on", true),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "behind its front", false),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "wss:// or ws://", false),
        ("", "wss:// or ws://", false),
    ] {
        let error = refusal(answer).await;
        let line = error.to_string();
        assert!(line.contains(remedy) && line.contains("ws://127.0.0.1:"), "{answer:?}: {line}");
        assert_eq!(error.is_fatal(), is_fatal, "{line}");
        assert!(!line.contains(KEY) && !line.contains('\n'));
    }
}

#[tokio::test]
async fn retry_after_is_passed_on_within_reason() {
    for (answer, expected) in [
        ("HTTP/1.1 429 Slow\r\nRetry-After: 30\r\n\r\n", Some(30)),
        ("HTTP/1.1 503 Down\r\nRetry-After: 5\r\n\r\n", Some(5)),
        ("HTTP/1.1 503 Down\r\nRetry-After: 99999999\r\n\r\n", Some(3600)),
        ("HTTP/1.1 503 Down\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n", None),
        ("HTTP/1.1 503 Down\r\n\r\n", None),
    ] {
        assert_eq!(refusal(answer).await.retry_after(), expected.map(Duration::from_secs), "{answer}");
    }
}

#[tokio::test]
async fn other_subprotocol_is_refused() {
    for protocol in ["", "Sec-WebSocket-Protocol: octoporty.v9\r\n", "Sec-WebSocket-Protocol: chat\r\n"] {
        let server = Server::start(move |mut tcp| async move {
            let head = super::harness::head(&mut tcp).await;
            let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n{protocol}\r\n"
            );
            tokio::io::AsyncWriteExt::write_all(&mut tcp, answer.as_bytes()).await.unwrap();
        })
        .await;
        let error = server.dial().await.err().unwrap();
        assert!(matches!(error, DialError::Subprotocol { .. }) && error.is_fatal(), "{error}");
    }
}

#[tokio::test]
async fn nobody_listening_is_refused() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = soon(dial(&target(&format!("ws://127.0.0.1:{port}/tunnel")).unwrap())).await.err().unwrap();
    assert!(matches!(error, DialError::Refused { .. }) && !error.is_fatal(), "{error}");
}

#[tokio::test]
async fn silent_gateway_times_out() {
    let (connected, mut seen) = tokio::sync::mpsc::channel(1);
    let server = Server::start(move |mut tcp| {
        let connected = connected.clone();
        async move {
            super::harness::head(&mut tcp).await;
            connected.send(()).await.unwrap();
            std::future::pending::<()>().await;
        }
    })
    .await;
    let target = target(&server.url()).unwrap();
    let mut dialling = std::pin::pin!(dial(&target));
    tokio::select! {
        _ = &mut dialling => panic!("there is no answer"),
        _ = seen.recv() => tokio::time::pause(),
    }
    let error = dialling.await.err().unwrap();
    assert!(matches!(error, DialError::TimedOut { phase: DialPhase::WebSocket, .. }), "{error}");
}
