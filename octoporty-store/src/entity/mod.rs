//! The rows of the tables, as SeaORM knows them. Nothing here leaves the crate.

pub(crate) mod audit;
pub(crate) mod connection;
pub(crate) mod mapping;
pub(crate) mod minute;
pub(crate) mod refresh_token;
pub(crate) mod request;
pub(crate) mod request_headers;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod sign_in_failure;
pub(crate) mod tunnel_span;
