//! The proxy itself: listens, connects to its target, and lets tests turn the controls.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{
    controls::{ChaosCounts, Controls, Way},
    pump::{Lane, pump},
};
use crate::{
    ledger::NotSeen,
    ports,
    running::{Running, Tasks},
};

/// A TCP proxy on a free loopback port, in front of one address. Everything can be changed while connections
/// are open. Dropping it resets them.
///
/// It holds at most 1 MiB for each connection and direction; a sender that is faster feels back-pressure.
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    controls: Arc<Controls>,
    _running: Running,
}

impl ChaosProxy {
    /// Starts in front of `target`, moving everything at once.
    ///
    /// # Errors
    /// There is no port.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = ports::listen((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = listener.local_addr()?;
        let controls = Arc::new(Controls::default());
        let running = Running::default();
        let tasks = running.tasks();
        tasks.spawn(accept(listener, target, Arc::clone(&controls), tasks.clone()));
        Ok(Self { address, controls, _running: running })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Delays all bytes by `delay`, each way. Bytes on their way keep the order.
    pub fn delay(&self, delay: Duration) {
        self.controls.rules.send_modify(|rules| rules.delay = delay);
    }

    /// Lets at most `bytes_per_second` through, for each connection and direction; 0 means 1.
    pub fn rate(&self, bytes_per_second: u64) {
        let rate = Some(bytes_per_second.max(1));
        self.controls.rules.send_modify(|rules| rules.rate = rate);
    }

    /// Lifts the limit of [`Self::rate`].
    pub fn unlimited(&self) {
        self.controls.rules.send_modify(|rules| rules.rate = None);
    }

    /// Turns into a black hole: connections stay open, new ones are accepted, nothing moves; not even an end or
    /// a reset.
    pub fn stall(&self) {
        self.controls.rules.send_modify(|rules| {
            rules.stalls_forward = true;
            rules.stalls_back = true;
        });
    }

    /// As [`Self::stall`], for one direction.
    pub fn stall_way(&self, way: Way) {
        self.controls.rules.send_modify(|rules| match way {
            Way::Forward => rules.stalls_forward = true,
            Way::Back => rules.stalls_back = true,
        });
    }

    /// Ends the stall of both directions; what was held is delivered.
    pub fn resume(&self) {
        self.controls.rules.send_modify(|rules| {
            rules.stalls_forward = false;
            rules.stalls_back = false;
        });
    }

    /// Resets the connections of now on both sides, also during a stall. New ones work.
    pub fn cut(&self) {
        self.controls.cut();
    }

    /// As [`Self::cut`], once `bytes` more were delivered, all connections and both directions together.
    pub fn cut_after(&self, bytes: u64) {
        self.controls.cut_after(bytes);
    }

    /// Whether new connections are reset at once. The port stays taken, so a connect succeeds first.
    pub fn refuse(&self, refuses: bool) {
        self.controls.rules.send_modify(|rules| rules.refuses = refuses);
    }

    /// What has gone through.
    #[must_use]
    pub fn counts(&self) -> ChaosCounts {
        *self.controls.counts.borrow()
    }

    /// Waits until the counts satisfy `predicate`, and gives them. Cancel-safe.
    ///
    /// # Errors
    /// They did not within `deadline`.
    pub async fn wait_for(
        &self,
        predicate: impl Fn(&ChaosCounts) -> bool,
        deadline: Duration,
    ) -> Result<ChaosCounts, NotSeen> {
        let mut counts = self.controls.counts.subscribe();
        match timeout(deadline, counts.wait_for(|counts| predicate(counts))).await {
            Ok(Ok(counts)) => Ok(*counts),
            // The counts do not end before the proxy, which is borrowed here; so this is the deadline.
            _ => {
                Err(NotSeen { what: "the expected traffic".to_owned(), deadline, seen: format!("{:?}", self.counts()) })
            }
        }
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, controls: Arc<Controls>, tasks: Tasks) {
    loop {
        let near = ports::accept(&listener).await;
        let controls = Arc::clone(&controls);
        tasks.spawn(async move { connection(near, target, &controls).await });
    }
}

async fn connection(mut near: TcpStream, target: SocketAddr, controls: &Controls) {
    let cutting = controls.cutting();
    // Resets whenever this future ends early; an orderly end has shut both sides down before.
    near.set_zero_linger().ok();
    let refuses = controls.rules.borrow().refuses;
    let far = if refuses { None } else { TcpStream::connect(target).await.ok() };
    let Some(mut far) = far else {
        controls.counts.send_modify(|counts| counts.refused += 1);
        return;
    };
    far.set_zero_linger().ok();
    far.set_nodelay(true).ok();
    let open = OpenConnection::new(controls);
    let lane = |way| Lane { way, controls, cutting: &cutting };
    let both = async {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        tokio::try_join!(pump(near_read, far_write, lane(Way::Forward)), pump(far_read, near_write, lane(Way::Back)),)
    };
    let ended = cutting.run_until_cancelled(both).await;
    drop(open);
    if let Some(Ok(_)) = ended {
        orderly(&near);
        orderly(&far);
    }
}

/// Lets what the kernel still holds be delivered after the socket is dropped.
fn orderly(stream: &TcpStream) {
    // A socket that is gone already has nothing left to deliver.
    socket2::SockRef::from(stream).set_linger(None).ok();
}

struct OpenConnection<'a> {
    controls: &'a Controls,
}

impl<'a> OpenConnection<'a> {
    fn new(controls: &'a Controls) -> Self {
        controls.counts.send_modify(|counts| {
            counts.connections_total += 1;
            counts.connections_open += 1;
        });
        Self { controls }
    }
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        let counts = &self.controls.counts;
        counts.send_modify(|counts| counts.connections_open -= 1);
    }
}
