//! What an Agent asks of the Gateway over a lane: one file for each kind of call, and who hands them out.

mod caddy;
mod dispatch;
mod landing;
mod logs;
mod restart;
mod routes;
mod status;
mod update;

pub(super) use dispatch::serve;
pub(super) use restart::tell_newcomer;
