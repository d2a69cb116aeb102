//! The routes, what they share, and the headers that every answer carries.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
    serve::ListenerExt as _,
};
use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{clock, events, files, page, plain};

/// Clocks and event streams at a time. Each holds a socket for as long as its visitor stays.
const LIVE_STREAMS_MAX: usize = 256;

/// Checksums being computed at a time. Each keeps a core busy.
const CHECKSUMS_MAX: usize = 2;

/// The page loads nothing from elsewhere and has no inline code; the policy holds it to that.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the handlers share. A clone is the same service.
#[derive(Clone, Debug)]
pub(crate) struct App {
    /// Cancelled when the program stops: clocks and event streams end.
    pub(crate) stop: CancellationToken,
    /// Holds the tasks of upgraded connections.
    pub(crate) tasks: TaskTracker,
    /// When the service started.
    pub(crate) started: Instant,
    /// What it has done since.
    pub(crate) counters: Arc<Counters>,
    /// One permit for each checksum being computed.
    pub(crate) checksums: Arc<Semaphore>,
    live: Arc<Semaphore>,
}

/// Totals since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Requests taken.
    pub(crate) requests: AtomicU64,
    /// Body bytes received by uploads.
    pub(crate) uploaded_bytes: AtomicU64,
    /// Body bytes handed out by downloads.
    pub(crate) downloaded_bytes: AtomicU64,
}

impl Default for App {
    fn default() -> Self {
        Self {
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            started: Instant::now(),
            counters: Arc::default(),
            checksums: Arc::new(Semaphore::new(CHECKSUMS_MAX)),
            live: Arc::new(Semaphore::new(LIVE_STREAMS_MAX)),
        }
    }
}

impl App {
    /// A place for one more clock or event stream, kept until the permit drops.
    pub(crate) fn live_place(&self) -> Result<OwnedSemaphorePermit, Full> {
        Arc::clone(&self.live).try_acquire_owned().map_err(|_full| Full)
    }

    /// Clocks and event streams open now.
    pub(crate) fn live_streams(&self) -> usize {
        LIVE_STREAMS_MAX - self.live.available_permits()
    }
}

/// All places for live streams are taken. Answered with 503.
#[derive(Debug)]
pub(crate) struct Full;

impl IntoResponse for Full {
    fn into_response(self) -> Response {
        let text = format!("{LIVE_STREAMS_MAX} live streams are open, no more fit\n");
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], text).into_response()
    }
}

/// Serves until the listener fails, which it does not: accept errors are retried.
pub(crate) async fn serve(listener: TcpListener, app: App) -> io::Result<()> {
    // Ticks are small and must not wait for more; a socket that refuses the option still works.
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await
}

fn router(app: App) -> Router {
    let router = Router::new()
        .route("/clock", get(clock::clock))
        .route("/events", get(events::events))
        .route("/upload", post(files::upload).put(files::upload))
        .route("/download/{bytes}", get(files::download))
        .route("/download/{bytes}/sha256", get(files::download_sha256))
        .route("/hello", get(plain::hello))
        .route("/echo", any(plain::echo))
        .route("/headers", any(plain::headers))
        .route("/status/{code}", any(plain::status))
        .route("/slow", any(plain::slow));
    page::add_to(router).layer(middleware::from_fn_with_state(app.clone(), around)).with_state(app)
}

/// Counts the request and adds the headers that every answer carries.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    app.counters.requests.fetch_add(1, Ordering::Relaxed);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
