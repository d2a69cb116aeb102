//! What happens, as it happens: exchanges and the tunnel's states come in, statistics, logs and events go out.
//! Nobody who tells of an exchange ever waits for any of it.

mod hub;

pub(crate) use hub::{Event, Follower, Hub, Missed, Topic};
