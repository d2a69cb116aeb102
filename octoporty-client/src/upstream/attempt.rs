//! One request on one connection: sent, its head awaited, its failure named. Which connection is the client's matter.

use std::sync::Arc;

use http::{Request, Response, StatusCode, Version};
use hyper::{body::Incoming, client::conn::TrySendError};
use octoporty_core::http1::{HeadError, RequestKind};

use super::{
    body::{Lease, UpstreamBody},
    connection::{H1Connection, H2Connection},
    dial::name,
    error::{UpstreamError, find},
    exchange::{Exchange, RequestBody},
    io::FirstByte,
    pool::PoolInner,
    request,
    target::{Scheme, UpstreamProtocol, UpstreamTarget},
};

/// What came of a request on one connection.
pub(super) enum Outcome {
    Answered(Response<UpstreamBody>),
    /// It never left; here it is, and why.
    GivenBack(Request<RequestBody>, hyper::Error),
}

/// One request on one connection.
pub(super) struct Attempt<'a> {
    pub(super) target: &'a Arc<UpstreamTarget>,
    pub(super) exchange: Option<Arc<Exchange>>,
    /// The connection had served before.
    pub(super) reused: bool,
}

impl Attempt<'_> {
    pub(super) async fn over_http1(
        self,
        connection: H1Connection,
        pool: Arc<PoolInner>,
        request: Request<RequestBody>,
        kind: RequestKind,
    ) -> Result<Outcome, UpstreamError> {
        let first_byte = connection.shared.first_byte.clone();
        connection.expect.request(kind);
        let lease = Lease::http1(connection, pool, self.exchange.clone());
        self.leased(lease, &first_byte, request).await
    }

    /// Over a connection that serves no other request.
    pub(super) async fn once_over_http1(
        self,
        connection: H1Connection,
        pool: Arc<PoolInner>,
        request: Request<RequestBody>,
        kind: RequestKind,
    ) -> Result<Outcome, UpstreamError> {
        let first_byte = connection.shared.first_byte.clone();
        connection.expect.request(kind);
        let mut lease = Lease::http1(connection, pool, self.exchange.clone());
        lease.forbid_reuse();
        self.leased(lease, &first_byte, request).await
    }

    async fn leased(
        self,
        mut lease: Lease,
        first_byte: &FirstByte,
        mut request: Request<RequestBody>,
    ) -> Result<Outcome, UpstreamError> {
        request::for_http1(&mut request)?;
        let Some(sender) = lease.http1_sender() else {
            return Err(self.lost());
        };
        let sent = sender.try_send_request(request);
        match self.head(sent).await? {
            Ok(answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
                lease.upgraded();
                Ok(Outcome::Answered(answer.map(|_| UpstreamBody::empty(Arc::clone(self.target)))))
            }
            Ok(answer) => {
                // hyper would speak HTTP/1.0 from here on, which has no chunks: a body could get lost.
                if answer.version() == Version::HTTP_10 {
                    lease.forbid_reuse();
                }
                Ok(self.answered(answer, lease))
            }
            Err(error) => self.failed(error, first_byte),
        }
    }

    pub(super) async fn over_http2(
        self,
        connection: H2Connection,
        mut request: Request<RequestBody>,
    ) -> Result<Outcome, UpstreamError> {
        let H2Connection { mut sender, shared } = connection;
        let first_byte = shared.first_byte.clone();
        let lease = Lease::http2(shared, self.exchange.clone());
        request::for_http2(&mut request, self.target)?;
        if let Some(exchange) = &self.exchange {
            exchange.release();
        }
        let sending = sender.try_send_request(request);
        // A request that comes to hyper's queue while its connection ends is given back with the last sender, so none may
        // wait here.
        drop(sender);
        match self.head(sending).await? {
            Ok(answer) => Ok(self.answered(answer, lease)),
            Err(error) => {
                let outcome = self.failed(error, &first_byte);
                if matches!(outcome, Ok(Outcome::GivenBack(..))) {
                    lease.given_back();
                }
                outcome
            }
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
            if !self.exchange.as_ref().is_some_and(|exchange| exchange.excuses_silence()) {
                return Err(UpstreamError::HeadTimeout { upstream: name(self.target), after: limit });
            }
        }
    }

    fn answered(&self, answer: Response<Incoming>, lease: Lease) -> Outcome {
        Outcome::Answered(answer.map(|incoming| UpstreamBody::new(incoming, lease, Arc::clone(self.target))))
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
            Some(unsent) if self.reused || find::<HeadError>(&error).is_none() => Ok(Outcome::GivenBack(unsent, error)),
            _ => Err(self.classify(error, first_byte)),
        }
    }

    fn classify(&self, error: hyper::Error, first_byte: &FirstByte) -> UpstreamError {
        let upstream = name(self.target);
        if self.exchange.as_ref().is_some_and(|exchange| exchange.has_failed()) {
            return UpstreamError::RequestBody { source: error.into() };
        }
        let is_plain = self.target.scheme() == Scheme::Http;
        match find::<HeadError>(&error) {
            Some(HeadError::TlsInstead) => UpstreamError::SpeaksHttps { upstream },
            Some(HeadError::NotHttp) => UpstreamError::NotHttp { upstream },
            Some(source) => UpstreamError::BadAnswer { upstream, source: *source },
            None if is_plain && first_byte.is_tls() => UpstreamError::SpeaksHttps { upstream },
            None if is_plain && self.target.protocol() == UpstreamProtocol::H2c && first_byte.is_http1() => {
                UpstreamError::SpeaksHttp1 { upstream }
            }
            // What the guard let through and hyper did not.
            None if error.is_parse() => UpstreamError::BadAnswer { upstream, source: HeadError::StatusLine },
            None => UpstreamError::Reset { upstream, reused: self.reused, source: error.into() },
        }
    }

    fn lost(&self) -> UpstreamError {
        let source = "the connection was taken".into();
        UpstreamError::Reset { upstream: name(self.target), reused: self.reused, source }
    }
}
