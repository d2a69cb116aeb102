//! `wss://` with a root of the test's own.

use std::sync::Arc;

use rcgen::PublicKeyData;
use rustls::{RootCertStore, ServerConfig, pki_types::PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

use super::harness::{Server, check_echo, echo, key, soon};
use crate::connect::{CertificatePin, CertificateProblem, DialError, DialTarget, GatewayTls, dial, verify};

fn identity(name: &str) -> (TlsAcceptor, GatewayTls) {
    let (acceptor, trust, _pins) = identity_with_pins(name);
    (acceptor, trust)
}

/// A server's side, who trusts it, and the fingerprints of its certificate and of its key.
fn identity_with_pins(name: &str) -> (TlsAcceptor, GatewayTls, [CertificatePin; 2]) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("the name is valid");
    let private = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(verify::provider().unwrap())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], private.into())
        .expect("the key fits");
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("it is a certificate");
    let trust = GatewayTls::with_roots(roots).expect("there is a root");
    let pin = |der: &[u8]| CertificatePin(Sha256::digest(der).into());
    let pins = [pin(made.cert.der()), pin(&made.signing_key.subject_public_key_info())];
    (TlsAcceptor::from(Arc::new(config)), trust, pins)
}

async fn serve(acceptor: TlsAcceptor) -> Server {
    Server::start(move |tcp| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(tls) = acceptor.accept(tcp).await {
                echo(tls).await;
            }
        }
    })
    .await
}

fn target(port: u16, tls: GatewayTls) -> DialTarget {
    let url = format!("wss://localhost:{port}/tunnel");
    DialTarget::builder(&url, &key()).tls(tls).build().expect("it is valid")
}

#[tokio::test]
async fn gateway_is_reached_over_tls() {
    let (acceptor, trust) = identity("localhost");
    let gateway = serve(acceptor).await;
    check_echo(soon(dial(&target(gateway.port, trust))).await.unwrap()).await;
}

// R21
#[tokio::test]
async fn bad_certificates_are_refused() {
    let (_, others) = identity("localhost");
    let (acceptor, trust) = identity("gateway.example.com");
    let gateway = serve(acceptor).await;
    for (tls, problem) in [(others, CertificateProblem::UnknownIssuer), (trust, CertificateProblem::WrongName)] {
        let error = soon(dial(&target(gateway.port, tls))).await.err().unwrap();
        let DialError::Certificate { refused, .. } = &error else { panic!("{error}") };
        assert_eq!(refused.problem(), &problem);
        assert!(refused.fingerprint().is_some());
        assert!(!error.is_fatal());
    }
}

// R21
#[tokio::test]
async fn pinned_gateway_shows_this_certificate_or_this_key() {
    let (acceptor, trust, pins) = identity_with_pins("localhost");
    let gateway = serve(acceptor).await;
    let url = format!("wss://localhost:{}/tunnel", gateway.port);
    let pinned = |pin| DialTarget::builder(&url, &key()).tls(trust.clone()).pin(pin).build().expect("it is valid");
    for pin in pins {
        check_echo(soon(dial(&pinned(pin))).await.unwrap()).await;
    }
    let (_, _, [_, other_key]) = identity_with_pins("localhost");
    let error = soon(dial(&pinned(other_key))).await.err().unwrap();
    let DialError::Certificate { refused, .. } = &error else { panic!("{error}") };
    assert_eq!(refused.problem(), &CertificateProblem::KeyNotPinned { key: Some(pins[1].0) });
    let message = error.to_string();
    for part in [&*pins[0].to_string(), &*pins[1].to_string(), "Agent__GatewayPin"] {
        assert!(message.contains(part), "{message}");
    }
}

// R21: a pin takes nothing off the other checks.
#[tokio::test]
async fn pinned_gateway_must_be_trusted_besides() {
    let (_, others) = identity("localhost");
    let (acceptor, _, [pin, _]) = identity_with_pins("localhost");
    let gateway = serve(acceptor).await;
    let error = soon(dial(&target(gateway.port, others.pinned(pin)))).await.err().unwrap();
    let DialError::Certificate { refused, .. } = &error else { panic!("{error}") };
    assert_eq!(refused.problem(), &CertificateProblem::UnknownIssuer);
    let plain = DialTarget::builder("ws://localhost/tunnel", &key()).pin(pin).build();
    assert!(matches!(plain, Err(DialError::Url { .. })), "{plain:?}");
}

#[tokio::test]
async fn plain_server_behind_wss_is_a_tls_error() {
    let (_, trust) = identity("localhost");
    let server = Server::start(|mut tcp| async move {
        let mut byte = [0; 1];
        let _read = tokio::io::AsyncReadExt::read(&mut tcp, &mut byte).await;
        let _sent = tokio::io::AsyncWriteExt::write_all(&mut tcp, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let error = soon(dial(&target(server.port, trust))).await.err().unwrap();
    assert!(matches!(error, DialError::Tls { .. }), "{error}");
}
