//! Octoporty server.

pub mod classify;
pub mod forwarding;
pub mod pages;
pub mod routes;
pub mod trusted_proxies;
