//! From a target to a connection that speaks HTTP: name, policy, TCP, TLS, handshake; each within one deadline.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{io::DuplexStream, net::TcpStream, time::Instant};

use super::{
    connection::{Owner, Spawner},
    error::{ConnectPhase, UpstreamError},
    io::{FirstByte, Sniffed, Socket, UpstreamIo},
    policy::AddressPolicy,
    pool::{Connection, PoolInner, Wanted},
    resolve::Resolve,
    target::{Host, Scheme, UpstreamProtocol, UpstreamTarget},
};
use crate::connect::tcp::{self, ConnectCause, PrepareTcp};

/// Opens connections for one client.
pub(super) struct Dialer {
    pub(super) policy: AddressPolicy,
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) tcp: Option<PrepareTcp>,
    #[cfg(feature = "tls-no-provider")]
    pub(super) tls: super::tls::UpstreamTls,
    pub(super) spawner: Spawner,
}

/// How long each part of opening a connection took. Among the extensions of an answer that came over a connection
/// which was opened for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectTimes {
    /// Looking up the name.
    pub name: Duration,
    /// Opening the TCP connection.
    pub tcp: Duration,
    /// The TLS handshake; none in plain text.
    pub tls: Option<Duration>,
    /// All of it, with the handshake of HTTP/2.
    pub total: Duration,
}

/// A connection that nothing was said over yet, but for TLS.
struct Opened {
    io: UpstreamIo,
    first_byte: FirstByte,
    is_http2: bool,
    /// How long TLS took, where it is spoken.
    tls: Option<Duration>,
}

impl Dialer {
    /// Opens a connection and marks it as in use. An HTTP/2 connection is shared through the pool at once.
    ///
    /// Dropping the future drops whatever was opened.
    pub(super) async fn open(
        &self,
        pool: &Arc<PoolInner>,
        target: &Arc<UpstreamTarget>,
        wanted: Wanted,
    ) -> Result<(Connection, ConnectTimes), UpstreamError> {
        if self.spawner.shutdown.is_cancelled() {
            return Err(UpstreamError::ShuttingDown);
        }
        if wanted == Wanted::Http1 && target.protocol() == UpstreamProtocol::H2c {
            return Err(UpstreamError::UpgradeUnsupported { upstream: name(target) });
        }
        let begin = Instant::now();
        let deadline = begin + target.connect_timeout();
        let mut found = begin;
        let socket = match &target.host {
            Host::Name(_) | Host::Address(_) => {
                let addresses = within(deadline, target, ConnectPhase::Name, self.addresses(target)).await?;
                found = Instant::now();
                Socket::Tcp(self.connect(target, &addresses, deadline).await?)
            }
            #[cfg(unix)]
            Host::Unix(path) => {
                let opening = async {
                    UnixStream::connect(path)
                        .await
                        .map_err(|source| UpstreamError::SocketUnreachable { upstream: name(target), source })
                };
                Socket::Unix(within(deadline, target, ConnectPhase::Tcp, opening).await?)
            }
            Host::Local(_) => return Err(UpstreamError::NotAccepted { upstream: name(target) }),
        };
        let connected = Instant::now();
        let shaking = self.shake_hands(pool, target, wanted, socket);
        let (connection, tls) = within(deadline, target, ConnectPhase::Handshake, shaking).await?;
        let times = ConnectTimes { name: found - begin, tcp: connected - found, tls, total: begin.elapsed() };
        Ok((connection, times))
    }

    /// Speaks HTTP/1.1 over a connection whose other end is in this process. It serves one exchange.
    pub(super) async fn open_local(
        &self,
        pool: &Arc<PoolInner>,
        target: &Arc<UpstreamTarget>,
        memory: DuplexStream,
    ) -> Result<Connection, UpstreamError> {
        let (connection, _tls) = self.shake_hands(pool, target, Wanted::Http1, Socket::Memory(memory)).await?;
        Ok(connection)
    }

    /// Opens a TCP connection that nothing was said over yet, for whoever speaks HTTP/1.1 over it.
    ///
    /// Dropping the future drops whatever was opened.
    pub(super) async fn open_plain(&self, target: &UpstreamTarget) -> Result<TcpStream, UpstreamError> {
        if self.spawner.shutdown.is_cancelled() {
            return Err(UpstreamError::ShuttingDown);
        }
        let deadline = Instant::now() + target.connect_timeout();
        let addresses = within(deadline, target, ConnectPhase::Name, self.addresses(target)).await?;
        self.connect(target, &addresses, deadline).await
    }

    /// The addresses of a target that may be dialled. What is judged here is what is dialled (R33).
    async fn addresses(&self, target: &UpstreamTarget) -> Result<Vec<SocketAddr>, UpstreamError> {
        let mut addresses = match &target.host {
            #[cfg(unix)]
            Host::Unix(_) => Vec::new(),
            Host::Local(_) => Vec::new(),
            Host::Address(address) => vec![SocketAddr::new(*address, target.port())],
            Host::Name(host) => self
                .resolver
                .resolve(host, target.port())
                .await
                .map_err(|error| UpstreamError::NameNotFound { upstream: name(target), source: Some(error) })?,
        };
        let mut denied = None;
        addresses.retain(|address| match self.policy.check(*address) {
            Ok(()) => true,
            Err(reason) => {
                denied.get_or_insert(reason);
                false
            }
        });
        match denied {
            _ if !addresses.is_empty() => Ok(addresses),
            Some(denied) => Err(UpstreamError::NotAllowed { upstream: name(target), denied: Box::new(denied) }),
            None => Err(UpstreamError::NameNotFound { upstream: name(target), source: None }),
        }
    }

