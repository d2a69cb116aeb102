//! A bad network on purpose: a TCP proxy with live controls.

mod controls;
mod proxy;
mod pump;

pub use self::{
    controls::{ChaosCounts, Way},
    proxy::ChaosProxy,
};
