//! The upstream is not there, too slow, or not what the mapping says.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use octoporty_client::{
    Mapping,
    upstream::{Resolve, Resolving, Scheme, TlsVerify, UpstreamTargetBuilder, UpstreamTls},
};
use octoporty_core::proxy::{HeaderPolicy, HostHeader};
use octoporty_tests::{
    Answer, HOST, TestAgent, TestGateway, TestUpstream, TestUpstreamTls, Visitor, World, free_address, mapping,
    mapping_to,
};
use rustls::RootCertStore;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::SOON;

/// Asks for `path` of a mapping through a Gateway and an Agent of its own.
async fn ask(mapping: Mapping, path: &str) -> Answer {
    let gateway = TestGateway::start().expect("a free port");
    let _agent = TestAgent::builder(gateway.address()).mapping(mapping).connect().await;
    let mut visitor = Visitor::connect(gateway.address(), HOST).await.expect("the gateway listens");
    visitor.get(path).await.expect("an answer")
}

fn https(upstream: SocketAddr, change: impl FnOnce(UpstreamTargetBuilder) -> UpstreamTargetBuilder) -> Mapping {
    mapping_to(HOST, Scheme::Https, "localhost", upstream.port(), change)
}

#[tokio::test]
async fn refused_connection_is_502() {
    let address = free_address().unwrap();
    let answer = ask(mapping(HOST, address), "/").await;
    assert_eq!(answer.status(), 502, "{answer:?}");
    assert!(!answer.text().contains(&address.to_string()) && !answer.text().contains("127.0.0.1"), "{answer:?}");
}

#[tokio::test]
async fn slow_upstream_is_504_and_its_request_dropped() {
    let upstream = TestUpstream::start().unwrap();
    let quick = mapping_to(HOST, Scheme::Http, "127.0.0.1", upstream.address().port(), |target| {
        target.head_timeout(Some(Duration::from_millis(300)))
    });
    let answer = ask(quick, "/hang?tag=slow").await;
    assert_eq!(answer.status(), 504, "{answer:?}");
    upstream.wait_for("slow", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(upstream.requests(), 1, "never tried again");
}

#[tokio::test]
async fn head_timeout_does_not_count_the_upload_or_the_body() {
    let upstream = TestUpstream::start().unwrap();
    let gateway = TestGateway::start().unwrap();
    let quick = mapping_to(HOST, Scheme::Http, "127.0.0.1", upstream.address().port(), |target| {
        target.head_timeout(Some(Duration::from_millis(1500)))
    });
    let _agent = TestAgent::builder(gateway.address()).mapping(quick).connect().await;
    let mut visitor = Visitor::connect(gateway.address(), HOST).await.unwrap();
    let answer = visitor.get("/sse?n=6&ms=400").await.unwrap();
    assert!(answer.is_complete(), "{answer:?}");
    visitor.sender().send_request("POST", "/echo?tag=upload", &[("Content-Length", "2")], b"a").await.unwrap();
    upstream.wait_for("upload", |record| record.body_bytes == 1, SOON).await.unwrap();
    // The visitor's pause is not the upstream's.
    assert!(visitor.gone_within(Duration::from_millis(2500)).await.is_none());
    visitor.send("b").await.unwrap();
    assert_eq!(visitor.answer("POST").await.unwrap().status(), 200);
}

/// Knows no name.
struct NoNames;

impl Resolve for NoNames {
    fn resolve<'a>(&'a self, _host: &'a str, _port: u16) -> Resolving<'a> {
        Box::pin(async { Err(io::Error::other("no such name")) })
    }
}

/// Says what a hostile name server would.
struct Metadata;

impl Resolve for Metadata {
    fn resolve<'a>(&'a self, _host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok(vec![([169, 254, 169, 254], port).into()]) })
    }
}

// R33
#[tokio::test]
async fn name_that_is_not_found_or_leads_to_a_forbidden_address_is_502() {
    let resolvers: [Arc<dyn Resolve>; 2] = [Arc::new(NoNames), Arc::new(Metadata)];
    for resolver in resolvers {
        let gateway = TestGateway::start().unwrap();
        let named = mapping_to(HOST, Scheme::Http, "service.internal", 80, |target| target);
        let builder = TestAgent::builder(gateway.address()).mapping(named);
        let _agent = builder.with(|agent| agent.resolver(resolver)).connect().await;
        let mut visitor = Visitor::connect(gateway.address(), HOST).await.unwrap();
        let answer = visitor.get("/").await.unwrap();
        assert_eq!(answer.status(), 502, "{answer:?}");
        assert!(!answer.text().contains("service.internal") && !answer.text().contains("169.254"), "{answer:?}");
    }
}