    async fn connect(
        &self,
        target: &UpstreamTarget,
        addresses: &[SocketAddr],
        deadline: Instant,
    ) -> Result<TcpStream, UpstreamError> {
        let upstream = || name(target);
        let tcp = tcp::connect_in_turn(addresses, deadline, self.tcp.as_ref()).await.map_err(|failed| {
            let address = failed.address;
            match failed.cause {
                ConnectCause::Refused => UpstreamError::Refused { upstream: upstream(), address },
                ConnectCause::TimedOut => timed_out(target, ConnectPhase::Tcp),
                ConnectCause::Io(source) => UpstreamError::Unreachable { upstream: upstream(), address, source },
            }
        })?;
        if let (Ok(local), Ok(peer)) = (tcp.local_addr(), tcp.peer_addr())
            && let Err(denied) = self.policy.check_connected(local, peer)
        {
            return Err(UpstreamError::NotAllowed { upstream: upstream(), denied: Box::new(denied) });
        }
        Ok(tcp)
    }

    async fn shake_hands(
        &self,
        pool: &Arc<PoolInner>,
        target: &Arc<UpstreamTarget>,
        wanted: Wanted,
        socket: Socket,
    ) -> Result<(Connection, Option<Duration>), UpstreamError> {
        let opened = self.secure(target, wanted, socket).await?;
        let owner = Owner { pool: Arc::downgrade(pool), target: Arc::clone(target) };
        let Opened { io, first_byte, is_http2, tls } = opened;
        let reset =
            |error: hyper::Error| UpstreamError::Reset { upstream: name(target), reused: false, source: error.into() };
        if is_http2 {
            let connection = self.spawner.http2(io, first_byte, owner).await.map_err(reset)?;
            connection.shared.begin();
            pool.share(target, connection.clone());
            return Ok((Connection::H2(connection), tls));
        }
        let connection = self.spawner.http1(io, first_byte, owner).await.map_err(reset)?;
        connection.shared.begin();
        Ok((Connection::H1(connection), tls))
    }

    async fn secure(&self, target: &UpstreamTarget, wanted: Wanted, socket: Socket) -> Result<Opened, UpstreamError> {
        let tcp = Sniffed::new(socket);
        let first_byte = tcp.first_byte();
        match target.scheme() {
            Scheme::Http => {
                let is_http2 = target.protocol() == UpstreamProtocol::H2c;
                Ok(Opened { io: UpstreamIo::plain(tcp), first_byte, is_http2, tls: None })
            }
            Scheme::Https => self.secure_tls(target, wanted, tcp, first_byte).await,
        }
    }

    #[cfg(feature = "tls-no-provider")]
    async fn secure_tls(
        &self,
        target: &UpstreamTarget,
        wanted: Wanted,
        tcp: Sniffed,
        first_byte: FirstByte,
    ) -> Result<Opened, UpstreamError> {
        let offers_http2 = wanted == Wanted::Any && target.protocol() == UpstreamProtocol::Auto;
        let Some(config) = self.tls.config(target.tls(), offers_http2) else {
            return Err(UpstreamError::TlsNotBuilt { upstream: name(target) });
        };
        let begin = Instant::now();
        match super::tls::connect(config, target, tcp).await {
            Ok(stream) => {
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(super::tls::ALPN_HTTP2);
                Ok(Opened { io: UpstreamIo::tls(stream), first_byte, is_http2, tls: Some(begin.elapsed()) })
            }
            Err(_) if first_byte.is_http1() => Err(UpstreamError::SpeaksHttp { upstream: name(target) }),
            Err(error) => Err(match crate::connect::CertificateRefused::find(&error) {
                Some(refused) => UpstreamError::Certificate { upstream: name(target), refused: Box::new(refused) },
                None => UpstreamError::TlsHandshake { upstream: name(target), source: error },
            }),
        }
    }

    #[cfg(not(feature = "tls-no-provider"))]
    #[expect(clippy::unused_async, reason = "the same signature as with TLS")]
    async fn secure_tls(
        &self,
        target: &UpstreamTarget,
        _wanted: Wanted,
        _tcp: Sniffed,
        _first_byte: FirstByte,
    ) -> Result<Opened, UpstreamError> {
        Err(UpstreamError::TlsNotBuilt { upstream: name(target) })
    }
}

/// A target as errors name it.
pub(super) fn name(target: &UpstreamTarget) -> Box<str> {
    target.to_string().into()
}

fn timed_out(target: &UpstreamTarget, phase: ConnectPhase) -> UpstreamError {
    UpstreamError::ConnectTimeout { upstream: name(target), phase, after: target.connect_timeout() }
}

async fn within<T>(
    deadline: Instant,
    target: &UpstreamTarget,
    phase: ConnectPhase,
    work: impl Future<Output = Result<T, UpstreamError>>,
) -> Result<T, UpstreamError> {
    match tokio::time::timeout_at(deadline, work).await {
        Ok(done) => done,
        Err(_elapsed) => Err(timed_out(target, phase)),
    }
}
