//! Client and server as libraries, as programs that embed them use them: over memory, and over real sockets.

mod endpoints;
mod faults;
mod gateway;
mod listener;
mod scopes;
mod seams;
mod service;
mod sockets;

use axum::{Router, routing::get};
use tokio::{runtime::Handle, task::JoinHandle};

/// Runs until the test's runtime ends, or to its own end.
fn in_background<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    Handle::current().spawn(work)
}

/// A service that says who it is.
fn naming(name: &'static str) -> Router {
    Router::new().route("/", get(move || async move { name }))
}
