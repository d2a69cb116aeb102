//! The tables of the main database: what a person set, and who may.

use super::Schema;

/// `Octp` in ASCII.
const APPLICATION: i32 = 0x4f63_7470;

pub(crate) static MAIN: Schema = Schema { application: APPLICATION, steps: &[FIRST] };

// Times are milliseconds since 1970, ids 16 bytes.
const FIRST: &str = "
CREATE TABLE mapping (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    external_domain TEXT NOT NULL UNIQUE,
    internal_host TEXT NOT NULL,
    internal_port INTEGER NOT NULL CHECK (internal_port BETWEEN 0 AND 65535),
    internal_protocol TEXT NOT NULL,
    upstream_version TEXT NOT NULL,
    allow_invalid_certificates INTEGER NOT NULL,
    pinned_certificate BLOB CHECK (length(pinned_certificate) = 32),
    enabled INTEGER NOT NULL,
    host_mode TEXT NOT NULL,
    host_value TEXT,
    request_headers TEXT NOT NULL,
    response_headers TEXT NOT NULL,
    connect_ms INTEGER,
    head_ms INTEGER,
    body_idle_ms INTEGER,
    upgrade_idle_ms INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE refresh_token (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    session_id BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    issued_at INTEGER NOT NULL,
    superseded_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_token_session ON refresh_token (session_id);

CREATE TABLE sign_in_failure (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT,
    locked_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    address TEXT,
    session_id BLOB,
    user_agent TEXT,
    action TEXT NOT NULL,
    subject TEXT,
    label TEXT,
    fields TEXT NOT NULL
) STRICT;
";
