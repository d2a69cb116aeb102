//! Where requests are forwarded to, as users name it.

use std::{fmt, net::SocketAddr, sync::Arc};

use super::{
    backend::Backend,
    pick::{ErasedPick, PickUpstream},
};
use crate::upstream::{Scheme, TargetError, UpstreamTarget, UpstreamTargetBuilder};

/// Where the requests of a mapping are forwarded to.
///
/// # Examples
///
/// ```
/// use octoporty_client::{Upstream, upstream::{Scheme, UpstreamProtocol, UpstreamTarget}};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let plain = Upstream::http("localhost", 3000)?;
/// let grpc = Upstream::new(UpstreamTarget::builder(Scheme::Http, "localhost", 50051).protocol(UpstreamProtocol::H2c))?;
/// # #[cfg(unix)]
/// let socket = Upstream::unix("/run/app.sock")?;
///
/// // One of two, by path.
/// let (old, new) = (UpstreamTarget::builder(Scheme::Http, "old", 80).build()?, UpstreamTarget::builder(Scheme::Http, "new", 80).build()?);
/// let choice = Upstream::pick(move |request: &octoporty_client::Picking<'_>| {
///     if request.path().starts_with("/v2/") { new.clone() } else { old.clone() }
/// });
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Upstream(pub(crate) Backend);

impl Upstream {
    /// A service that speaks plain HTTP at a name or an address.
    ///
    /// # Errors
    ///
    /// When the host is neither, or the port is 0.
    pub fn http(host: &str, port: u16) -> Result<Self, TargetError> {
        Self::new(UpstreamTarget::builder(Scheme::Http, host, port))
    }

    /// A service that speaks HTTPS at a name or an address. Its certificate is verified.
    ///
    /// # Errors
    ///
    /// When the host is neither, or the port is 0.
    pub fn https(host: &str, port: u16) -> Result<Self, TargetError> {
        Self::new(UpstreamTarget::builder(Scheme::Https, host, port))
    }

    /// A service that listens on a Unix socket.
    ///
    /// # Errors
    ///
    /// When the path is empty.
    #[cfg(unix)]
    pub fn unix(path: impl AsRef<std::path::Path>) -> Result<Self, TargetError> {
        Self::new(UpstreamTarget::unix(path))
    }

    /// A service with settings of its own: protocol, certificate, time limits.
    ///
    /// # Errors
    ///
    /// The first setting that cannot work.
    pub fn new(target: UpstreamTargetBuilder) -> Result<Self, TargetError> {
        target.build().map(Self::from)
    }

    /// Chooses an upstream for each request.
    #[must_use]
    pub fn pick(pick: impl PickUpstream) -> Self {
        let pick: Arc<dyn ErasedPick> = Arc::new(pick);
        Self(Backend::Picked(pick))
    }
}

impl From<Arc<UpstreamTarget>> for Upstream {
    fn from(target: Arc<UpstreamTarget>) -> Self {
        Self(Backend::Fixed(target))
    }
}

/// Plain HTTP at this address.
impl TryFrom<SocketAddr> for Upstream {
    type Error = TargetError;

    fn try_from(address: SocketAddr) -> Result<Self, TargetError> {
        Self::http(&address.ip().to_string(), address.port())
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upstream({})", self.0)
    }
}
