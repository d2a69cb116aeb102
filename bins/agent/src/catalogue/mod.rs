//! All mappings of this Agent, of the configuration and of the database side by side, and how the Gateway took each.

mod entries;
mod gateway_state;
mod live;
mod watch;

pub(crate) use entries::{Entry, Fixed};
pub(crate) use gateway_state::{GatewayState, Place};
pub(crate) use live::{Catalogue, Health};
pub(crate) use watch::watch;
