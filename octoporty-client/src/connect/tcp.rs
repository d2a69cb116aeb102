//! TCP to the first of several addresses that answers. Names and policies are the caller's.

use std::{io, net::SocketAddr, sync::Arc};

use tokio::{net::TcpStream, time::Instant};

/// Addresses that are tried for one connection. A name with more has enough of them.
const ADDRESSES_MAX: usize = 8;

/// Is shown each connection when it is open, before anything is sent: to set options of its socket.
pub type PrepareTcp = Arc<dyn Fn(&TcpStream) + Send + Sync>;

/// Why no address answered: the last one that was tried, and what became of it.
#[derive(Debug)]
pub(crate) struct ConnectFailed {
    pub(crate) address: SocketAddr,
    pub(crate) cause: ConnectCause,
}

#[derive(Debug)]
pub(crate) enum ConnectCause {
    Refused,
    TimedOut,
    Io(io::Error),
}

/// Tries the addresses in order. Each gets an even share of the time that is left, so that a dead one does not use
/// up the time of a live one. `TCP_NODELAY` is set.
///
/// `addresses` is not empty. Cancel-safe: nothing stays open.
pub(crate) async fn connect_in_turn(
    addresses: &[SocketAddr],
    deadline: Instant,
    prepare: Option<&PrepareTcp>,
) -> Result<TcpStream, ConnectFailed> {
    let addresses = &addresses[..addresses.len().min(ADDRESSES_MAX)];
    let mut failed = None;
    for (at, address) in addresses.iter().copied().enumerate() {
        let left = u32::try_from(addresses.len() - at).unwrap_or(1);
        let now = Instant::now();
        let share = now + deadline.saturating_duration_since(now) / left;
        let cause = match tokio::time::timeout_at(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => match tcp.set_nodelay(true) {
                Ok(()) => {
                    if let Some(prepare) = prepare {
                        prepare(&tcp);
                    }
                    return Ok(tcp);
                }
                Err(error) => ConnectCause::Io(error),
            },
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => ConnectCause::Refused,
            Ok(Err(error)) => ConnectCause::Io(error),
            Err(_elapsed) => ConnectCause::TimedOut,
        };
        failed = Some(ConnectFailed { address, cause });
    }
    Err(failed.unwrap_or_else(|| ConnectFailed {
        address: SocketAddr::from(([0, 0, 0, 0], 0)),
        cause: ConnectCause::Io(io::ErrorKind::AddrNotAvailable.into()),
    }))
}
