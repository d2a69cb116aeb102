//! What the examples share, so that each shows its own subject only: which Gateway they connect to, and when they stop.
//! In a program of your own, its place is taken by your settings and by your signal handling.

mod gateway;
mod stop;

pub use gateway::{GatewayAddress, GatewayArgs, KeyArgs};
pub use stop::{DRAIN_PERIOD, say, stop_signal};
