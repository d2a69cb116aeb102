//! A real Caddy under test, a way into its HTTPS for plain visitors, and a bad admin API in front of its own.

mod admin_faults;
mod process;
mod tls_door;

pub use self::{
    admin_faults::AdminFaults,
    process::{CaddyError, TestCaddy},
    tls_door::{TlsDoor, TlsDoorError},
};
