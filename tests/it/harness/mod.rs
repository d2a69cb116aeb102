//! The harness against itself: a helper that lies makes every other test worthless.

mod chaos;
mod grpc;
mod process;
mod upstream;
mod upstream_faults;
mod visitor;
mod visitor_h2;
mod waiting;
mod websocket;

use std::time::Duration;

use octoporty_tests::{TestUpstream, Visitor};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

/// A deadline for what should take milliseconds.
const SOON: Duration = Duration::from_secs(10);

/// An upstream, and a visitor that talks to it directly.
async fn pair() -> (TestUpstream, Visitor) {
    let upstream = TestUpstream::start().expect("a free port");
    let visitor = Visitor::connect(upstream.address(), "app.example.test").await;
    (upstream, visitor.expect("the upstream listens"))
}

/// A visitor whose peer has sent `answer`, and then closes when the socket is dropped.
async fn visitor_of(answer: &[u8]) -> (Visitor, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let visitor = Visitor::connect(address, "h").await.expect("it listens");
    let (mut peer, _) = listener.accept().await.expect("the visitor connects");
    peer.write_all(answer).await.expect("the visitor reads");
    (visitor, peer)
}
