//! The client itself: picks or opens a connection, sends, waits for the head. Bodies and pools stand beside it.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::{body::Incoming, client::conn::TrySendError};
use octoporty_core::http1::{HeadError, RequestKind};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    body::{Lease, UpstreamBody},
    connection::{H1Connection, H2Connection, Spawner},
    dial::{Dialer, name},
    error::{BoxError, UpstreamError, find},
    exchange::{Exchange, RequestBody},
    io::FirstByte,
    policy::AddressPolicy,
    pool::{Connection, PoolInner, Wanted},
    request,
    resolve::{Resolve, SystemResolver},
    target::{Scheme, UpstreamProtocol, UpstreamTarget},
};

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
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// The request's URI is a path with an optional query, or `*`. Host is set by the caller, hop-by-hop fields
    /// are removed by the caller; framing is set here. An unannounced trailer is dropped on HTTP/1: the request
    /// must keep its `Trailer` field. With `Upgrade` the answer may be a 101: see
    /// [`into_upgraded`](super::into_upgraded).
    ///
    /// An answer may come while the body is still being sent; the rest of it is given up when the answer ends.
    /// With `Expect: 100-continue` the body is not polled before the upstream says 100, or for 10 s.
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
        if let Some(exchange) = exchange
            .clone()
            .filter(|_| request::expects_continue(&request))
        {
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
        let held = exchange.clone();
        hyper::ext::on_informational(&mut request, move |interim| {
            if interim.status() == StatusCode::CONTINUE
                && let Some(exchange) = &held
            {
                exchange.release();
            }
            on_informational(interim.status(), interim.headers());
        });
        self.exchange(target, request, exchange).await
    }

    /// Connections that are idle, or shared by HTTP/2 requests. For metrics and tests.
    #[must_use]
    pub fn pooled(&self) -> usize {
        self.inner.pool.len()
    }

    /// Tries connections until one takes the request. What was taken is never tried again.
    async fn exchange(
        &self,
        target: &Arc<UpstreamTarget>,
        mut request: Request<RequestBody>,
        exchange: Option<Arc<Exchange>>,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        let Inner { pool, dialer } = &*self.inner;
        let kind = request::kind(&request);
        let wanted = if kind == RequestKind::Upgrade {
            Wanted::Http1
        } else {
            Wanted::Any
        };
        let (mut pooled_tries, mut new_tries) = (0, 0);
        loop {
            let pooled = if pooled_tries < POOLED_TRIES_MAX {
                pool.take(target, wanted)
            } else {
                None
            };
            let reused = pooled.is_some();
            let connection = if let Some(connection) = pooled {
                pooled_tries += 1;
                connection
            } else {
                new_tries += 1;
                dialer.open(pool, target, wanted).await?
            };
            let exchange = exchange.clone();
            let attempt = Attempt {
                target,
                exchange,
                reused,
            };
            let outcome = match connection {
                Connection::H1(connection) => {
                    attempt
                        .over_http1(connection, Arc::clone(pool), request, kind)
                        .await?
                }
                Connection::H2(connection) => attempt.over_http2(connection, request).await?,
            };
            match outcome {
                Outcome::Answered(answer) => return Ok(answer),
                Outcome::GivenBack(_, error) if new_tries >= NEW_TRIES_MAX => {
                    let upstream = name(target);
                    return Err(UpstreamError::Reset {
                        upstream,
                        reused: false,
                        source: error.into(),
                    });
                }
                Outcome::GivenBack(unsent, _) => request = unsent,
            }
        }
    }
}

impl fmt::Debug for UpstreamClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamClient")
            .field("pooled", &self.pooled())
            .finish_non_exhaustive()
    }
}

/// What came of a request on one connection.
enum Outcome {
    Answered(Response<UpstreamBody>),
    /// It never left; here it is, and why.
    GivenBack(Request<RequestBody>, hyper::Error),
}

/// One request on one connection.
struct Attempt<'a> {
    target: &'a Arc<UpstreamTarget>,
    exchange: Option<Arc<Exchange>>,
    /// The connection had served before.
    reused: bool,
}

