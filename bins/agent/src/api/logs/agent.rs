//! `GET /agent/logs` and its histogram: the last lines from memory, older ones from the daily files.

use axum::{Json, extract::State};
use octoporty_core::message::{LogPage, LogsRead};
use octoporty_shell::logging::LogRing;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    file::LogFiles,
    view::{HistogramQuery, HistogramView, LogPageView, LogsQuery},
};
use crate::api::{
    error::{Answer, Problem},
    query::Parameters,
    state::ApiState,
};

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(logs)).routes(routes!(histogram))
}

/// The Agent's own log lines, newest first.
#[utoipa::path(get, path = "/agent/logs", tag = "logs", operation_id = "agent_logs", params(LogsQuery),
    responses((status = 200, body = LogPageView)))]
async fn logs(State(state): State<ApiState>, Parameters(query): Parameters<LogsQuery>) -> Answer<Json<LogPageView>> {
    let read = query.read()?;
    let files = state.config.log_file.as_deref().and_then(LogFiles::new);
    let ring = state.ring.clone();
    let page = tokio::task::spawn_blocking(move || page(&ring, files.as_ref(), &read)).await;
    page.map(|page| Json(page.into())).map_err(|error| {
        tracing::error!(%error, "log lines were not read");
        Problem::internal()
    })
}

/// Lines from memory, and where those end from the files.
fn page(ring: &LogRing, files: Option<&LogFiles>, read: &LogsRead) -> LogPage {
    let mut page = match read.before {
        // Ids of lines in files are smaller than all of those in memory.
        Some(before) if LogFiles::is_own(before) => LogPage::default(),
        _ => ring.page(read),
    };
    let wanted = usize::try_from(read.count).unwrap_or(usize::MAX);
    let missing = wanted.saturating_sub(page.entries.len());
    if page.has_more || missing == 0 {
        // A full page that ends with the ring may have more in the files.
        page.has_more = page.has_more || files.is_some_and(|files| !files.is_empty());
        return page;
    }
    let Some(files) = files else { return page };
    // The files have what is in memory too.
    let oldest = ring.oldest();
    match files.page(read.before.filter(|id| LogFiles::is_own(*id)), oldest.as_deref(), missing, &read.filter) {
        Ok(older) => {
            page.entries.extend(older.entries);
            page.has_more = older.has_more;
        }
        Err(error) => tracing::debug!(%error, "log files cannot be read"),
    }
    page
}

/// The Agent's own log lines a minute, by level.
#[utoipa::path(get, path = "/agent/logs/histogram", tag = "logs", operation_id = "agent_logs_histogram",
    params(HistogramQuery), responses((status = 200, body = HistogramView)))]
async fn histogram(
    State(state): State<ApiState>,
    Parameters(query): Parameters<HistogramQuery>,
) -> Answer<Json<HistogramView>> {
    query.view(state.ring.histogram()).map(Json)
}
