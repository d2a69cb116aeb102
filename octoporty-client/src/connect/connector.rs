//! Own ways to a Gateway: the bytes that WebSocket and TLS go over, or the whole transport of a lane.

use std::{fmt, io, sync::Arc};

use futures::future::BoxFuture;
use octoporty_core::transport::Transport;

use super::Io;

/// A byte stream of any kind.
pub type BoxedIo = Box<dyn Io + 'static>;

/// A transport of any kind.
pub type BoxedTransport = Box<dyn Transport>;

/// Opens the byte streams that TLS and WebSocket go over, in place of TCP and proxies.
///
/// - **Concurrency.** One call for each lane; several may be under way.
/// - **Cancellation.** The future is dropped when the dial takes too long or the tunnel closes.
/// - **Security.** Whether plain text may go to `host` was checked by its name only (see
///   [`DialTargetBuilder::allow_insecure`](super::DialTargetBuilder::allow_insecure)): where the bytes really go is the
///   connector's doing.
///
/// # Examples
///
/// Closures that give a future are connectors:
///
/// ```
/// use octoporty_client::connect::{BoxedIo, Connector};
///
/// fn connector() -> impl Connector {
///     |host: &str, port: u16| {
///         let host = host.to_owned();
///         async move { Ok(Box::new(tokio::net::TcpStream::connect((host, port)).await?) as BoxedIo) }
///     }
/// }
/// # let _ = connector();
/// ```
pub trait Connector: Send + Sync + 'static {
    /// Opens a stream to this host and port of the Gateway's URL.
    ///
    /// # Errors
    ///
    /// When there is none; the tunnel tries again later.
    fn connect(&self, host: &str, port: u16) -> impl Future<Output = io::Result<BoxedIo>> + Send;
}

impl<F, Opening> Connector for F
where
    F: Fn(&str, u16) -> Opening + Send + Sync + 'static,
    Opening: Future<Output = io::Result<BoxedIo>> + Send,
{
    async fn connect(&self, host: &str, port: u16) -> io::Result<BoxedIo> {
        self(host, port).await
    }
}

/// Opens the transports of lanes, in place of all of dialling: for tunnels that do not go over WebSocket.
///
/// Authentication is the transport's doing too. At the other end its messages go to
/// `octoporty_server::Gateway::serve_transport`.
///
/// - **Concurrency.** One call for each lane; several may be under way.
/// - **Cancellation.** The future is dropped when the tunnel closes.
pub trait OpenTransport: Send + Sync + 'static {
    /// Opens one transport.
    ///
    /// # Errors
    ///
    /// When there is none; the tunnel tries again later.
    fn open(&self) -> impl Future<Output = io::Result<BoxedTransport>> + Send;

    /// Where transports lead, for logs and status pages.
    fn address(&self) -> String;
}

/// [`Connector`] behind a pointer.
pub(super) trait ErasedConnector: Send + Sync {
    fn connect_boxed<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<BoxedIo>>;
}

impl<C: Connector> ErasedConnector for C {
    fn connect_boxed<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<BoxedIo>> {
        Box::pin(self.connect(host, port))
    }
}

/// [`OpenTransport`] behind a pointer.
pub(crate) trait ErasedOpen: Send + Sync {
    fn open_boxed(&self) -> BoxFuture<'_, io::Result<BoxedTransport>>;
    fn shown_address(&self) -> String;
}

impl<T: OpenTransport> ErasedOpen for T {
    fn open_boxed(&self) -> BoxFuture<'_, io::Result<BoxedTransport>> {
        Box::pin(self.open())
    }

    fn shown_address(&self) -> String {
        self.address()
    }
}

/// How lanes come about.
#[derive(Clone)]
pub(crate) enum Way {
    /// By dialling a URL.
    Dial(Box<super::DialTarget>),
    /// As a seam's implementation likes.
    Transport(Arc<dyn ErasedOpen>),
}

impl Way {
    /// Where it leads, for people.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Dial(target) => target.address(),
            Self::Transport(opener) => opener.shown_address(),
        }
    }

    /// The public address of a host behind the Gateway, as far as it can be told from here.
    pub(crate) fn public_url(&self, host: &str) -> String {
        match self {
            Self::Dial(target) => target.public_url(host),
            Self::Transport(_) => format!("https://{host}"),
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Way").field(&self.address()).finish()
    }
}