#[tokio::test]
async fn tls_confusion_is_502_both_ways() {
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap();
    let answers_at_once = async {
        // As web servers do when they are spoken to in TLS.
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        stream
    };
    let (answer, _stream) = tokio::join!(ask(https(address, |target| target), "/"), answers_at_once);
    assert_eq!(answer.status(), 502, "TLS to a plain service: {answer:?}");
    let tls = TestUpstreamTls::start(&["localhost"]).unwrap();
    let answer = ask(mapping(HOST, tls.address()), "/").await;
    assert_eq!(answer.status(), 502, "plain text to a TLS service: {answer:?}");
    assert_eq!(tls.requests(), 0);
}

// R35
#[tokio::test]
async fn certificates_are_checked_unless_pinned_or_told_otherwise() {
    let tls = TestUpstreamTls::start(&["localhost"]).unwrap();
    let fingerprint = Sha256::digest(tls.certificate());
    let pin: [u8; 32] = std::array::from_fn(|index| fingerprint[index]);
    for (verify, status) in [
        (TlsVerify::Verify, 502),
        (TlsVerify::Pin([0; 32]), 502),
        (TlsVerify::Pin(pin), 201),
        (TlsVerify::AcceptAny, 201),
    ] {
        let answer = ask(https(tls.address(), |target| target.tls(verify)), "/status/201").await;
        assert_eq!(answer.status(), status, "{verify:?}: {answer:?}");
    }
    let mut roots = RootCertStore::empty();
    roots.add(tls.certificate().clone()).unwrap();
    let gateway = TestGateway::start().unwrap();
    let trusting = UpstreamTls::with_roots(roots).unwrap();
    let builder = TestAgent::builder(gateway.address()).mapping(https(tls.address(), |target| target));
    let _agent = builder.with(|agent| agent.upstream_tls(trusting)).connect().await;
    let mut visitor = Visitor::connect(gateway.address(), HOST).await.unwrap();
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);
    assert_eq!(tls.records().last().unwrap().fields.only("host"), Some(HOST));
}

// R34
#[tokio::test]
async fn redirects_and_cookies_are_the_visitors_business() {
    let world = World::start().await;
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n";
    world.upstream.answer_raw("/redirect", redirect);
    world
        .upstream
        .answer_raw("/packed", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x0b!");
    let mut visitor = world.visitor().await;
    let answer = visitor.get("/redirect").await.unwrap();
    assert_eq!((answer.status(), answer.fields().only("location")), (302, Some("http://169.254.169.254/")));
    let echo = visitor.get("/echo").await.unwrap().json().unwrap();
    assert_eq!(crate::echoed(&echo, "cookie"), [""; 0]);
    assert_eq!(crate::echoed(&echo, "accept-encoding"), [""; 0]);
    let answer = visitor.get("/packed").await.unwrap();
    assert_eq!((answer.fields().only("content-encoding"), &answer.body[..]), (Some("gzip"), &b"\x1f\x0b!"[..]));
}

#[tokio::test]
async fn mapping_may_change_fields() {
    let upstream = TestUpstream::start().unwrap();
    let policy = HeaderPolicy::new().host(HostHeader::Upstream);
    let policy = policy.set_request("x-added".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let policy = policy.remove_request("cookie".parse().unwrap()).unwrap();
    let policy = policy.set_response("x-frame-options".parse().unwrap(), "DENY".parse().unwrap()).unwrap();
    let policy = policy.remove_response("content-type".parse().unwrap()).unwrap();
    let gateway = TestGateway::start().unwrap();
    let changed = mapping(HOST, upstream.address()).headers(policy);
    let _agent = TestAgent::builder(gateway.address()).mapping(changed).connect().await;
    let mut visitor = Visitor::connect(gateway.address(), HOST).await.unwrap();
    let answer = visitor.request("GET", "/echo", &[("Cookie", "a=1"), ("X-Added", "2")], b"").await.unwrap();
    assert_eq!((answer.fields().only("x-frame-options"), answer.fields().has("content-type")), (Some("DENY"), false));
    let echo = answer.json().unwrap();
    assert_eq!(crate::echoed(&echo, "host"), [upstream.address().to_string()]);
    assert_eq!((crate::echoed(&echo, "x-added"), crate::echoed(&echo, "cookie")), (vec!["1".to_owned()], vec![]));
    assert_eq!(crate::echoed(&echo, "x-forwarded-host"), [HOST]);
}
