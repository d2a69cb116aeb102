//! Targets and requests that are refused before anything is dialled.

use http::Method;
use http_body_util::Full;

use super::harness::{TestClient, TestUpstream, fed_body, ok, post, request};
use crate::upstream::{Scheme, TargetError, UpstreamError, UpstreamProtocol, UpstreamTarget};

fn authority(host: &str, port: u16) -> Result<String, TargetError> {
    Ok(UpstreamTarget::builder(Scheme::Http, host, port).build()?.authority().to_owned())
}

#[test]
fn target_takes_names_and_addresses() {
    for (host, port, expected) in [
        ("localhost", 80, "localhost"),
        ("My_Service", 8080, "my_service:8080"),
        ("nas.lan.", 8080, "nas.lan:8080"),
        ("10.0.0.1", 80, "10.0.0.1"),
        ("::1", 8080, "[::1]:8080"),
        ("[::1]", 8080, "[::1]:8080"),
    ] {
        assert_eq!(authority(host, port).as_deref(), Ok(expected), "{host}");
    }
}

#[test]
fn target_refuses_what_is_no_host() {
    for host in ["", ".", "a b", "a/b", "a@b", "a:1", "a..b", "[::1", "[1.2.3.4]", "bücher", &"a".repeat(64)] {
        assert_eq!(authority(host, 80), Err(TargetError::Host { host: host.to_owned() }));
    }
    assert_eq!(authority("a", 0), Err(TargetError::Port));
    let h2c = UpstreamTarget::builder(Scheme::Https, "a", 1).protocol(UpstreamProtocol::H2c);
    assert_eq!(h2c.build(), Err(TargetError::H2cOverTls));
}

// R32
#[tokio::test]
async fn send_refuses_a_target_that_is_no_path() {
    let upstream = TestUpstream::answering(|_, _| ok("never")).await;
    let client = TestClient::new();
    for uri in ["http://169.254.169.254/latest", "example.com:80"] {
        let error = client.get(&upstream.target(), uri).await.unwrap_err();
        assert!(matches!(error, UpstreamError::InvalidRequest(_)), "{uri}: {error}");
    }
    assert_eq!(upstream.accepted(), 0);
}

#[tokio::test]
async fn send_refuses_a_length_that_is_not_the_body() {
    let upstream = TestUpstream::answering(|_, _| ok("never")).await;
    let client = TestClient::new();
    for lengths in [&["5"][..], &["3", "3"], &["+3"], &["3, 3"], &[""]] {
        let mut request = post("/", "abc");
        for length in lengths {
            request.headers_mut().append("content-length", length.parse().unwrap());
        }
        let error = client.client.send(&upstream.target(), request).await.unwrap_err();
        assert!(matches!(error, UpstreamError::InvalidRequest(_)), "{lengths:?}: {error}");
    }
    let mut empty = request(Method::POST, "/", Full::<bytes::Bytes>::default());
    empty.headers_mut().insert("content-length", "5".parse().unwrap());
    assert!(client.client.send(&upstream.target(), empty).await.is_err());
    assert_eq!(upstream.accepted(), 0);
}

#[tokio::test]
async fn body_shorter_than_its_length_fails_the_request() {
    let upstream = TestUpstream::start(|_, mut peer| async move { peer.gone().await }).await;
    let client = TestClient::new();
    let (feeder, body) = fed_body();
    let mut request = request(Method::POST, "/", body);
    request.headers_mut().insert("content-length", "5".parse().unwrap());
    drop(feeder);
    let error = super::harness::soon(client.client.send(&upstream.target(), request)).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Reset { .. }), "{error}");
    super::harness::eventually(|| client.tasks.is_empty()).await;
}
