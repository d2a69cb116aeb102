//! Mappings over the API: read, checked, changed, and told what the Gateway made of the change.

mod changes;
mod check;
mod fields;
mod headers;
mod input;
mod listing;
mod probe;
mod rendered;
mod router;
mod view;
mod watch;

pub(crate) use check::check;
pub(crate) use rendered::RenderedList;
pub(crate) use router::router;
pub(crate) use view::{MappingView, SettingsView, hex};
pub(crate) use watch::tell_changes;
