//! Protocol, stream multiplexing and proxy logic of the Octoporty reverse proxy tunnel.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod host;
#[cfg(feature = "proxy")]
pub mod http1;
pub mod limits;
#[cfg(feature = "runtime")]
pub mod transport;
