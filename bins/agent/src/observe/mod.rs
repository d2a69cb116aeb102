//! What happens, as it happens: exchanges and the tunnel's states come in, statistics, logs and events go out.
//! Nobody who tells of an exchange ever waits for any of it.

mod failures;
mod hub;
mod intake;
mod journal;
mod recorder;
mod recording;
mod rollup;
mod tally;
mod worker;

pub(crate) use hub::{Event, Follower, Hub, Missed, Topic};
pub(crate) use journal::Journal;
pub(crate) use recorder::{ExchangeRecord, Recorder, Records};
pub(crate) use recording::Recording;
pub(crate) use rollup::SPARK_POINTS;
pub(crate) use worker::Surroundings;
