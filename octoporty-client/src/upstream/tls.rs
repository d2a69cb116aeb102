//! TLS towards upstreams: verified by default, pinned or unchecked where a mapping says so (R35).

use std::{io, sync::Arc};

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    io::Sniffed,
    target::{Host, TlsVerify, UpstreamTarget},
};
use crate::connect::verify::Verifier;

/// HTTP/2 in ALPN (RFC 9113 §3.1).
pub(super) const ALPN_HTTP2: &[u8] = b"h2";

/// HTTP/1.1 in ALPN (RFC 7301 §6).
const ALPN_HTTP1: &[u8] = b"http/1.1";

/// The TLS settings of upstream clients. Made once, cloned into each of them.
#[derive(Clone, Debug)]
pub struct UpstreamTls {
    verified: Option<Configs>,
    unchecked: Option<Configs>,
}

/// One configuration for each ALPN offer.
#[derive(Clone, Debug)]
struct Configs {
    any: Arc<ClientConfig>,
    http1: Arc<ClientConfig>,
}

impl UpstreamTls {
    /// Trusts what the operating system trusts. Where it has no roots at all, verified upstreams are refused with
    /// that reason, and pinned and unchecked ones work. Where the program has no crypto provider, all are refused.
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

    fn with_verifier(verifier: Option<Arc<Verifier>>) -> Self {
        let configs = |verifier: Option<Arc<Verifier>>| verifier.and_then(Configs::new);
        Self { verified: configs(verifier), unchecked: configs(Verifier::any()) }
    }

    /// How an upstream's certificate is checked. `None`: there is no crypto provider.
    pub(super) fn config(&self, rule: TlsVerify, offers_http2: bool) -> Option<Arc<ClientConfig>> {
        let pick = |configs: &Configs| Arc::clone(if offers_http2 { &configs.any } else { &configs.http1 });
        match rule {
            TlsVerify::Verify => self.verified.as_ref().map(pick),
            TlsVerify::AcceptAny => self.unchecked.as_ref().map(pick),
            TlsVerify::Pin(pin) => Configs::new(Verifier::certificate(pin)?).as_ref().map(pick),
        }
    }
}

/// The handshake, over a connection that was opened for `target`.
pub(super) async fn connect(
    config: Arc<ClientConfig>,
    target: &UpstreamTarget,
    tcp: Sniffed,
) -> io::Result<TlsStream<Sniffed>> {
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

impl Configs {
    fn new(verifier: Arc<Verifier>) -> Option<Self> {
        let mut config = verifier.config()?;
        config.alpn_protocols = vec![ALPN_HTTP1.to_vec()];
        let http1 = Arc::new(config.clone());
        config.alpn_protocols.insert(0, ALPN_HTTP2.to_vec());
        Some(Self { any: Arc::new(config), http1 })
    }
}
