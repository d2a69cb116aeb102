//! The tables of the logs' database: what happened. It may be deleted at any time.

use super::Schema;

/// `Octl` in ASCII.
const APPLICATION: i32 = 0x4f63_746c;

pub(crate) static LOGS: Schema = Schema { application: APPLICATION, steps: &[FIRST] };

// A request's `seq` is when it began, in milliseconds since 1970, times 2^20, plus a number that tells those of the same
// millisecond apart. So the table itself is in the order of time, and so is what each index finds. Durations are in
// microseconds. The indexes leave out what is never asked for through them, to cost less on each row.
const FIRST: &str = "
CREATE TABLE request (
    seq INTEGER PRIMARY KEY,
    request_id BLOB NOT NULL,
    mapping_id BLOB,
    method TEXT NOT NULL,
    host TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT,
    protocol TEXT NOT NULL,
    kind INTEGER NOT NULL,
    status INTEGER,
    status_class INTEGER NOT NULL,
    request_bytes INTEGER NOT NULL,
    response_bytes INTEGER NOT NULL,
    duration_us INTEGER NOT NULL,
    gateway_us INTEGER,
    tunnel_us INTEGER,
    connect_us INTEGER,
    wait_us INTEGER,
    answer_us INTEGER,
    visitor TEXT NOT NULL,
    user_agent TEXT,
    side INTEGER,
    cause TEXT,
    message TEXT
) STRICT;
CREATE INDEX request_by_id ON request (request_id);
CREATE INDEX request_by_mapping ON request (mapping_id) WHERE mapping_id IS NOT NULL;
CREATE INDEX request_by_mapping_and_class ON request (mapping_id, status_class) WHERE status_class <> 2;
CREATE INDEX request_by_class ON request (status_class) WHERE status_class <> 2;
CREATE INDEX request_by_side ON request (side) WHERE side IS NOT NULL;

CREATE TABLE request_headers (
    seq INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    response TEXT NOT NULL
) STRICT;

CREATE TABLE connection (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    attempted_at INTEGER NOT NULL,
    connected_at INTEGER,
    ended_at INTEGER,
    duration_ms INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    code TEXT,
    reason TEXT,
    lanes INTEGER NOT NULL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    gateway_version TEXT,
    gateway_address TEXT
) STRICT;
CREATE INDEX connection_open ON connection (outcome) WHERE outcome = 0;

CREATE TABLE minute (
    scope BLOB NOT NULL,
    minute INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    failed_service INTEGER NOT NULL,
    failed_tunnel INTEGER NOT NULL,
    failed_gateway INTEGER NOT NULL,
    failed_visitor INTEGER NOT NULL,
    durations BLOB NOT NULL,
    bytes_to_visitors INTEGER NOT NULL,
    bytes_from_visitors INTEGER NOT NULL,
    observed_ms INTEGER NOT NULL,
    tunnel_up_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX minute_by_time ON minute (minute);

CREATE TABLE failure (
    hour INTEGER NOT NULL,
    scope BLOB NOT NULL,
    side INTEGER NOT NULL,
    cause TEXT NOT NULL,
    message TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    example BLOB,
    PRIMARY KEY (hour, scope, side, cause, message)
) STRICT, WITHOUT ROWID;

CREATE TABLE tunnel_span (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    state INTEGER NOT NULL,
    cause TEXT
) STRICT;
";
