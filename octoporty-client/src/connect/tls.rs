//! TLS towards a Gateway. Its certificate is always checked (R21).

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::verify::{self, Reporting};

/// The TLS settings of a dial. A clone is cheap and shares resumption.
#[derive(Clone, Debug)]
pub struct GatewayTls {
    pub(super) config: Arc<ClientConfig>,
}

impl GatewayTls {
    /// Trusts what the operating system trusts. Where it has no roots at all, dialling fails and says so.
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

    /// Uses a configuration as it is; it should offer no protocol in ALPN but `http/1.1`.
    #[must_use]
    pub const fn with_config(config: Arc<ClientConfig>) -> Self {
        Self { config }
    }

    fn with_verifier(verifier: Arc<dyn rustls::client::danger::ServerCertVerifier>) -> Self {
        let mut config = verify::config(verify::provider(), Arc::new(Reporting::new(verifier)));
        // A front that speaks HTTP/2 would choose it otherwise, and that has no such upgrade.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self::with_config(Arc::new(config))
    }
}
