//! The client itself: what is sent, and over which connections it is tried. One try is in `attempt`.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use octoporty_core::{http1::RequestKind, session::RecvStream};
use tokio::io::DuplexStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    attempt::{Attempt, Outcome},
    body::UpstreamBody,
    connection::Spawner,
    dial::{Dialer, name},
    error::{BoxError, UpstreamError},
    exchange::{Exchange, RequestBody},
    plain::{Answering, PlainAnswer, PlainClient, PlainPool, PlainRequest, TellInterim, Upload},
    policy::AddressPolicy,
    pool::{Connection, PoolInner, Wanted},
    request,
    resolve::{Resolve, SystemResolver},
    target::UpstreamTarget,
};
use crate::connect::PrepareTcp;

/// How often a request that was given back unsent is tried on a connection from the pool. Where one is stale, the
/// others mostly are.
const POOLED_TRIES_MAX: usize = 3;

/// How often it is tried on a new connection: an upstream that takes connections only to drop them is broken.
const NEW_TRIES_MAX: usize = 2;

/// Sends requests to upstreams. A clone uses the same pool; make one client for each shard.
///
/// Dropping the last clone closes what is idle; what is in use ends with its exchange.
#[derive(Clone)]
pub struct UpstreamClient {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Arc<PoolInner>,
    plain: Arc<PlainPool>,
    dialer: Dialer,
}

impl UpstreamClient {
    /// Starts a client. Its connections run as tasks of `tasks`, and end at once when `shutdown` is cancelled:
    /// cancel it only after what is in flight has had its time.
    pub fn builder(tasks: TaskTracker, shutdown: CancellationToken) -> UpstreamClientBuilder {
        UpstreamClientBuilder {
            tasks,
            shutdown,
            policy: AddressPolicy::default(),
            resolver: Arc::new(SystemResolver),
            tcp: None,
            #[cfg(feature = "tls-no-provider")]
            tls: None,
        }
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// The request's URI is a path with an optional query, or `*`. Host is set by the caller, hop-by-hop fields
    /// are removed by the caller; framing is set here. An unannounced trailer is dropped on HTTP/1: the request
    /// must keep its `Trailer` field. With `Upgrade` the answer may be a 101: see
    /// [`into_upgraded`](super::into_upgraded). An answer over a connection that was opened for it has
    /// [`ConnectTimes`](super::ConnectTimes) among its extensions.
    ///
    /// An answer may come while the body is still being sent; the rest of it is given up when the answer ends.
    /// With `Expect: 100-continue` the body is not polled before the upstream says 100, or for 1 s.
    ///
    /// # Errors
    /// Why there is no answer. A request is sent again, on another connection, only if it never left this
    /// machine.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the request: its connection is closed, its body dropped.
    pub async fn send<B>(
        &self,
        target: &Arc<UpstreamTarget>,
        request: Request<B>,
    ) -> Result<Response<UpstreamBody>, UpstreamError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (mut request, exchange) = wrap(request)?;
        if let Some(exchange) = exchange.clone().filter(|_| request::expects_continue(&request)) {
            hyper::ext::on_informational(&mut request, move |interim| {
                if interim.status() == StatusCode::CONTINUE {
                    exchange.release();
                }
            });
        }
        self.exchange(target, request, exchange).await
    }

