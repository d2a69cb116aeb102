//! `GET /import-export/export`.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{
    document::{ExportDocument, FORMAT, FORMAT_VERSION},
    secrets,
};
use crate::{
    api::{
        error::{Answer, Problem},
        mappings::SettingsView,
        settings,
        state::ApiState,
    },
    clock::Timestamp,
};

/// All mappings of the database and the landing page, as one document without secrets.
#[utoipa::path(get, path = "/import-export/export", tag = "import-export", operation_id = "export",
    responses((status = 200, body = ExportDocument)))]
pub(crate) async fn export(State(state): State<ApiState>) -> Answer<Response> {
    let store = state.storage.store()?;
    let mappings = store.mappings().all();
    let value = |mapping: &std::sync::Arc<octoporty_store::Mapping>| {
        let mut value = serde_json::to_value(SettingsView::of(&mapping.settings)).ok()?;
        secrets::leave_out(&mut value);
        Some(value)
    };
    let mappings = mappings.list().iter().map(value).collect::<Option<Vec<_>>>().ok_or_else(Problem::internal)?;
    let exported_at = Timestamp::now();
    let landing_page = settings::load(&store).await?.and_then(|landing| landing.html);
    let agent_version = octoporty_core::version::VERSION;
    let document = ExportDocument {
        format: FORMAT,
        format_version: FORMAT_VERSION,
        exported_at,
        agent_version,
        mappings,
        landing_page,
    };
    let name = exported_at.utc().format("octoporty-%Y%m%d-%H%M%S.json");
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(([(header::CONTENT_DISPOSITION, disposition), (header::CACHE_CONTROL, "no-store".to_owned())], Json(document))
        .into_response())
}
