//! TLS towards upstreams (R35): verified, pinned, unchecked, and mixed up with plain text.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::harness::{TestClient, TestUpstream, get, soon, text};
use crate::{
    connect::{CertificateProblem, verify},
    upstream::{Scheme, TlsVerify, UpstreamClient, UpstreamError, UpstreamTarget, UpstreamTls, into_upgraded},
};

struct Identity {
    certificate: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl Identity {
    fn new(name: &str, alpn: &[&[u8]]) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("the name is valid");
        let certificate = made.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(verify::provider().unwrap())
            .with_safe_default_protocol_versions()
            .expect("the provider has suites")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key.into())
            .expect("the key fits");
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Self { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }

    fn fingerprint(&self) -> [u8; 32] {
        verify::fingerprint(&self.certificate)
    }

    /// An upstream that answers each request with the protocol it came in.
    async fn serve(&self) -> TestUpstream {
        let acceptor = self.acceptor.clone();
        TestUpstream::start(move |_, peer| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(tls) = acceptor.accept(peer.tcp).await else {
                    return;
                };
                let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
                let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                    let version = format!("{:?}", request.version());
                    Ok::<_, std::convert::Infallible>(http::Response::new(Full::<Bytes>::from(version)))
                });
                let io = TokioIo::new(tls);
                let _ended = if is_http2 {
                    hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await
                } else {
                    hyper::server::conn::http1::Builder::new().serve_connection(io, service).await
                };
            }
        })
        .await
    }

    fn client(&self) -> UpstreamClient {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("it is a certificate");
        let tls = UpstreamTls::with_roots(roots).expect("there is a root");
        UpstreamClient::builder(TaskTracker::new(), CancellationToken::new()).tls(tls).build()
    }
}

fn target(port: u16, rule: TlsVerify) -> Arc<UpstreamTarget> {
    UpstreamTarget::builder(Scheme::Https, "localhost", port).tls(rule).build().expect("it is valid")
}

async fn fetch(client: &UpstreamClient, target: &Arc<UpstreamTarget>) -> Result<String, UpstreamError> {
    text(soon(client.send(target, get("/"))).await?).await
}

#[tokio::test]
async fn verified_upstream_speaks_what_alpn_agrees_on() {
    for (alpn, expected) in
        [(&[b"h2".as_slice(), b"http/1.1"][..], "HTTP/2.0"), (&[b"http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")]
    {
        let identity = Identity::new("localhost", alpn);
        let upstream = identity.serve().await;
        let (client, target) = (identity.client(), target(upstream.port, TlsVerify::Verify));
        for _ in 0..2 {
            assert_eq!(fetch(&client, &target).await.unwrap(), expected);
        }
        assert_eq!(upstream.accepted(), 1);
    }
}

#[tokio::test]
async fn unknown_issuer_is_refused_with_its_fingerprint() {
    let (shown, trusted) = (Identity::new("localhost", &[]), Identity::new("localhost", &[]));
    let upstream = shown.serve().await;
    let error = fetch(&trusted.client(), &target(upstream.port, TlsVerify::Verify)).await.unwrap_err();
    let UpstreamError::Certificate { refused, .. } = &error else { panic!("{error}") };
    assert_eq!(refused.problem(), &CertificateProblem::UnknownIssuer);
    assert_eq!(refused.fingerprint(), Some(shown.fingerprint()));
    let hex = format!("SHA-256 {:02X}:{:02X}:", shown.fingerprint()[0], shown.fingerprint()[1]);
    assert!(error.to_string().contains(&hex), "{error}");
    assert!(error.is_unsent());
}

#[tokio::test]
async fn wrong_name_is_refused() {
    let identity = Identity::new("other.example.com", &[]);
    let upstream = identity.serve().await;
    let error = fetch(&identity.client(), &target(upstream.port, TlsVerify::Verify)).await.unwrap_err();
    let UpstreamError::Certificate { refused, .. } = &error else { panic!("{error}") };
    assert_eq!(refused.problem(), &CertificateProblem::WrongName);
}

// R35
#[tokio::test]
async fn pin_takes_one_certificate_and_no_other() {
    let identity = Identity::new("other.example.com", &[]);
    let upstream = identity.serve().await;
    let client = Identity::new("localhost", &[]).client();
    let pinned = target(upstream.port, TlsVerify::Pin(identity.fingerprint()));
    assert_eq!(fetch(&client, &pinned).await.unwrap(), "HTTP/1.1");
    let error = fetch(&client, &target(upstream.port, TlsVerify::Pin([7; 32]))).await.unwrap_err();
    let UpstreamError::Certificate { refused, .. } = &error else { panic!("{error}") };
    assert_eq!(refused.problem(), &CertificateProblem::NotPinned);
    assert_eq!(refused.fingerprint(), Some(identity.fingerprint()));
}

#[tokio::test]
async fn unchecked_target_does_not_loosen_another() {
    let identity = Identity::new("other.example.com", &[]);
    let upstream = identity.serve().await;
    let client = Identity::new("localhost", &[]).client();
    assert_eq!(fetch(&client, &target(upstream.port, TlsVerify::AcceptAny)).await.unwrap(), "HTTP/1.1");
    assert!(fetch(&client, &target(upstream.port, TlsVerify::Verify)).await.is_err());
}

#[tokio::test]
async fn plain_service_behind_https_is_named() {
    let upstream = TestUpstream::start(|_, mut peer| async move {
        // A service that reads a line of nonsense says so in plain text.
        let mut byte = [0; 1];
        let _read = tokio::io::AsyncReadExt::read(&mut peer.tcp, &mut byte).await;
        peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        peer.gone().await;
    })
    .await;
    let client = Identity::new("localhost", &[]).client();
    let error = fetch(&client, &target(upstream.port, TlsVerify::Verify)).await.unwrap_err();
    assert!(matches!(error, UpstreamError::SpeaksHttp { .. }), "{error}");
}

#[tokio::test]
async fn https_service_behind_http_is_named() {
    let upstream = Identity::new("localhost", &[]).serve().await;
    let error = TestClient::new().get(&upstream.target(), "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::SpeaksHttps { .. }), "{error}");
    let error = TestClient::new().get(&upstream.h2c_target(), "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::SpeaksHttps { .. }), "{error}");
}

/// A WebSocket needs HTTP/1.1 even where HTTP/2 is to be had.
#[tokio::test]
async fn upgrade_over_tls_asks_for_http1_alone() {
    let identity = Identity::new("localhost", &[b"h2", b"http/1.1"]);
    let acceptor = identity.acceptor.clone();
    let upstream = TestUpstream::start(move |_, peer| {
        let acceptor = acceptor.clone();
        async move {
            let mut tls = acceptor.accept(peer.tcp).await.unwrap();
            assert_eq!(tls.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                tokio::io::AsyncReadExt::read_buf(&mut tls, &mut head).await.unwrap();
            }
            let answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                           Sec-WebSocket-Accept: x\r\n\r\nhello";
            tokio::io::AsyncWriteExt::write_all(&mut tls, answer).await.unwrap();
            tokio::io::AsyncWriteExt::shutdown(&mut tls).await.unwrap();
        }
    })
    .await;
    let mut request = get("/ws");
    for (name, value) in [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let client = identity.client();
    let answer = soon(client.send(&target(upstream.port, TlsVerify::Verify), request)).await.unwrap();
    let (mut io, early) = soon(into_upgraded(answer)).await.unwrap();
    let mut said = early.to_vec();
    soon(tokio::io::AsyncReadExt::read_to_end(&mut io, &mut said)).await.unwrap();
    assert_eq!(said, b"hello");
}
