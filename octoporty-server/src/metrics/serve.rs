//! The port for who watches: counts, liveness, readiness. It is for this machine, and asks for no key (R61).

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};

use super::{exposition, render};
use crate::{Gateway, gateway::Inner};

/// Connections at once: a few who watch.
const CONNECTIONS_MAX: usize = 16;

/// How long a request's head may take; connections in between may wait as long.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Pause after no connection could be taken.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(500);

/// Largest head in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

impl Gateway {
    /// Serves `GET /metrics` (Prometheus), `/health/live` and `/health/ready` on a listener that should be reached from
    /// this machine only (R61). It goes on while the Gateway stops, so that readiness tells of it, until what is left is
    /// cut.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the listener; connections that were taken go on.
    pub async fn serve_metrics(&self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let taking = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                () = self.inner.cutting.cancelled() => return,
                taken = taking => taken,
            };
            match accepted {
                Ok((stream, _peer)) => {
                    let inner = Arc::clone(&self.inner);
                    self.inner.lanes.spawn(async move {
                        serve(&inner, stream).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::debug!(%error, "no connection to the metrics can be taken at the moment");
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
            }
        }
    }
}

async fn serve(gateway: &Arc<Inner>, stream: TcpStream) {
    let answering = service_fn(|request| std::future::ready(Ok::<_, Infallible>(answer(gateway, &request))));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), answering);
    tokio::select! {
        outcome = connection => {
            if let Err(error) = outcome {
                tracing::debug!(%error, "a connection to the metrics ended early");
            }
        }
        () = gateway.cutting.cancelled() => {}
    }
}

fn answer(gateway: &Inner, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    match request.uri().path() {
        "/metrics" => respond(StatusCode::OK, exposition::CONTENT_TYPE, render::text(gateway)),
        "/health/live" => plain(StatusCode::OK, "alive\n"),
        "/health/ready" if gateway.stopping.is_cancelled() => plain(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        "/health/ready" => plain(StatusCode::OK, "ready\n"),
        _ => plain(StatusCode::NOT_FOUND, "/metrics, /health/live and /health/ready are here\n"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", text)
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
