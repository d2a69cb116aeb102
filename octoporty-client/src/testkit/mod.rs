//! A whole Octoporty in one process, for tests of programs that embed it: Gateway, tunnel, upstream and visitor, over
//! memory, with no socket. With tokio's clock paused, seconds of waiting pass in microseconds.
//!
//! ```
//! use octoporty_client::{Body, testkit::World};
//!
//! #[derive(Clone)]
//! struct Hello;
//! # impl tower_service::Service<http::Request<Body>> for Hello {
//! #     type Response = http::Response<http_body_util::Full<bytes::Bytes>>;
//! #     type Error = std::convert::Infallible;
//! #     type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
//! #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> { Ok(()).into() }
//! #     fn call(&mut self, _: http::Request<Body>) -> Self::Future { std::future::ready(Ok(http::Response::new("hello".into()))) }
//! # }
//! // `Hello` is any tower service: an `axum::Router` is one.
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = World::new();
//! let tunnel = world.tunnel().await?;
//! tunnel.serve("app.test", Hello).await?;
//! let answer = world.visitor().get("http://app.test/").await?;
//! assert_eq!((answer.status().as_u16(), answer.text()), (200, "hello"));
//!
//! // The line is cut; the tunnel comes back by itself, and the visitor notices nothing but the wait.
//! world.faults().cut();
//! assert_eq!(world.visitor().get("http://app.test/").await?.text(), "hello");
//! # Ok(())
//! # }
//! ```

mod faults;
mod faulty;
mod visitor;
mod world;

pub use faults::Faults;
pub use visitor::{Answer, TestVisitor, Upgraded, VisitError};
pub use world::{MemoryTransport, World};
