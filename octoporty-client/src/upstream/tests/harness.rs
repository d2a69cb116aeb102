//! Nouns for the tests: a scripted upstream, a client for it, bodies that can be watched.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::upstream::{
    AddressPolicy, Scheme, UpstreamBody, UpstreamClient, UpstreamError, UpstreamProtocol, UpstreamTarget,
};

/// Time in which anything here happens, unless it is broken.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

/// Awaits what must happen soon.
pub(super) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.expect("it did not happen in time")
}

/// Waits until a condition holds.
pub(super) async fn eventually(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// An upstream that runs one script a connection.
pub(super) struct TestUpstream {
    pub(super) port: u16,
    accepted: Arc<AtomicUsize>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl TestUpstream {
    /// `script` gets the number of its connection, from 1.
    pub(super) async fn start<S, F>(script: S) -> Self
    where
        S: Fn(usize, Peer) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let accepted = Arc::new(AtomicUsize::new(0));
        let (spawner, count, stopped) = (tasks.clone(), Arc::clone(&accepted), stop.clone());
        tasks.spawn(stop.clone().run_until_cancelled_owned(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                spawner.spawn(stopped.clone().run_until_cancelled_owned(script(number, Peer::new(tcp))));
            }
        }));
        Self { port, accepted, tasks, stop }
    }

    /// Answers every request with what `answer` makes of its connection's number and its head.
    pub(super) async fn answering<A>(answer: A) -> Self
    where
        A: Fn(usize, &str) -> Vec<u8> + Clone + Send + Sync + 'static,
    {
        Self::start(move |number, mut peer| {
            let answer = answer.clone();
            async move {
                while let Some(head) = peer.head().await {
                    peer.send(&answer(number, &head)).await;
                }
            }
        })
        .await
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub(super) fn target(&self) -> Arc<UpstreamTarget> {
        UpstreamTarget::builder(Scheme::Http, "127.0.0.1", self.port).build().expect("it is valid")
    }

    pub(super) fn h2c_target(&self) -> Arc<UpstreamTarget> {
        let builder = UpstreamTarget::builder(Scheme::Http, "127.0.0.1", self.port);
        builder.protocol(UpstreamProtocol::H2c).build().expect("it is valid")
    }
}

impl Drop for TestUpstream {
    fn drop(&mut self) {
        self.stop.cancel();
        self.tasks.close();
    }
}

/// The upstream's end of a connection.
pub(super) struct Peer {
    pub(super) tcp: TcpStream,
    read: Vec<u8>,
}

impl Peer {
    fn new(tcp: TcpStream) -> Self {
        Self { tcp, read: Vec::new() }
    }

    async fn fill(&mut self) -> bool {
        matches!(self.tcp.read_buf(&mut self.read).await, Ok(1..))
    }

    /// The next head, or `None` at the end.
    pub(super) async fn head(&mut self) -> Option<String> {
        self.until(b"\r\n\r\n").await
    }

    /// Everything up to and with these bytes.
    pub(super) async fn until(&mut self, end: &[u8]) -> Option<String> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|window| window == end) {
                let rest = self.read.split_off(at + end.len());
                let head = std::mem::replace(&mut self.read, rest);
                return Some(String::from_utf8_lossy(&head).into_owned());
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let _gone = self.tcp.write_all(bytes).await;
    }

    /// Waits until the client has closed, whatever comes before.
    pub(super) async fn gone(&mut self) {
        while self.fill().await {
            self.read.clear();
        }
    }
}

/// A client and what stops it.
pub(super) struct TestClient {
    pub(super) client: UpstreamClient,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl TestClient {
    pub(super) fn new() -> Self {
        Self::with_policy(AddressPolicy::default())
    }

    pub(super) fn with_policy(policy: AddressPolicy) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let client = UpstreamClient::builder(tasks.clone(), stop.clone()).policy(policy).build();
        Self { client, stop, tasks }
    }

    pub(super) async fn get(
        &self,
        target: &Arc<UpstreamTarget>,
        path: &str,
    ) -> Result<Response<UpstreamBody>, UpstreamError> {
        soon(self.client.send(target, get(path))).await
    }

    /// The whole text of an answer.
    pub(super) async fn text(&self, target: &Arc<UpstreamTarget>, path: &str) -> String {
        text(self.get(target, path).await.expect("there is an answer")).await.expect("it is whole")
    }
}

pub(super) fn get(path: &str) -> Request<Empty<Bytes>> {
    request(Method::GET, path, Empty::new())
}

pub(super) fn post(path: &str, body: &str) -> Request<Full<Bytes>> {
    request(Method::POST, path, Full::from(body.to_owned()))
}

pub(super) fn request<B>(method: Method, path: &str, body: B) -> Request<B> {
    let builder = Request::builder().method(method).uri(path).header("host", "app.example.com");
    builder.body(body).expect("it is valid")
}

pub(super) async fn text(answer: Response<UpstreamBody>) -> Result<String, UpstreamError> {
    let body = soon(answer.into_body().collect()).await?;
    Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
}

/// An answer with a length.
pub(super) fn ok(body: impl AsRef<str>) -> Vec<u8> {
    let body = body.as_ref();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A body that is fed by hand, and tells when it is dropped. Its length is not known.
pub(super) struct FedBody {
    frames: mpsc::Receiver<io::Result<Frame<Bytes>>>,
    _dropped: oneshot::Sender<()>,
}

pub(super) struct Feeder {
    pub(super) frames: mpsc::Sender<io::Result<Frame<Bytes>>>,
    pub(super) dropped: oneshot::Receiver<()>,
}

pub(super) fn fed_body() -> (Feeder, FedBody) {
    let (sender, frames) = mpsc::channel(1);
    let (dropper, dropped) = oneshot::channel();
    (Feeder { frames: sender, dropped }, FedBody { frames, _dropped: dropper })
}

impl Feeder {
    pub(super) async fn data(&self, data: &'static str) {
        soon(self.frames.send(Ok(Frame::data(data.into())))).await.expect("the body is alive");
    }

    pub(super) async fn was_dropped(self) {
        let _closed = soon(self.dropped).await;
    }
}

impl Body for FedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.frames.poll_recv(cx)
    }
}
