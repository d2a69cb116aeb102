//! What an Octoporty Agent remembers: mappings, settings, sessions and who changed what, and beside them logs and
//! statistics. In SQLite, through SeaORM; knows nothing of HTTP or tunnels, so that other programs can use it too.
//!
//! ```
//! use octoporty_store::{Actor, Location, MappingSettings, Store, StoreError};
//! use tokio_util::task::TaskTracker;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // As in a configuration: `Data Source=/app/data/octoporty.db` or `sqlite:///app/data/octoporty.db`.
//! let location: Location = ":memory:".parse()?;
//! let store = Store::open(location, &TaskTracker::new()).await?;
//!
//! let settings = MappingSettings {
//!     external_domain: "app.example.com".to_owned(),
//!     internal_host: "10.0.0.5".to_owned(),
//!     internal_port: 8080,
//!     enabled: true,
//!     ..MappingSettings::default()
//! };
//! let mapping = store.mappings().create(&Actor::program(), settings.clone()).await?;
//! assert_eq!(store.mappings().all().find("app.example.com"), Some(&mapping));
//!
//! let again = store.mappings().create(&Actor::program(), settings).await;
//! assert_eq!(again, Err(StoreError::Conflict { field: "external_domain" }));
//!
//! store.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Two files
//!
//! | file | what | each change |
//! | --- | --- | --- |
//! | `octoporty.db` | [`Mappings`], [`Settings`], [`Sessions`], [`SignInFailures`], [`Audit`] | is on disk before it is answered, and outlives a power cut |
//! | `octoporty-logs.db` | [`RequestLog`], [`ConnectionLog`], [`Minutes`], [`Failures`], [`TunnelStates`] | outlives a kill of the process; a power cut may take the last seconds |
//!
//! The first is what a [`Backup`] holds. The second may be deleted at any time, and a store works without it.
//! Each file has one writer at a time, and any number of readers beside it.
//!
//! # When a disk fails
//!
//! [`Store::health`] says what is wrong with which file and what to do. Mappings and sessions are read from memory, so
//! that they are there whatever the disk does. A file that was locked, full, deleted, or replaced by a backup under the
//! store's hands is used again by itself; [`StoreError::is_transient`] tells such errors from mistakes of the caller.

mod actor;
mod audit;
mod backup;
mod care;
mod clock;
mod config;
mod connection_log;
mod convert;
mod database;
mod entity;
mod error;
mod failures;
mod health;
mod histogram;
mod inner;
pub mod limits;
mod live_sessions;
mod location;
mod location_error;
mod mapping;
mod mapping_row;
mod mappings;
mod migration;
mod minutes;
mod redact;
mod request_log;
mod request_query;
mod request_queue;
mod request_record;
mod request_row;
mod retention;
mod rotation;
mod sequence;
mod sessions;
mod settings;
mod sign_in_failures;
mod start;
mod store;
mod transfer;
mod tunnel_states;

pub use actor::Actor;
pub use audit::{Audit, AuditEntry, AuditPage, Change};
pub use backup::Backup;
pub use clock::Clock;
pub use config::{LogsFile, Retention, StoreConfig};
pub use connection_log::{ConnectionFilter, ConnectionLog, ConnectionOutcome, ConnectionPage, ConnectionRecord};
pub use error::{OpenError, StoreError};
pub use failures::{FailureGroup, Failures};
pub use health::{Health, Problem, ProblemKind};
pub use histogram::Histogram;
pub use location::{Access, Location};
pub use location_error::LocationError;
pub use mapping::{HeaderEdits, HostHeader, Mapping, MappingSettings, Protocol, Timeouts, UpstreamVersion};
pub use mappings::{MappingSet, Mappings};
pub use minutes::{FailuresBySide, MinuteRecord, Minutes};
pub use redact::{mask_headers, mask_query};
pub use request_log::{Cursor, InvalidCursor, RequestFilter, RequestLog, RequestPage, StatusFilter};
pub use request_record::{Failure, Headers, Phases, RequestKind, RequestRecord, Side};
pub use retention::Pruned;
pub use sessions::{NewSession, Rotation, Session, Sessions, TokenHash};
pub use settings::Settings;
pub use sign_in_failures::{SignInFailure, SignInFailures};
pub use store::Store;
pub use transfer::{Import, ImportAction, ImportMode, ImportReport, ImportRow, SettingAction, Transfer};
pub use tunnel_states::{TunnelSpan, TunnelState, TunnelStates};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
