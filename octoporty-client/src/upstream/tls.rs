//! TLS towards upstreams: verified by default, pinned or unchecked where a mapping says so (R35).

use std::{io, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    io::Sniffed,
    target::{Host, TlsVerify, UpstreamTarget},
};
use crate::connect::verify::{self, CertificateRefused, Reporting};

/// HTTP/2 in ALPN (RFC 9113 §3.1).
pub(super) const ALPN_HTTP2: &[u8] = b"h2";

/// HTTP/1.1 in ALPN (RFC 7301 §6).
const ALPN_HTTP1: &[u8] = b"http/1.1";

/// The TLS settings of upstream clients. Made once, cloned into each of them.
#[derive(Clone, Debug)]
pub struct UpstreamTls {
    provider: Arc<CryptoProvider>,
    verified: Configs,
    unchecked: Configs,
}

/// One configuration for each ALPN offer.
#[derive(Clone, Debug)]
struct Configs {
    any: Arc<ClientConfig>,
    http1: Arc<ClientConfig>,
}

impl UpstreamTls {
    /// Trusts what the operating system trusts. Where it has no roots at all, verified upstreams are refused with
    /// that reason, and pinned and unchecked ones work.
    #[must_use]
    pub fn platform() -> Self {
        Self::with_verifier(verify::platform())
    }

    /// Trusts these roots alone.
    ///
    /// # Errors
    /// The store is empty.
    pub fn with_roots(roots: RootCertStore) -> Result<Self, rustls::Error> {
        Ok(Self::with_verifier(verify::roots(roots)?))
    }

    fn with_verifier(verifier: Arc<dyn ServerCertVerifier>) -> Self {
        let provider = verify::provider();
        let verified = Configs::new(&provider, Arc::new(Reporting::new(verifier)));
        let unchecked = Configs::new(&provider, Arc::new(Unchecked { provider: Arc::clone(&provider) }));
        Self { provider, verified, unchecked }
    }

    /// The handshake, over a connection that was opened for `target`.
    pub(super) async fn connect(
        &self,
        target: &UpstreamTarget,
        offers_http2: bool,
        tcp: Sniffed,
    ) -> io::Result<TlsStream<Sniffed>> {
        let config = self.config(target.tls(), offers_http2);
        let name = match &target.host {
            Host::Name(name) => ServerName::try_from(name.to_string()).map_err(io::Error::other)?,
            Host::Address(address) => ServerName::from(*address),
            // They are plain HTTP always.
            #[cfg(unix)]
            Host::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
            Host::Local(_) => return Err(io::ErrorKind::Unsupported.into()),
        };
        TlsConnector::from(config).connect(name, tcp).await
    }

    fn config(&self, rule: TlsVerify, offers_http2: bool) -> Arc<ClientConfig> {
        let pick = |configs: &Configs| Arc::clone(if offers_http2 { &configs.any } else { &configs.http1 });
        match rule {
            TlsVerify::Verify => pick(&self.verified),
            TlsVerify::AcceptAny => pick(&self.unchecked),
            TlsVerify::Pin(pin) => {
                let verifier = Pinned { pin, provider: Arc::clone(&self.provider) };
                pick(&Configs::new(&self.provider, Arc::new(verifier)))
            }
        }
    }
}

impl Configs {
    fn new(provider: &Arc<CryptoProvider>, verifier: Arc<dyn ServerCertVerifier>) -> Self {
        let mut config = verify::config(Arc::clone(provider), verifier);
        config.alpn_protocols = vec![ALPN_HTTP1.to_vec()];
        let http1 = Arc::new(config.clone());
        config.alpn_protocols.insert(0, ALPN_HTTP2.to_vec());
        Self { any: Arc::new(config), http1 }
    }
}

/// Takes the one certificate whose fingerprint is known, proven to be the upstream's by its signature.
#[derive(Debug)]
struct Pinned {
    pin: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if verify::fingerprint(leaf) == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateRefused::pin(leaf).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, leaf, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, leaf, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Takes any certificate, well-formed or not: whoever is in between could show one of its own anyway.
#[derive(Debug)]
struct Unchecked {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
