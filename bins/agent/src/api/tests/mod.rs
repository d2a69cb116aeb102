//! The real router over real sockets, with a real database file and, where it matters, a real Gateway.

mod assets;
mod certificates;
mod client;
mod csrf;
mod harness;
mod inspector;
mod logs;
mod mappings;
mod openapi;
mod panics;
mod routes;
mod sessions;
mod settings;
mod sign_in;
mod storage;
mod stream;
mod traffic;
mod transfer;
