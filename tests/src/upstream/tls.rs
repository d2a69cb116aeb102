//! The raw upstream behind TLS, with a certificate of its own.

use std::{io, net::Ipv4Addr, ops::Deref, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use super::TestUpstream;

/// Why a TLS upstream did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsUpstreamError {
    /// No certificate for these names.
    #[error("the certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS does not take the certificate.
    #[error("tls cannot be set up")]
    Tls(#[from] rustls::Error),
    /// No port.
    #[error("the upstream cannot listen")]
    Listen(#[from] io::Error),
}

/// A [`TestUpstream`] behind TLS, with a fresh self-signed certificate; offers `http/1.1` in ALPN.
#[derive(Debug)]
pub struct TestUpstreamTls {
    upstream: TestUpstream,
    certificate: CertificateDer<'static>,
    certificate_pem: String,
}

impl TestUpstreamTls {
    /// Starts on a free port with a certificate for `names`: host names or addresses.
    ///
    /// # Errors
    /// A name cannot be in a certificate, or there is no port.
    pub fn start(names: &[&str]) -> Result<Self, TlsUpstreamError> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let issued = rcgen::generate_simple_self_signed(names)?;
        let certificate = issued.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(issued.signing_key.serialize_der());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], PrivateKeyDer::Pkcs8(key))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tls = TlsAcceptor::from(Arc::new(config));
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        Ok(Self {
            upstream: TestUpstream::start_with(address, Some(tls))?,
            certificate,
            certificate_pem: issued.cert.pem(),
        })
    }

    /// The certificate, to be trusted as a root.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The certificate in PEM, for a file.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }
}

/// All that a plain upstream can do.
impl Deref for TestUpstreamTls {
    type Target = TestUpstream;

    fn deref(&self) -> &TestUpstream {
        &self.upstream
    }
}
