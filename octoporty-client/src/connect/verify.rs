//! Certificate checks for both ends that an Agent dials: the provider, the one verifier with its rules, and refusals that
//! say what was shown.

use std::{io, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use sha2::{Digest, Sha256};

use super::certificate::CertificateProblem;
pub(crate) use super::certificate::CertificateRefused;

/// The crypto provider that the program has chosen for its process; else aws-lc-rs, unless that was left out. It is
/// handed over explicitly: a library chooses none for its process.
pub(crate) fn provider() -> Option<Arc<CryptoProvider>> {
    let chosen = CryptoProvider::get_default().map(Arc::clone);
    #[cfg(feature = "tls")]
    let chosen = chosen.or_else(|| Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider())));
    chosen
}

/// SHA-256 of a certificate's DER.
pub(crate) fn fingerprint(leaf: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(leaf).into()
}

impl CertificateRefused {
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
        CertificateError::Other(OtherError(other)) => CertificateProblem::Other(in_words(&other.to_string())),
        other => CertificateProblem::Other(in_words(&other.to_string())),
    }
}

/// Some causes are shown as the bare name that they have in code, such as `CaUsedAsEndEntity`; others are sentences.
fn in_words(cause: &str) -> String {
    if !cause.chars().all(char::is_alphanumeric) {
        return cause.to_owned();
    }
    let mut words = String::with_capacity(cause.len() + 8);
    for (at, letter) in cause.char_indices() {
        if letter.is_uppercase() && at > 0 {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// SHA-256 of a certificate's public key, as `SubjectPublicKeyInfo` has it (RFC 5280 §4.1.2.7). `None` for what is no
/// certificate.
fn key_fingerprint(leaf: &CertificateDer<'_>) -> Option<[u8; 32]> {
    let parsed = ParsedCertificate::try_from(leaf).ok()?;
    Some(Sha256::digest(parsed.subject_public_key_info()).into())
}

/// What a server must show to be believed.
#[derive(Debug)]
enum Rule {
    /// A certificate that this verifier takes, and whose key or which itself is the pinned one where there is a pin.
    Issued { by: Arc<dyn ServerCertVerifier>, pin: Option<[u8; 32]> },
    /// The one certificate of this fingerprint, whoever issued it.
    Certificate([u8; 32]),
    /// Any certificate, well-formed or not: whoever is in between could show one of its own anyway.
    Any,
    /// Nothing will do, as there are no roots to check against.
    NoRoots(rustls::Error),
}

/// The one verifier of an Agent's TLS connections. Its refusals say what was shown.
#[derive(Debug)]
pub(crate) struct Verifier {
    rule: Rule,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(rule: Rule, provider: Arc<CryptoProvider>) -> Arc<Self> {
        Arc::new(Self { rule, provider })
    }

    /// Trusts what the operating system trusts. Without any roots, every certificate is refused with that reason.
    /// `None` here and below: there is no crypto provider.
    pub(crate) fn platform() -> Option<Arc<Self>> {
        let provider = provider()?;
        let rule = match rustls_platform_verifier::Verifier::new(Arc::clone(&provider)) {
            Ok(verifier) => Rule::Issued { by: Arc::new(verifier), pin: None },
            Err(error) => Rule::NoRoots(error),
        };
        Some(Self::new(rule, provider))
    }

    /// Trusts these roots alone.
    pub(crate) fn roots(roots: RootCertStore) -> Result<Arc<Self>, rustls::Error> {
        let provider = provider().ok_or_else(|| {
            rustls::Error::General("no crypto provider: install one, or turn the feature `tls` on".to_owned())
        })?;
        match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build() {
            Ok(by) => Ok(Self::new(Rule::Issued { by, pin: None }, provider)),
            Err(error) => Err(rustls::Error::Other(OtherError(Arc::new(error)))),
        }
    }

    /// Takes the one certificate of this fingerprint.
    pub(crate) fn certificate(fingerprint: [u8; 32]) -> Option<Arc<Self>> {
        Some(Self::new(Rule::Certificate(fingerprint), provider()?))
    }

    /// Takes any certificate.
    pub(crate) fn any() -> Option<Arc<Self>> {
        Some(Self::new(Rule::Any, provider()?))
    }

    /// Takes of the certificates that it took before only those with this fingerprint, or whose key has it.
    pub(crate) fn pinned(&self, pin: [u8; 32]) -> Arc<Self> {
        let rule = match &self.rule {
            Rule::Issued { by, .. } => Rule::Issued { by: Arc::clone(by), pin: Some(pin) },
            Rule::Certificate(_) | Rule::Any => Rule::Certificate(pin),
            Rule::NoRoots(error) => Rule::NoRoots(error.clone()),
        };
        Self::new(rule, Arc::clone(&self.provider))
    }

    /// TLS 1.2 and 1.3, as far as the provider has suites for them, with this verifier, and no certificate of our own.
    /// `None`: it has none at all.
    pub(crate) fn config(self: Arc<Self>) -> Option<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_safe_default_protocol_versions().ok()?;
        Some(builder.dangerous().with_custom_certificate_verifier(self).with_no_client_auth())
    }

    fn check_signature(
        &self,
        check: impl FnOnce(&WebPkiSupportedAlgorithms) -> Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        match &self.rule {
            Rule::Issued { .. } | Rule::Certificate(_) => check(&self.provider.signature_verification_algorithms),
            Rule::Any => Ok(HandshakeSignatureValid::assertion()),
            Rule::NoRoots(error) => Err(error.clone()),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let refused = |problem| CertificateRefused { fingerprint: Some(fingerprint(leaf)), problem }.into();
        let (by, pin) = match &self.rule {
            Rule::Issued { by, pin } => (by, pin),
            Rule::Certificate(pin) if fingerprint(leaf) != *pin => return Err(refused(CertificateProblem::NotPinned)),
            Rule::Certificate(_) | Rule::Any => return Ok(ServerCertVerified::assertion()),
            Rule::NoRoots(error) => return Err(error.clone()),
        };
        let verified = by.verify_server_cert(leaf, intermediates, name, ocsp, now).map_err(|error| match error {
            // Another issuer of the same name, such as a service's self-signed certificate made anew.
            rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
                refused(CertificateProblem::UnknownIssuer)
            }
            rustls::Error::InvalidCertificate(error) => refused(problem(&error)),
            other => other,
        })?;
        match pin {
            Some(pin) if fingerprint(leaf) != *pin && key_fingerprint(leaf) != Some(*pin) => {
                Err(refused(CertificateProblem::KeyNotPinned { key: key_fingerprint(leaf) }))
            }
            _ => Ok(verified),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check_signature(|algorithms| verify_tls12_signature(message, leaf, signature, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check_signature(|algorithms| verify_tls13_signature(message, leaf, signature, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn names_of_code_become_words() {
        assert_eq!(in_words("CaUsedAsEndEntity"), "ca used as end entity");
        assert_eq!(in_words("no server certificate chain resolved"), "no server certificate chain resolved");
    }
}
