//! `wss://` with a root of the test's own.

use std::sync::Arc;

use rustls::{RootCertStore, ServerConfig, pki_types::PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use super::harness::{Server, check_echo, echo, key, soon};
use crate::connect::{CertificateProblem, DialError, DialTarget, GatewayTls, dial, verify};

fn identity(name: &str) -> (TlsAcceptor, GatewayTls) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("the name is valid");
    let private = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(verify::provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has suites")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], private.into())
        .expect("the key fits");
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("it is a certificate");
    let trust = GatewayTls::with_roots(roots).expect("there is a root");
    (TlsAcceptor::from(Arc::new(config)), trust)
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
