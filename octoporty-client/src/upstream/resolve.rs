//! From a name to addresses, behind a small trait so that tests can lie. No cache: the system has one.

use std::{io, net::SocketAddr};

use futures::future::BoxFuture;

/// What [`Resolve::resolve`] gives back.
pub type Resolving<'a> = BoxFuture<'a, io::Result<Vec<SocketAddr>>>;

/// Turns a host name into addresses.
///
/// Called once for each new connection, never for a host that is an address. May be called from many tasks at
/// once; the future may be dropped at any point.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host` with `port`, best first. What is returned is judged, then dialled, as it is.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a>;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}
