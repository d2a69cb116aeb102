//! What an Octoporty Agent remembers.
//!
//! [`Location`] says where: it is read from a connection string, in the form of .NET or of a URL.
//!
//! ```
//! use octoporty_store::Location;
//!
//! let dotnet: Location = "Data Source=/app/data/octoporty.db".parse()?;
//! let url: Location = "sqlite:///app/data/octoporty.db?mode=rwc".parse()?;
//! assert_eq!(dotnet, url);
//! # Ok::<(), octoporty_store::LocationError>(())
//! ```

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
pub use connection_log::{ConnectionLog, ConnectionOutcome, ConnectionPage, ConnectionRecord};
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
