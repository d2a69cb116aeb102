//! The raw upstream: what it records, and its honest behaviours.

use std::time::Duration;

use octoporty_tests::{
    Anomaly, BodyProgress, Gone, TestUpstream, TestUpstreamTls, Visitor, eventually, pattern, pattern_sha256,
    sha256_hex, unique_tag,
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{SOON, pair};

#[tokio::test]
async fn record_has_exact_head_body_and_digest() {
    let (upstream, mut visitor) = pair().await;
    let tag = unique_tag();
    let head = format!("POST /echo?tag={tag} HTTP/1.1\r\nhOsT: h\r\nX-A:  1 \r\nContent-Length: 3\r\n\r\n");
    visitor.send(head.clone() + "abc").await.unwrap();
    assert_eq!(visitor.answer("POST").await.unwrap().status(), 200);
    let record = upstream.wait_for(&tag, |record| record.answered.is_some(), SOON).await.unwrap();
    assert_eq!(record.head, head);
    assert_eq!(record.body, BodyProgress::Complete);
    assert_eq!(record.body_sha256, sha256_hex(b"abc"));
    assert_eq!(record.fields.only("x-a"), Some("1"));
    assert!(record.anomalies.is_empty());
    assert!(record.sent_bytes > 0);
}

#[tokio::test]
async fn anomalies_name_what_is_wrong() {
    let cases = [
        ("GET / HTTP/1.1\nHost: h\r\n\r\n", Anomaly::BareLf),
        ("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", Anomaly::BareCr),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n", Anomaly::Nul),
        ("GET / HTTP/1.1\r\nHost: h\r\n X: y\r\n\r\n", Anomaly::FoldedLine),
        ("GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", Anomaly::NoColon("X".into())),
        ("GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", Anomaly::BadName("X ".into())),
        ("GET / HTTP/1.1\r\n\r\n", Anomaly::HostCount(0)),
        ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", Anomaly::HostCount(2)),
        ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", Anomaly::BadRequestLine),
        ("GET / HTTP/1.2\r\nHost: h\r\n\r\n", Anomaly::BadVersion("HTTP/1.2".into())),
        ("G(T / HTTP/1.1\r\nHost: h\r\n\r\n", Anomaly::BadMethod("G(T".into())),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +0\r\n\r\n", Anomaly::BadLength("+0".into())),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", Anomaly::RepeatedLength),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            Anomaly::LengthAndCoding,
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
            Anomaly::OddCoding(vec!["xchunked".into()]),
        ),
    ];
    let upstream = TestUpstream::start().unwrap();
    for (raw, anomaly) in cases {
        let mut visitor = Visitor::connect(upstream.address(), "h").await.unwrap();
        visitor.send(raw).await.unwrap();
        visitor.answer("GET").await.unwrap();
        let record = upstream.records().pop().unwrap();
        assert_eq!(record.anomalies, [anomaly], "{raw:?}");
    }
}

