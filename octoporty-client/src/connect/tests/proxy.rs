//! Through an HTTP proxy.

use octoporty_core::secret::Secret;
use tokio::{
    io::{AsyncWriteExt, copy_bidirectional},
    net::TcpStream,
};

use super::harness::{Server, check_echo, head, key, soon};
use crate::connect::{DialError, DialTarget, dial};

fn through(proxy: &str, url: &str) -> DialTarget {
    let builder = DialTarget::builder(url, &key()).proxy(&Secret::new(proxy.to_owned()));
    builder.build().expect("it is valid")
}

#[tokio::test]
async fn gateway_is_reached_through_a_proxy_with_a_password() {
    let gateway = Server::gateway().await;
    let port = gateway.port;
    let proxy = Server::start(move |mut tcp| async move {
        let head = head(&mut tcp).await;
        // "user:p@ss:word", percent-encoded in the URL.
        let expected = format!(
            "CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\
             Proxy-Authorization: Basic dXNlcjpwQHNzOndvcmQ=\r\n\r\n"
        );
        assert_eq!(head, expected);
        let mut onward = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        tcp.write_all(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n").await.unwrap();
        let _ended = copy_bidirectional(&mut tcp, &mut onward).await;
    })
    .await;
    let target = through(&format!("http://user:p%40ss%3Aword@127.0.0.1:{}", proxy.port), &gateway.url());
    check_echo(soon(dial(&target)).await.unwrap()).await;
}

#[tokio::test]
async fn refusal_of_a_proxy_is_its_own_error() {
    let (proxy, _seen) =
        Server::answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno").await;
    let target = through(&format!("http://127.0.0.1:{}", proxy.port), "ws://127.0.0.1:9/tunnel");
    let error = soon(dial(&target)).await.err().unwrap();
    assert!(matches!(error, DialError::ProxyRefused { .. }), "{error}");
    assert!(error.to_string().contains("status 407"), "{error}");
    assert!(error.to_string().contains(&format!("127.0.0.1:{}", proxy.port)), "{error}");
}

#[tokio::test]
async fn proxy_that_speaks_no_http_or_too_much_fails() {
    for answer in ["", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nand more"] {
        let (proxy, _seen) = Server::answering(answer).await;
        let target = through(&format!("http://127.0.0.1:{}", proxy.port), "ws://127.0.0.1:9/tunnel");
        let error = soon(dial(&target)).await.err().unwrap();
        assert!(matches!(error, DialError::ProxyFailed { .. }), "{answer:?}: {error}");
    }
}
