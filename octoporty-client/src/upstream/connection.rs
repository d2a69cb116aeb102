//! One connection to an upstream: guard, HTTP handshake, its task, and how long it may idle.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use octoporty_core::{
    http1::{AnswerExpect, AnswerGuard},
    limits,
};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    exchange::RequestBody,
    io::{FirstByte, UpstreamIo},
    pool::PoolInner,
    target::UpstreamTarget,
};

/// How long a connection may serve nothing before it is closed. Longer, and services hold sockets for nobody.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes that hyper may buffer on an HTTP/1 connection, each way. Must hold the largest head that the guard lets
/// through, and makes large bodies come in large pieces.
const H1_BUFFER_BYTES_MAX: usize = 2 * limits::ANSWER_HEAD_BYTES_MAX;

/// Largest header list of an HTTP/2 answer in bytes, as large as an HTTP/1 head may be (R16).
const H2_HEADER_LIST_BYTES_MAX: u32 = 128 << 10;

/// Bytes that an HTTP/2 stream may hold for sending. hyper's 1 MiB would put an upload too far ahead.
const H2_SEND_BUFFER_BYTES: usize = 256 << 10;

/// How often an HTTP/2 connection with open streams is probed.
const H2_PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long a probe may stay unanswered.
const H2_PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes of an HTTP/2 frame that is taken. 64 KiB make a bulk answer cost fewer frames.
const H2_FRAME_BYTES: u32 = 64 << 10;

/// What hyper reads and writes on an HTTP/1 connection.
pub(super) type GuardedIo = TokioIo<AnswerGuard<UpstreamIo>>;

/// What the task of a connection shares with those who use it.
#[derive(Debug)]
pub(super) struct Shared {
    /// Ends the connection at once.
    kill: CancellationToken,
    in_flight: AtomicUsize,
    idle_since: Mutex<Instant>,
    pub(super) first_byte: FirstByte,
}

impl Shared {
    /// A request is about to use the connection.
    pub(super) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
    }

    /// A request is done with it.
    pub(super) fn end(&self) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.in_flight.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Closes the socket without another byte.
    pub(super) fn kill(&self) {
        self.kill.cancel();
    }

    fn is_killed(&self) -> bool {
        self.kill.is_cancelled()
    }

    /// Waits until the connection has idled for too long. One timer a minute at most, whatever the traffic.
    async fn idled(&self) {
        loop {
            let now = Instant::now();
            let since = if self.in_flight() > 0 {
                now
            } else {
                *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner)
            };
            let deadline = since + IDLE_TIMEOUT;
            if deadline <= now {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }
}

/// An HTTP/1 connection, in use by one exchange or idle.
#[derive(Debug)]
pub(super) struct H1Connection {
    pub(super) sender: http1::SendRequest<RequestBody>,
    pub(super) expect: AnswerExpect,
    pub(super) shared: Arc<Shared>,
}

impl H1Connection {
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.shared.is_killed()
    }
}

/// An HTTP/2 connection; clones use it at the same time.
#[derive(Clone, Debug)]
pub(super) struct H2Connection {
    pub(super) sender: http2::SendRequest<RequestBody>,
    pub(super) shared: Arc<Shared>,
}

impl H2Connection {
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.shared.is_killed()
    }
}

/// Starts connections and their tasks.
#[derive(Clone, Debug)]
pub(super) struct Spawner {
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: CancellationToken,
}

impl Spawner {
    /// Speaks HTTP/1.1 over a connection. The one place where its bytes go through the guard.
    pub(super) async fn http1(
        &self,
        io: UpstreamIo,
        first_byte: FirstByte,
        owner: Owner,
    ) -> hyper::Result<H1Connection> {
        let expect = AnswerExpect::new();
        let guarded = TokioIo::new(AnswerGuard::new(io, expect.clone()));
        let (sender, connection) = http1::Builder::new().max_buf_size(H1_BUFFER_BYTES_MAX).handshake(guarded).await?;
        let shared = self.shared(first_byte);
        self.tasks.spawn(run(connection.with_upgrades(), Arc::clone(&shared), owner));
        Ok(H1Connection { sender, expect, shared })
    }

    /// Speaks HTTP/2 over a connection.
    pub(super) async fn http2(
        &self,
        io: UpstreamIo,
        first_byte: FirstByte,
        owner: Owner,
    ) -> hyper::Result<H2Connection> {
        let (sender, connection) = http2::Builder::new(TrackedExecutor(self.tasks.clone()))
            .timer(TokioTimer::new())
            .adaptive_window(true)
            .max_frame_size(H2_FRAME_BYTES)
            .max_header_list_size(H2_HEADER_LIST_BYTES_MAX)
            .max_send_buf_size(H2_SEND_BUFFER_BYTES)
            .keep_alive_interval(H2_PING_INTERVAL)
            .keep_alive_timeout(H2_PING_TIMEOUT)
            .handshake(TokioIo::new(io))
            .await?;
        let shared = self.shared(first_byte);
        self.tasks.spawn(run(connection, Arc::clone(&shared), owner));
        Ok(H2Connection { sender, shared })
    }

    fn shared(&self, first_byte: FirstByte) -> Arc<Shared> {
        Arc::new(Shared {
            kill: self.shutdown.child_token(),
            in_flight: AtomicUsize::new(0),
            idle_since: Mutex::new(Instant::now()),
            first_byte,
        })
    }
}

/// Whom to tell that a connection has ended.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) pool: Weak<PoolInner>,
    pub(super) target: Arc<UpstreamTarget>,
}

/// Drives a connection to its end: its own, an abandoned exchange, too long a rest, or shutdown.
async fn run<C>(connection: C, shared: Arc<Shared>, owner: Owner)
where
    C: Future<Output = hyper::Result<()>>,
{
    {
        let connection = std::pin::pin!(connection);
        tokio::select! {
            biased;
            () = shared.kill.cancelled() => {}
            ended = connection => {
                if let Err(error) = ended {
                    tracing::debug!(upstream = %owner.target, error = &error as &dyn std::error::Error, "upstream connection failed");
                }
            }
            () = shared.idled() => {}
        }
    }
    shared.kill();
    if let Some(pool) = owner.pool.upgrade() {
        pool.prune(&owner.target);
    }
}

/// Spawns what hyper needs for HTTP/2 streams on the tracker of the client.
#[derive(Clone, Debug)]
struct TrackedExecutor(TaskTracker);

impl<F> hyper::rt::Executor<F> for TrackedExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}
