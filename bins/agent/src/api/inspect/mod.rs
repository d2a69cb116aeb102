//! The Request Inspector: one URL asked for twice, through the Gateway and straight from the service, and compared.

mod ask;
mod body;
mod diagnose;
mod diff;
mod gateway_path;
mod side;

pub(crate) use diagnose::{__path_diagnose, diagnose};
