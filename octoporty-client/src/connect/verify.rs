//! Certificate checks for both ends that an Agent dials: the provider, the roots, and refusals that say what was
//! shown.

use std::{io, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use sha2::{Digest, Sha256};

use super::certificate::CertificateProblem;
pub(crate) use super::certificate::CertificateRefused;

/// The one crypto provider, handed over explicitly: a library sets no default for its process.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Trusts what the operating system trusts. Without any roots, every certificate is refused with that reason.
pub(crate) fn platform() -> Arc<dyn ServerCertVerifier> {
    match rustls_platform_verifier::Verifier::new(provider()) {
        Ok(verifier) => Arc::new(verifier),
        Err(error) => Arc::new(NoRoots { error, provider: provider() }),
    }
}

/// Trusts these roots alone.
pub(crate) fn roots(roots: RootCertStore) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build() {
        Ok(verifier) => Ok(verifier),
        Err(error) => Err(rustls::Error::Other(OtherError(Arc::new(error)))),
    }
}

/// TLS 1.2 and 1.3 with this verifier, and no certificate of our own.
pub(crate) fn config(provider: Arc<CryptoProvider>, verifier: Arc<dyn ServerCertVerifier>) -> ClientConfig {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth()
}

/// SHA-256 of a certificate's DER.
pub(crate) fn fingerprint(leaf: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(leaf).into()
}

impl CertificateRefused {
    /// A certificate that is not the pinned one.
    pub(crate) fn pin(leaf: &CertificateDer<'_>) -> Self {
        Self { fingerprint: Some(fingerprint(leaf)), problem: CertificateProblem::NotPinned }
    }

    /// The refusal inside a failed handshake.
    pub(crate) fn find(error: &io::Error) -> Option<Self> {
        let rustls::Error::InvalidCertificate(error) = error.get_ref()?.downcast_ref()? else {
            return None;
        };
        if let CertificateError::Other(OtherError(other)) = error
            && let Some(refused) = other.downcast_ref::<Self>()
        {
            return Some(refused.clone());
        }
        Some(Self { fingerprint: None, problem: problem(error) })
    }
}

impl From<CertificateRefused> for rustls::Error {
    fn from(refused: CertificateRefused) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
    }
}

fn problem(error: &CertificateError) -> CertificateProblem {
    match error {
        CertificateError::UnknownIssuer => CertificateProblem::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateProblem::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongName
        }
        other => CertificateProblem::Other(other.to_string()),
    }
}

/// Asks another verifier, and adds to its refusals what was shown.
#[derive(Debug)]
pub(crate) struct Reporting {
    inner: Arc<dyn ServerCertVerifier>,
}

impl Reporting {
    pub(crate) const fn new(inner: Arc<dyn ServerCertVerifier>) -> Self {
        Self { inner }
    }
}

impl ServerCertVerifier for Reporting {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.inner.verify_server_cert(leaf, intermediates, name, ocsp, now).map_err(|error| match error {
            rustls::Error::InvalidCertificate(error) => {
                // Another issuer of the same name, such as a service's self-signed certificate made anew.
                let problem = match error {
                    CertificateError::BadSignature => CertificateProblem::UnknownIssuer,
                    error => problem(&error),
                };
                CertificateRefused { fingerprint: Some(fingerprint(leaf)), problem }.into()
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Refuses everything, as there are no roots to check against.
#[derive(Debug)]
struct NoRoots {
    error: rustls::Error,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for NoRoots {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Err(self.error.clone())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(self.error.clone())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(self.error.clone())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
