//! What a visitor gets from the Gateway itself: error pages and the landing page.
//!
//! HTML, JSON, plain text or a gRPC status, by what the request accepts. Every text is constant but the request id:
//! nothing of the request is repeated, and nothing of the inside is shown (R10, R57). The bodies are made once, so that
//! an answer costs a copy, because attackers ask for most of them.

mod error_page;
mod html;
mod landing;
mod negotiate;
mod problem;
mod rendered;

pub use error_page::ErrorPage;
pub use landing::{LANDING_BYTES_MAX, LandingError, LandingHost, LandingPage};
pub(crate) use negotiate::is_grpc;
pub use negotiate::{ACCEPT_MEMBERS_MAX, Format};
pub use problem::Problem;
pub use rendered::Rendered;