#[tokio::test]
async fn wait_for_sees_a_body_that_is_cut() {
    let (upstream, mut visitor) = pair().await;
    visitor.send("POST /echo?tag=x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab").await.unwrap();
    upstream.wait_for("x", |record| record.body_bytes == 2, SOON).await.unwrap();
    visitor.reset().unwrap();
    let record = upstream.wait_for("x", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(record.body, BodyProgress::Broken);
    assert_eq!(record.gone.map(|(how, _)| how), Some(Gone::Reset));
}

#[tokio::test]
async fn wait_for_fails_with_what_was_seen() {
    let (upstream, mut visitor) = pair().await;
    visitor.get("/echo?tag=x").await.unwrap();
    let error = upstream.wait_for("x", |record| record.method == "PUT", Duration::from_millis(20)).await.unwrap_err();
    assert!(error.to_string().contains("GET /echo?tag=x"), "{error}");
}

#[tokio::test]
async fn cut_head_is_recorded() {
    let (upstream, mut visitor) = pair().await;
    visitor.send("GET / HTT").await.unwrap();
    drop(visitor);
    let record = upstream.wait_for("", |record| record.anomalies == [Anomaly::CutHead], SOON).await;
    assert_eq!(&record.unwrap().head[..], b"GET / HTT");
}

#[tokio::test]
async fn hang_and_stream_notice_when_the_peer_goes() {
    for path in ["/hang?tag=x", "/stream?tag=x", "/stream?tag=x&fast&size=65536", "/gate?tag=x"] {
        let (upstream, mut visitor) = pair().await;
        visitor.sender().send_request("GET", path, &[], &[]).await.unwrap();
        upstream.wait_for("x", |_| true, SOON).await.unwrap();
        drop(visitor);
        upstream.wait_for("x", |record| record.gone.is_some(), SOON).await.unwrap();
        upstream.wait_for_connections(|_, open| open == 0, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn big_sends_the_pattern() {
    let (_upstream, mut visitor) = pair().await;
    let bytes = 3_000_001_u64;
    visitor.sender().send_request("GET", "/big?n=3000001", &[], &[]).await.unwrap();
    visitor.head("GET").await.unwrap();
    let summary = visitor.summary().await;
    assert_eq!((summary.bytes, summary.sha256), (bytes, pattern_sha256(bytes)));
    assert_eq!(pattern_sha256(70_000), sha256_hex(&pattern(70_000)));
}

#[tokio::test]
async fn sse_sends_events_with_their_time() {
    let (_upstream, mut visitor) = pair().await;
    let answer = visitor.get("/sse?n=3&ms=1").await.unwrap();
    assert_eq!(answer.fields().only("content-type"), Some("text/event-stream"));
    let text = answer.text();
    let times: Vec<u64> =
        text.split_terminator("\n\n").map(|event| event.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert!(times.len() == 3 && times.is_sorted(), "{text}");
}

#[tokio::test]
async fn special_fields_are_sent_as_they_are() {
    let (_upstream, mut visitor) = pair().await;
    let answer = visitor.get("/cookies").await.unwrap();
    assert_eq!(answer.fields().all("set-cookie").len(), 3);
    assert_eq!(answer.fields().only("x-empty"), Some(""));
    assert_eq!(answer.fields().only("x-obs"), Some("caf\u{e9}"));
    let answer = visitor.get("/hop").await.unwrap();
    assert_eq!(answer.fields().only("x-hop-secret"), Some("1"));
    let answer = visitor.get("/trailers").await.unwrap();
    assert_eq!(answer.trailers.only("grpc-status"), Some("0"));
}

#[tokio::test]
async fn continue_and_hints_come_before_the_answer() {
    let (_upstream, mut visitor) = pair().await;
    let expect = [("Expect", "100-continue")];
    let answer = visitor.request("PUT", "/continue?ms=1", &expect, b"x").await.unwrap();
    assert_eq!(answer.head.interim[0].status, 100);
    let answer = visitor.get("/continue?ms=1").await.unwrap();
    assert!(answer.head.interim.is_empty());
    let answer = visitor.get("/hints?ms=1").await.unwrap();
    assert_eq!(answer.head.interim[0].fields.only("link"), Some("</s.css>; rel=preload"));
}

#[tokio::test]
async fn gate_opens_by_a_step_given_before_or_after() {
    let (upstream, mut visitor) = pair().await;
    upstream.step("x");
    assert_eq!(visitor.get("/gate?tag=x").await.unwrap().status(), 200);
    visitor.sender().send_request("GET", "/gate?tag=x", &[], &[]).await.unwrap();
    upstream.wait_for("x", |record| record.number == 2, SOON).await.unwrap();
    upstream.step("x");
    assert_eq!(visitor.answer("GET").await.unwrap().status(), 200);
}

#[tokio::test]
async fn close_connections_ends_idle_ones_and_spares_later_ones() {
    let (upstream, mut visitor) = pair().await;
    visitor.get("/echo").await.unwrap();
    upstream.close_connections();
    assert!(visitor.closed_within(SOON).await);
    let mut visitor = Visitor::connect(upstream.address(), "h").await.unwrap();
    assert_eq!(visitor.get("/echo").await.unwrap().status(), 200);
    assert_eq!(upstream.connections_total(), 2);
}

#[tokio::test]
async fn dropped_upstream_can_be_replaced_at_its_address() {
    let (upstream, mut visitor) = pair().await;
    visitor.get("/echo").await.unwrap();
    let address = upstream.address();
    drop(upstream);
    assert!(visitor.closed_within(SOON).await);
    eventually(SOON, "the address is free again", || TestUpstream::start_at(address).is_ok()).await;
}

#[tokio::test]
async fn tls_upstream_serves_with_its_certificate() {
    let upstream = TestUpstreamTls::start(&["localhost"]).unwrap();
    assert!(upstream.certificate_pem().starts_with("-----BEGIN CERTIFICATE-----"));
    let mut roots = RootCertStore::empty();
    roots.add(upstream.certificate().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(upstream.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut tls = TlsConnector::from(std::sync::Arc::new(config)).connect(name, stream).await.unwrap();
    let request = b"GET /status/201?tag=x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    tls.write_all(request).await.unwrap();
    let mut answer = String::new();
    tls.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(upstream.tagged("x")[0].anomalies.is_empty());
}