    /// As [`send`](Self::send), and calls `on_informational` for each 1xx before the answer, 100 and 103 among
    /// them. It is called from the task of the connection and must not block. HTTP/2 upstreams show none.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_with_informational<B, F>(
        &self,
        target: &Arc<UpstreamTarget>,
        request: Request<B>,
        on_informational: F,
    ) -> Result<Response<UpstreamBody>, UpstreamError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
        F: Fn(StatusCode, &HeaderMap) + Send + Sync + 'static,
    {
        let (mut request, exchange) = wrap(request)?;
        on_interim(&mut request, exchange.clone(), on_informational);
        self.exchange(target, request, exchange).await
    }

    /// As [`send_with_informational`](Self::send_with_informational), over a connection whose other end is in this
    /// process. The connection serves this request alone.
    pub(crate) async fn send_over<B, F>(
        &self,
        memory: DuplexStream,
        target: &Arc<UpstreamTarget>,
        request: Request<B>,
        on_informational: F,
    ) -> Result<Response<UpstreamBody>, UpstreamError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
        F: Fn(StatusCode, &HeaderMap) + Send + Sync + 'static,
    {
        let (mut request, exchange) = wrap(request)?;
        on_interim(&mut request, exchange.clone(), on_informational);
        let kind = request::kind(&request);
        let Inner { pool, dialer, plain: _ } = &*self.inner;
        let Connection::H1(connection) = dialer.open_local(pool, target, memory).await? else {
            return Err(UpstreamError::NotAccepted { upstream: name(target) });
        };
        let attempt = Attempt { target, exchange, reused: false };
        match attempt.once_over_http1(connection, Arc::clone(pool), request, kind).await? {
            Outcome::Answered(answer) => Ok(answer),
            Outcome::GivenBack(_, error) => {
                Err(UpstreamError::Reset { upstream: name(target), reused: false, source: error.into() })
            }
        }
    }

    /// Sends a request that is plain and waits for the head of its answer.
    ///
    /// # Errors
    /// Why there is no answer. A request is sent a second time only if it may be repeated and no byte came in answer to
    /// the first.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the request and closes its connection.
    pub(crate) async fn send_plain(
        &self,
        target: &Arc<UpstreamTarget>,
        request: &PlainRequest,
        tell: TellInterim<'_>,
    ) -> Result<PlainAnswer, UpstreamError> {
        self.plain().send(target, request, tell).await
    }

    /// Takes a connection for a plain request whose body `recv` brings: what sends it, and what gives the answer. They
    /// run side by side, and the answer may come first.
    ///
    /// # Errors
    /// Why there is no connection.
    ///
    /// # Cancel safety
    /// Dropping the future, or both of what it gave, gives up the request and closes its connection.
    pub(crate) async fn begin_plain(
        &self,
        target: &Arc<UpstreamTarget>,
        request: &PlainRequest,
        recv: RecvStream,
    ) -> Result<(Answering, Upload), UpstreamError> {
        self.plain().begin(target, request, recv).await
    }

    fn plain(&self) -> PlainClient<'_> {
        PlainClient { pool: &self.inner.plain, dialer: &self.inner.dialer }
    }

    /// Runs `work` as one of the connections' tasks: to its end, or until they are all closed.
    pub(crate) fn track(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Spawner { tasks, shutdown } = &self.inner.dialer.spawner;
        let shutdown = shutdown.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = shutdown.cancelled() => {}
            }
        });
    }

    /// Connections that are idle, or shared by HTTP/2 requests. For metrics and tests.
    #[must_use]
    pub fn pooled(&self) -> usize {
        self.inner.pool.len() + self.inner.plain.len()
    }

    /// Tries connections until one takes the request. What was taken is never tried again.
    async fn exchange(
        &self,
        target: &Arc<UpstreamTarget>,
        mut request: Request<RequestBody>,
        exchange: Option<Arc<Exchange>>,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        let Inner { pool, dialer, plain: _ } = &*self.inner;
        let kind = request::kind(&request);
        let wanted = if kind == RequestKind::Upgrade { Wanted::Http1 } else { Wanted::Any };
        let (mut pooled_tries, mut new_tries) = (0, 0);
        let mut connect = None;
        loop {
            let pooled = if pooled_tries < POOLED_TRIES_MAX { pool.take(target, wanted) } else { None };
            let reused = pooled.is_some();
            let connection = if let Some(connection) = pooled {
                pooled_tries += 1;
                connection
            } else {
                new_tries += 1;
                let (opened, times) = dialer.open(pool, target, wanted).await?;
                connect = Some(times);
                opened
            };
            let exchange = exchange.clone();
            let attempt = Attempt { target, exchange, reused };
            let outcome = match connection {
                Connection::H1(connection) => attempt.over_http1(connection, Arc::clone(pool), request, kind).await?,
                Connection::H2(connection) => attempt.over_http2(connection, request).await?,
            };
            match outcome {
                Outcome::Answered(mut answer) => {
                    if let Some(connect) = connect {
                        answer.extensions_mut().insert(connect);
                    }
                    return Ok(answer);
                }
                Outcome::GivenBack(_, error) if new_tries >= NEW_TRIES_MAX => {
                    let upstream = name(target);
                    return Err(UpstreamError::Reset { upstream, reused: false, source: error.into() });
                }
                Outcome::GivenBack(unsent, _) => request = unsent,
            }
        }
    }
}

