//! `GET /import-export/sqlite`: a consistent copy of the database, made while it is in use.

use axum::{
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use tokio_util::io::ReaderStream;

use crate::{
    api::{auth::Who, error::Answer, state::ApiState, status::audit},
    clock::Timestamp,
};

/// A copy of the database: mappings, settings and audit, without sessions and logs. It holds what export leaves out.
#[utoipa::path(get, path = "/import-export/sqlite", tag = "import-export", operation_id = "sqlite_backup",
    responses((status = 200, content_type = "application/vnd.sqlite3", body = Vec<u8>)))]
pub(crate) async fn sqlite(State(state): State<ApiState>, Who(actor): Who) -> Answer<Response> {
    let backup = state.storage.store()?.backup().await?;
    audit(&state, &actor, "backup-downloaded").await;
    let name = Timestamp::now().utc().format("octoporty-%Y%m%d-%H%M%S.db");
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.sqlite3".to_owned()),
        (header::CONTENT_LENGTH, backup.bytes().to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(backup))).into_response())
}