impl Attempt<'_> {
    async fn over_http1(
        self,
        connection: H1Connection,
        pool: Arc<PoolInner>,
        mut request: Request<RequestBody>,
        kind: RequestKind,
    ) -> Result<Outcome, UpstreamError> {
        connection.expect.request(kind);
        let first_byte = connection.shared.first_byte.clone();
        let mut lease = Lease::http1(connection, pool, self.exchange.clone());
        request::for_http1(&mut request)?;
        let Some(sender) = lease.http1_sender() else {
            return Err(self.lost());
        };
        let sent = sender.try_send_request(request);
        match self.head(sent).await? {
            Ok(answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
                lease.upgraded();
                Ok(Outcome::Answered(
                    answer.map(|_| UpstreamBody::empty(Arc::clone(self.target))),
                ))
            }
            Ok(answer) => {
                // hyper would speak HTTP/1.0 from here on, which has no chunks: a body could get lost.
                if answer.version() == Version::HTTP_10 {
                    lease.forbid_reuse();
                }
                Ok(self.answered(answer, lease))
            }
            Err(error) => self.failed(error, &first_byte),
        }
    }

    async fn over_http2(
        self,
        connection: H2Connection,
        mut request: Request<RequestBody>,
    ) -> Result<Outcome, UpstreamError> {
        let mut sender = connection.sender.clone();
        let first_byte = connection.shared.first_byte.clone();
        let lease = Lease::http2(connection, self.exchange.clone());
        request::for_http2(&mut request, self.target)?;
        if let Some(exchange) = &self.exchange {
            exchange.release();
        }
        match self.head(sender.try_send_request(request)).await? {
            Ok(answer) => Ok(self.answered(answer, lease)),
            Err(error) => self.failed(error, &first_byte),
        }
    }

    /// Waits for the head. While the body of the request moves, or is itself waited for, the time starts anew.
    async fn head<T>(&self, answer: impl Future<Output = T>) -> Result<T, UpstreamError> {
        let Some(limit) = self.target.head_timeout() else {
            return Ok(answer.await);
        };
        let mut answer = std::pin::pin!(answer);
        loop {
            if let Ok(answer) = tokio::time::timeout(limit, &mut answer).await {
                return Ok(answer);
            }
            if !self
                .exchange
                .as_ref()
                .is_some_and(|exchange| exchange.excuses_silence())
            {
                return Err(UpstreamError::HeadTimeout {
                    upstream: name(self.target),
                    after: limit,
                });
            }
        }
    }

    fn answered(&self, answer: Response<Incoming>, lease: Lease) -> Outcome {
        Outcome::Answered(
            answer.map(|incoming| UpstreamBody::new(incoming, lease, Arc::clone(self.target))),
        )
    }

    fn failed(
        &self,
        mut failed: TrySendError<Request<RequestBody>>,
        first_byte: &FirstByte,
    ) -> Result<Outcome, UpstreamError> {
        let unsent = failed.take_message();
        let error = failed.into_error();
        match unsent {
            // A service that speaks first on a new connection will do so on the next one.
            Some(unsent) if self.reused || find::<HeadError>(&error).is_none() => {
                Ok(Outcome::GivenBack(unsent, error))
            }
            _ => Err(self.classify(error, first_byte)),
        }
    }

    fn classify(&self, error: hyper::Error, first_byte: &FirstByte) -> UpstreamError {
        let upstream = name(self.target);
        if self
            .exchange
            .as_ref()
            .is_some_and(|exchange| exchange.has_failed())
        {
            return UpstreamError::RequestBody {
                source: error.into(),
            };
        }
        let is_plain = self.target.scheme() == Scheme::Http;
        match find::<HeadError>(&error) {
            Some(HeadError::TlsInstead) => UpstreamError::SpeaksHttps { upstream },
            Some(HeadError::NotHttp) => UpstreamError::NotHttp { upstream },
            Some(source) => UpstreamError::BadAnswer {
                upstream,
                source: *source,
            },
            None if is_plain && first_byte.is_tls() => UpstreamError::SpeaksHttps { upstream },
            None if is_plain
                && self.target.protocol() == UpstreamProtocol::H2c
                && first_byte.is_http1() =>
            {
                UpstreamError::SpeaksHttp1 { upstream }
            }
            // What the guard let through and hyper did not.
            None if error.is_parse() => UpstreamError::BadAnswer {
                upstream,
                source: HeadError::StatusLine,
            },
            None => UpstreamError::Reset {
                upstream,
                reused: self.reused,
                source: error.into(),
            },
        }
    }

    fn lost(&self) -> UpstreamError {
        let source = "the connection was taken".into();
        UpstreamError::Reset {
            upstream: name(self.target),
            reused: self.reused,
            source,
        }
    }
}

fn wrap<B>(
    request: Request<B>,
) -> Result<(Request<RequestBody>, Option<Arc<Exchange>>), UpstreamError>
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
    #[cfg(feature = "tls")]
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

    /// How TLS is spoken. Unless said, [`UpstreamTls::platform`](super::UpstreamTls::platform) is made here, which
    /// reads the system's roots: make it once and give each client a clone.
    #[cfg(feature = "tls")]
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
            #[cfg(feature = "tls")]
            tls: self.tls.unwrap_or_else(super::tls::UpstreamTls::platform),
            spawner: Spawner {
                tasks: self.tasks,
                shutdown: self.shutdown,
            },
        };
        UpstreamClient {
            inner: Arc::new(Inner {
                pool: Arc::default(),
                dialer,
            }),
        }
    }
}

impl fmt::Debug for UpstreamClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamClientBuilder")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