impl fmt::Debug for UpstreamClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamClient").field("pooled", &self.pooled()).finish_non_exhaustive()
    }
}

/// Calls `tell` for each interim answer; a 100 lets the body go.
fn on_interim<F>(request: &mut Request<RequestBody>, held: Option<Arc<Exchange>>, tell: F)
where
    F: Fn(StatusCode, &HeaderMap) + Send + Sync + 'static,
{
    hyper::ext::on_informational(request, move |interim| {
        if interim.status() == StatusCode::CONTINUE
            && let Some(exchange) = &held
        {
            exchange.release();
        }
        tell(interim.status(), interim.headers());
    });
}

fn wrap<B>(request: Request<B>) -> Result<(Request<RequestBody>, Option<Arc<Exchange>>), UpstreamError>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    request::check(&request)?;
    let expects_continue = request::expects_continue(&request);
    let (parts, body) = request.into_parts();
    let (body, exchange) = RequestBody::new(body, expects_continue);
    Ok((Request::from_parts(parts, body), exchange))
}

/// Settings of an [`UpstreamClient`].
#[must_use]
pub struct UpstreamClientBuilder {
    tasks: TaskTracker,
    shutdown: CancellationToken,
    policy: AddressPolicy,
    resolver: Arc<dyn Resolve>,
    tcp: Option<PrepareTcp>,
    #[cfg(feature = "tls-no-provider")]
    tls: Option<super::tls::UpstreamTls>,
}

impl UpstreamClientBuilder {
    /// Which addresses may be dialled; [`AddressPolicy::default`] unless said.
    pub fn policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Who turns names into addresses; the operating system unless said.
    pub fn resolver(mut self, resolver: Arc<dyn Resolve>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Is shown each connection when it is open; nobody is unless said.
    pub fn prepare(mut self, prepare: PrepareTcp) -> Self {
        self.tcp = Some(prepare);
        self
    }

    /// How TLS is spoken. Unless said, [`UpstreamTls::platform`](super::UpstreamTls::platform) is made here, which
    /// reads the system's roots: make it once and give each client a clone.
    #[cfg(feature = "tls-no-provider")]
    pub fn tls(mut self, tls: super::tls::UpstreamTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Makes the client. Nothing is opened yet.
    #[must_use]
    pub fn build(self) -> UpstreamClient {
        let dialer = Dialer {
            policy: self.policy,
            resolver: self.resolver,
            tcp: self.tcp,
            #[cfg(feature = "tls-no-provider")]
            tls: self.tls.unwrap_or_else(super::tls::UpstreamTls::platform),
            spawner: Spawner { tasks: self.tasks, shutdown: self.shutdown },
        };
        UpstreamClient { inner: Arc::new(Inner { pool: Arc::default(), plain: Arc::default(), dialer }) }
    }
}

impl fmt::Debug for UpstreamClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamClientBuilder").field("policy", &self.policy).finish_non_exhaustive()
    }
}
