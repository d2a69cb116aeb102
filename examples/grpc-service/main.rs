//! A gRPC service of tonic's, through a tunnel: no port, no HTTP/2 server of its own.
//!
//! The messages and the service are written by hand, as `tonic-build` would make them from this:
//!
//! ```text
//! package greeter;
//! message HelloRequest { string name = 1; }
//! message HelloReply { string text = 1; }
//! service Greeter {
//!   rpc Hello (HelloRequest) returns (HelloReply);
//!   rpc Countdown (HelloRequest) returns (stream HelloReply);
//! }
//! ```

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::Request, response::IntoResponse, routing::post};
use clap::Parser;
use futures::{
    Stream, StreamExt as _,
    future::{Ready, ready},
    stream,
};
use octoporty_client::Tunnel;
use octoporty_examples::{DRAIN_PERIOD, GatewayArgs, say, stop_signal};
use tonic::{Response, Status, server::Grpc};
use tonic_prost::ProstCodec;
use tower_service::Service;

/// A Gateway that is not there by then is more likely misspelt than slow.
const CONNECT_PERIOD: Duration = Duration::from_secs(30);

/// Messages of one countdown.
const COUNTDOWN_FROM: u32 = 3;

/// Serves gRPC through a tunnel.
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    gateway: GatewayArgs,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HelloRequest {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HelloReply {
    #[prost(string, tag = "1")]
    text: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let stop = stop_signal()?;
    let gateway = args.gateway.find().await?;

    let builder = Tunnel::builder().gateway(gateway.url).api_key(gateway.key).give_up_after(CONNECT_PERIOD);
    let tunnel = builder.connect().await?;
    let endpoint = tunnel.serve(args.gateway.host, app()).await?;
    say(format_args!("online at {}", endpoint.url()))?;

    stop.await;
    tunnel.drain(DRAIN_PERIOD).await;
    Ok(())
}

fn app() -> Router {
    Router::new().route("/greeter.Greeter/Hello", post(hello)).route("/greeter.Greeter/Countdown", post(countdown))
}

async fn hello(request: Request) -> impl IntoResponse {
    Grpc::new(ProstCodec::default()).unary(Hello, request).await
}

async fn countdown(request: Request) -> impl IntoResponse {
    Grpc::new(ProstCodec::default()).server_streaming(Countdown, request).await
}

/// `rpc Hello`.
struct Hello;

impl Service<tonic::Request<HelloRequest>> for Hello {
    type Response = Response<HelloReply>;
    type Error = Status;
    type Future = Ready<Result<Response<HelloReply>, Status>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<HelloRequest>) -> Self::Future {
        let HelloRequest { name } = request.into_inner();
        ready(if name.is_empty() {
            Err(Status::invalid_argument("who are you?"))
        } else {
            Ok(Response::new(HelloReply { text: format!("hello, {name}") }))
        })
    }
}

/// `rpc Countdown`.
struct Countdown;

impl Service<tonic::Request<HelloRequest>> for Countdown {
    type Response = Response<Pin<Box<dyn Stream<Item = Result<HelloReply, Status>> + Send>>>;
    type Error = Status;
    type Future = Ready<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<HelloRequest>) -> Self::Future {
        let HelloRequest { name } = request.into_inner();
        let numbers = stream::iter((1..=COUNTDOWN_FROM).rev());
        let replies = numbers.map(move |number| Ok(HelloReply { text: format!("{name}: {number}") }));
        ready(Ok(Response::new(replies.boxed())))
    }
}
