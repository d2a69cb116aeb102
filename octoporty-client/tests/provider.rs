//! The crypto provider is the program's to choose. A file of its own, as a process chooses once.

#![cfg(feature = "tls-no-provider")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use octoporty_client::connect::{DialTarget, GatewayTls, dial};
use octoporty_core::secret::Secret;
use rustls::{
    CipherSuite, RootCertStore, ServerConfig,
    crypto::{
        CryptoProvider,
        aws_lc_rs::{cipher_suite::TLS13_CHACHA20_POLY1305_SHA256, default_provider},
    },
    pki_types::PrivatePkcs8KeyDer,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server that would take any suite, and who trusts it.
fn identity() -> (TlsAcceptor, RootCertStore) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let private = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], private.into())
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    (TlsAcceptor::from(Arc::new(config)), roots)
}

#[tokio::test]
async fn the_programs_crypto_provider_is_used() {
    let (acceptor, roots) = identity();
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let url = format!("wss://localhost:{}/tunnel", listener.local_addr().unwrap().port());
    let target = || DialTarget::builder(&url, &Secret::new("0123456789abcdef0123456789abcdef".to_owned()));

    #[cfg(not(feature = "tls"))]
    {
        let error = dial(&target().build().unwrap()).await.err().unwrap();
        assert_eq!(error.code(), "tls-not-built");
        assert!(error.is_fatal(), "another try would not mend it");
        assert!(GatewayTls::with_roots(roots.clone()).is_err());
    }

    let one_suite = CryptoProvider { cipher_suites: vec![TLS13_CHACHA20_POLY1305_SHA256], ..default_provider() };
    one_suite.install_default().unwrap();
    let target = target().tls(GatewayTls::with_roots(roots).unwrap()).build().unwrap();
    let accepting = async {
        let (tcp, _peer) = listener.accept().await.unwrap();
        let tls = acceptor.accept(tcp).await.unwrap();
        tls.get_ref().1.negotiated_cipher_suite().unwrap().suite()
    };
    // It speaks no WebSocket and leaves.
    let (suite, dialled) = tokio::join!(accepting, dial(&target));
    assert_eq!(suite, CipherSuite::TLS13_CHACHA20_POLY1305_SHA256);
    assert!(dialled.is_err());
}
