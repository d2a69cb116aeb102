//! TLS towards a Gateway. Its certificate is always checked, and against a pin where there is one (R21).

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::{pin::CertificatePin, verify::Verifier};

/// The TLS settings of a dial. A clone is cheap and shares resumption.
#[derive(Clone, Debug)]
pub struct GatewayTls {
    /// `None`: there is no crypto provider.
    made: Option<Made>,
}

#[derive(Clone, Debug)]
struct Made {
    config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
}

impl GatewayTls {
    /// Trusts what the operating system trusts. Where it has no roots at all, or the program no crypto provider, dialling
    /// fails and says so.
    #[must_use]
    pub fn platform() -> Self {
        Self::with_verifier(Verifier::platform())
    }

    /// Trusts these roots alone.
    ///
    /// # Errors
    /// The store is empty, or the program has no crypto provider.
    pub fn with_roots(roots: RootCertStore) -> Result<Self, rustls::Error> {
        Ok(Self::with_verifier(Some(Verifier::roots(roots)?)))
    }

    /// Takes of the certificates that are trusted only one: that of this SHA-256, or one whose public key has it (R21).
    #[must_use]
    pub fn pinned(&self, pin: CertificatePin) -> Self {
        Self::with_verifier(self.made.as_ref().map(|made| made.verifier.pinned(pin.0)))
    }

    fn with_verifier(verifier: Option<Arc<Verifier>>) -> Self {
        let made = verifier.and_then(|verifier| {
            let mut config = Arc::clone(&verifier).config()?;
            // A front that speaks HTTP/2 would choose it otherwise, and that has no such upgrade.
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Some(Made { config: Arc::new(config), verifier })
        });
        Self { made }
    }

    /// `None`: there is no crypto provider.
    pub(super) fn config(&self) -> Option<Arc<ClientConfig>> {
        self.made.as_ref().map(|made| Arc::clone(&made.config))
    }
}
