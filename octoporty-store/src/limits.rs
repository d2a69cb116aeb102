//! Every bound of the store, with unit and reason. What the caller may choose is in [`StoreConfig`](crate::StoreConfig).

use std::time::Duration;

/// Mappings at most: all of them are held in memory. A Gateway takes more from one Agent, from its configuration too.
pub const MAPPINGS_MAX: usize = 10_000;
/// Bytes of a setting's key at most. Keys are words of the program, not of its users.
pub const SETTING_KEY_BYTES_MAX: usize = 64;
/// Bytes of a setting's value at most. The largest is a landing page, which is at most 1 MiB.
pub const SETTING_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Settings at most.
pub const SETTINGS_MAX: usize = 1_000;
/// Sessions at most. The one used longest ago ends when one more starts, so that signing in always works.
pub const SESSIONS_MAX: usize = 100;
/// How long a session lives, however much it is used (R43).
pub const SESSION_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a session lives without use (R43).
pub const SESSION_IDLE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a refresh token works after it was rotated, for two requests that race each other (R43).
pub const ROTATION_GRACE: Duration = Duration::from_secs(10);
/// Unused tokens that a session may have. More than one come of races within the grace alone.
pub const TOKENS_LIVE_MAX: u64 = 8;
/// Failed sign-ins that are kept.
pub const SIGN_IN_FAILURES_MAX: u32 = 100;
/// Entries of the audit that are kept.
pub const AUDIT_ENTRIES_MAX: i64 = 10_000;
/// Rows of a page at most.
pub const PAGE_ROWS_MAX: u32 = 1_000;
/// Rows that a search looks at for one page before it hands over what it has found, so that a search for what is
/// not there does not hold a reader up. It takes some 15 ms to look for a text in so many.
pub const SCAN_ROWS_MAX: u32 = 5_000;
/// Bytes of a text in a log at most (a host, a path, an agent's name …). Longer ones are cut.
pub const TEXT_BYTES_MAX: usize = 2_048;
/// Bytes of one side's headers of one request at most. Fields beyond are left out.
pub const HEADER_BYTES_MAX: usize = 32 * 1024;
/// Groups of failures that are kept for one hour. A cause that makes up a new sentence each time must not fill the disk.
pub const FAILURE_GROUPS_MAX: u32 = 200;
/// Rows of minutes that are kept, whatever their age: 100 busy mappings for a week. The oldest go first.
pub const MINUTE_ROWS_MAX: u32 = 1_000_000;
/// Spans of the tunnel's state that are kept, whatever their age: a change each minute for a week.
pub const TUNNEL_SPANS_MAX: u32 = 10_000;
/// How long minutes, failures and tunnel states are kept.
pub const HISTORY_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
