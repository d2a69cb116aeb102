//! TLS towards a Gateway. Its certificate is always checked, and against a pin where there is one (R21).

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::{pin::CertificatePin, verify::Verifier};

/// The TLS settings of a dial. A clone is cheap and shares resumption.
#[derive(Clone, Debug)]
pub struct GatewayTls {
    pub(super) config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
}

impl GatewayTls {
    /// Trusts what the operating system trusts. Where it has no roots at all, dialling fails and says so.
    #[must_use]
    pub fn platform() -> Self {
        Self::with_verifier(Verifier::platform())
    }

    /// Trusts these roots alone.
    ///
    /// # Errors
    /// The store is empty.
    pub fn with_roots(roots: RootCertStore) -> Result<Self, rustls::Error> {
        Ok(Self::with_verifier(Verifier::roots(roots)?))
    }

    /// Takes of the certificates that are trusted only one: that of this SHA-256, or one whose public key has it (R21).
    #[must_use]
    pub fn pinned(&self, pin: CertificatePin) -> Self {
        Self::with_verifier(self.verifier.pinned(pin.0))
    }

    fn with_verifier(verifier: Arc<Verifier>) -> Self {
        let mut config = Arc::clone(&verifier).config();
        // A front that speaks HTTP/2 would choose it otherwise, and that has no such upgrade.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { config: Arc::new(config), verifier }
    }
}
