//! `GET /import-export/export`, and `POST` for a document that holds the secrets too.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use octoporty_core::secret::Secret;
use octoporty_store::{Mapping, Store};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{
    document::{ExportDocument, FORMAT, FORMAT_VERSION},
    sealed::{self, SealedDocument},
    secrets,
};
use crate::{
    api::{
        auth::{self, Caller, Who},
        error::{Answer, Problem},
        json::Body,
        mappings::SettingsView,
        peer::Peer,
        settings,
        state::ApiState,
        status::audit,
    },
    clock::Timestamp,
};

/// Fewest characters of a passphrase. Whoever has the document can try as many as they want.
const PASSPHRASE_CHARACTERS_MIN: usize = 12;

/// Longest passphrase in bytes.
pub(super) const PASSPHRASE_BYTES_MAX: usize = 1024;

/// What a document with secrets needs.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SealRequest {
    /// The password that one signs in with, once more.
    #[schema(format = Password)]
    password: String,
    /// What the document can be opened with: 12 characters at least, 1,024 bytes at most.
    #[schema(format = Password, min_length = 12, max_length = 1024)]
    passphrase: String,
}

/// All mappings of the database and the landing page, as one document without secrets.
#[utoipa::path(get, path = "/import-export/export", tag = "import-export", operation_id = "export",
    responses((status = 200, body = ExportDocument)))]
pub(crate) async fn export(State(state): State<ApiState>) -> Answer<Response> {
    let document = document(&state.storage.store()?, true).await?;
    let name = document.exported_at.utc().format("octoporty-%Y%m%d-%H%M%S.json").to_string();
    Ok(download(&name, &document))
}

/// The same with the secrets in it, sealed with a passphrase. Needs the password once more.
#[utoipa::path(post, path = "/import-export/export", tag = "import-export", operation_id = "export_sealed",
    request_body = SealRequest,
    responses(
        (status = 200, body = SealedDocument),
        (status = 403, description = "The password is wrong, or a browser sent it on behalf of another site",
            content_type = "application/problem+json", body = crate::api::error::ProblemDetails)))]
pub(crate) async fn export_sealed(
    State(state): State<ApiState>,
    caller: Caller,
    peer: Peer,
    Who(actor): Who,
    headers: HeaderMap,
    Body(request): Body<SealRequest>,
) -> Answer<Response> {
    let (password, passphrase) = (Secret::new(request.password), Secret::new(request.passphrase));
    if passphrase.expose().chars().count() < PASSPHRASE_CHARACTERS_MIN {
        let text = format!("has fewer than {PASSPHRASE_CHARACTERS_MIN} characters");
        return Err(Problem::field("passphrase", text));
    }
    if passphrase.expose().len() > PASSPHRASE_BYTES_MAX {
        return Err(Problem::field("passphrase", format!("has more than {PASSPHRASE_BYTES_MAX} bytes")));
    }
    auth::confirm(&state, caller, peer, &headers, password).await?;
    let document = document(&state.storage.store()?, false).await?;
    let (exported_at, version) = (document.exported_at, document.agent_version);
    let text = Zeroizing::new(serde_json::to_vec(&document).map_err(|_unserialisable| Problem::internal())?);
    let sealed = state.costly(move || sealed::seal(&text, &passphrase, exported_at, version)).await?;
    let sealed = sealed.map_err(|error| {
        tracing::error!(%error, "a document cannot be sealed");
        Problem::internal()
    })?;
    audit(&state, &actor, "secrets-exported").await;
    let name = exported_at.utc().format("octoporty-%Y%m%d-%H%M%S.sealed.json").to_string();
    Ok(download(&name, &sealed))
}

/// All mappings of the database and the landing page.
async fn document(store: &Store, without_secrets: bool) -> Answer<ExportDocument> {
    let value = |mapping: &Arc<Mapping>| {
        let mut value = serde_json::to_value(SettingsView::of(&mapping.settings)).ok()?;
        if without_secrets {
            secrets::leave_out(&mut value);
        }
        Some(value)
    };
    let mappings = store.mappings().all();
    let mappings = mappings.list().iter().map(value).collect::<Option<Vec<_>>>().ok_or_else(Problem::internal)?;
    Ok(ExportDocument {
        format: FORMAT,
        format_version: FORMAT_VERSION,
        exported_at: Timestamp::now(),
        agent_version: octoporty_core::version::VERSION,
        mappings,
        landing_page: settings::load(store).await?.and_then(|landing| landing.html),
    })
}

fn download(name: &str, document: &impl Serialize) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_DISPOSITION, disposition), (header::CACHE_CONTROL, "no-store".to_owned())], Json(document))
        .into_response()
}
