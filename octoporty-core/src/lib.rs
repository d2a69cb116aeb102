//! Protocol, stream multiplexing and proxy logic of the Octoporty reverse proxy tunnel.
//!
//! Layers, each importing only what stands above it here:
//!
//! ```text
//! id, limits, host, secret, version
//!   └► frame          bytes ↔ frames, every length checked
//!        └► message   MessagePack inside frames
//!             └► proto      the state machine of a lane: no I/O, no clock
//!                  │   transport   connections that carry whole messages      (feature `runtime`)
//!                  └────► session  async handles around `proto`, one driver   (feature `runtime`)
//!                           └► proxy, http1   HTTP over streams               (feature `proxy`)
//! ```
//!
//! Without default features the crate builds up to `proto`, with no tokio and no hyper in the tree: the compiler
//! proves that the state machine does no I/O.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod frame;
pub mod host;
#[cfg(feature = "proxy")]
pub mod http1;
pub mod id;
pub mod limits;
pub mod message;
pub mod proto;
#[cfg(feature = "proxy")]
pub mod proxy;
pub mod secret;
#[cfg(feature = "runtime")]
pub mod session;
#[cfg(feature = "runtime")]
pub mod transport;
pub mod version;
