//! One try to reach a Gateway, from its name to a WebSocket, within one deadline.

use std::{future::Future, net::SocketAddr, time::Duration};

use octoporty_core::transport::WebSocket;
use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpStream, time::Instant};

use super::{
    connector::BoxedIo,
    error::{DialError, DialPhase},
    io::GatewayIo,
    proxy::{self, ProxyError},
    target::DialTarget,
    tcp::{self, ConnectCause},
    websocket,
};

/// Time for a whole dial. Longer than any handshake that will succeed, short enough to try again soon.
const DIAL_TIMEOUT: Duration = Duration::from_secs(15);

/// After this much silence the kernel probes the connection; the tunnel's own pings come sooner.
const KEEPALIVE_TIME: Duration = Duration::from_secs(30);

/// How often the kernel probes then.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// Sent bytes that stay unacknowledged for this long end the connection (R30).
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(20);

/// Dials a Gateway once. The stream speaks `octoporty.v1`; nothing was sent over it yet.
///
/// # Errors
/// Why there is no tunnel. [`DialError::is_fatal`] tells what only a person can mend.
///
/// # Cancel safety
/// Dropping the future closes whatever was opened.
pub async fn dial(target: &DialTarget) -> Result<WebSocket<GatewayIo>, DialError> {
    if target.is_tls && !target.can_speak_tls() {
        return Err(DialError::TlsNotBuilt { address: target.address() });
    }
    let deadline = Instant::now() + DIAL_TIMEOUT;
    let io = if let Some(connector) = &target.connector {
        let opening = async {
            let opened = connector.connect_boxed(&target.host, target.port).await;
            opened.map_err(|source| DialError::Connector { address: target.address(), source })
        };
        let io = within(target, deadline, DialPhase::Tcp, opening).await?;
        if target.is_tls {
            within(target, deadline, DialPhase::Tls, secure_boxed(target, io)).await?
        } else {
            GatewayIo::Boxed(io)
        }
    } else {
        let tcp = reach(target, deadline).await?;
        if target.is_tls {
            within(target, deadline, DialPhase::Tls, secure_tcp(target, tcp)).await?
        } else {
            GatewayIo::Plain(tcp)
        }
    };
    within(target, deadline, DialPhase::WebSocket, Box::pin(websocket::shake_hands(target, io))).await
}

/// TCP to the Gateway, or through its proxy.
async fn reach(target: &DialTarget, deadline: Instant) -> Result<TcpStream, DialError> {
    let (host, port) = match &target.proxy {
        Some(proxy) => (&*proxy.host, proxy.port),
        None => (&*target.host, target.port),
    };
    let addresses = within(target, deadline, DialPhase::Name, resolve(target, host, port)).await?;
    let mut tcp = connect(target, &addresses, deadline).await?;
    if let Some(proxy) = &target.proxy {
        let asked = async {
            proxy::connect(&mut tcp, proxy, target.host_in_url(), target.port).await.map_err(|error| match error {
                ProxyError::Refused(reason) => {
                    DialError::ProxyRefused { address: target.address(), proxy: proxy.address(), reason }
                }
                ProxyError::Io(source) => DialError::ProxyFailed { proxy: proxy.address(), source },
            })
        };
        within(target, deadline, DialPhase::Proxy, asked).await?;
    }
    Ok(tcp)
}

async fn resolve(target: &DialTarget, host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    let not_found = |source| DialError::Name { address: target.address(), host: host.to_owned(), source };
    let mut addresses: Vec<_> = match tokio::net::lookup_host((host, port)).await {
        Ok(addresses) => addresses.collect(),
        Err(error) => return Err(not_found(Some(error))),
    };
    if addresses.is_empty() {
        return Err(not_found(None));
    }
    if target.loopback_only {
        // R21: a name for this machine must lead to this machine.
        addresses.retain(|address| address.ip().to_canonical().is_loopback());
        if addresses.is_empty() {
            return Err(DialError::Insecure { address: target.address() });
        }
    }
    Ok(addresses)
}

async fn connect(target: &DialTarget, addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, DialError> {
    let address = || target.address();
    let tcp = tcp::connect_in_turn(addresses, deadline, target.tcp.as_ref()).await.map_err(|failed| {
        let peer = failed.address;
        match failed.cause {
            ConnectCause::Refused => DialError::Refused { address: address(), peer },
            ConnectCause::TimedOut => timed_out(target, DialPhase::Tcp),
            ConnectCause::Io(source) => DialError::Unreachable { address: address(), peer, source },
        }
    })?;
    if let Err(error) = watch(&tcp) {
        // Without these a dead link is still found, by the tunnel's own pings.
        tracing::debug!(error = &error as &dyn std::error::Error, "socket options were refused");
    }
    Ok(tcp)
}

/// Lets the kernel find out that the other end is gone (R30).
fn watch(tcp: &TcpStream) -> std::io::Result<()> {
    let socket = SockRef::from(tcp);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE_TIME).with_interval(KEEPALIVE_INTERVAL))?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    Ok(())
}

#[cfg(feature = "tls-no-provider")]
async fn secure_tcp(target: &DialTarget, tcp: TcpStream) -> Result<GatewayIo, DialError> {
    Ok(GatewayIo::Tls(Box::new(secure(target, tcp).await?)))
}

#[cfg(feature = "tls-no-provider")]
async fn secure_boxed(target: &DialTarget, io: BoxedIo) -> Result<GatewayIo, DialError> {
    Ok(GatewayIo::Boxed(Box::new(secure(target, io).await?)))
}

#[cfg(feature = "tls-no-provider")]
async fn secure<S>(target: &DialTarget, io: S) -> Result<tokio_rustls::client::TlsStream<S>, DialError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    use rustls::pki_types::ServerName;

    use super::{certificate::CertificateRefused, tls::GatewayTls};

    let address = target.address();
    let Some(config) = target.tls.as_ref().and_then(GatewayTls::config) else {
        return Err(DialError::TlsNotBuilt { address });
    };
    let Ok(name) = ServerName::try_from(target.host.to_string()) else {
        return Err(DialError::Url { url: address, reason: "its host is not a name that a certificate can have" });
    };
    tokio_rustls::TlsConnector::from(config).connect(name, io).await.map_err(|error| {
        match CertificateRefused::find(&error) {
            Some(refused) => DialError::Certificate { address, refused: Box::new(refused) },
            None => DialError::Tls { address, source: error },
        }
    })
}

#[cfg(not(feature = "tls-no-provider"))]
#[expect(clippy::unused_async, reason = "the same signature as with TLS")]
async fn secure_tcp(target: &DialTarget, _tcp: TcpStream) -> Result<GatewayIo, DialError> {
    Err(DialError::TlsNotBuilt { address: target.address() })
}

#[cfg(not(feature = "tls-no-provider"))]
#[expect(clippy::unused_async, reason = "the same signature as with TLS")]
async fn secure_boxed(target: &DialTarget, _io: BoxedIo) -> Result<GatewayIo, DialError> {
    Err(DialError::TlsNotBuilt { address: target.address() })
}

fn timed_out(target: &DialTarget, phase: DialPhase) -> DialError {
    DialError::TimedOut { address: target.address(), phase, after: DIAL_TIMEOUT }
}

async fn within<T>(
    target: &DialTarget,
    deadline: Instant,
    phase: DialPhase,
    work: impl Future<Output = Result<T, DialError>>,
) -> Result<T, DialError> {
    match tokio::time::timeout_at(deadline, work).await {
        Ok(done) => done,
        Err(_elapsed) => Err(timed_out(target, phase)),
    }
}
