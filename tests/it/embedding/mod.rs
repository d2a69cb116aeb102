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

/// A service that says who it is.
fn naming(name: &'static str) -> Router {
    Router::new().route("/", get(move || async move { name }))
}
