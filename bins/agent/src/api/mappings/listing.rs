//! `GET /mappings` and `GET /mappings/{id}`: from memory, so that they work without a database.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{rendered, view::MappingView};
use crate::api::{
    error::{Answer, Problem},
    query::{Parameters, PathId},
    state::ApiState,
};

/// Which mappings, and in which order.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MappingsQuery {
    /// Text in the name, the domain or the host.
    q: Option<String>,
    /// Default: all.
    #[param(inline)]
    #[serde(default)]
    state: StateFilter,
    /// Default: as they were made.
    #[param(inline)]
    #[serde(default)]
    sort: Sort,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum StateFilter {
    #[default]
    All,
    On,
    Off,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Name,
    Domain,
    #[default]
    Created,
}

impl MappingsQuery {
    /// Whether it asks for everything as it is.
    fn is_for_all(&self) -> bool {
        self.q.as_ref().is_none_or(String::is_empty) && self.state == StateFilter::All && self.sort == Sort::Created
    }
}

/// Mappings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MappingList {
    /// Those that were asked for.
    pub(super) mappings: Vec<MappingView>,
    /// How many there are in all.
    pub(super) total: usize,
}

/// The mappings, of the configuration and of the database.
#[utoipa::path(get, path = "", tag = "mappings", operation_id = "list_mappings", params(MappingsQuery),
    responses((status = 200, body = MappingList)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Parameters(query): Parameters<MappingsQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    if query.is_for_all() {
        return rendered::all(&state, &headers).ok_or_else(Problem::internal);
    }
    let (_version, all) = state.catalogue.list();
    let total = all.len();
    let text = query.q.unwrap_or_default().to_lowercase();
    let mut mappings: Vec<_> = all
        .into_iter()
        .filter(|(entry, ..)| {
            let settings = entry.settings();
            let is_on = match query.state {
                StateFilter::All => true,
                StateFilter::On => settings.enabled,
                StateFilter::Off => !settings.enabled,
            };
            let texts = [&settings.name, &settings.external_domain, &settings.internal_host];
            is_on && (text.is_empty() || texts.iter().any(|field| field.to_lowercase().contains(&text)))
        })
        .map(MappingView::of)
        .collect();
    match query.sort {
        Sort::Created => {}
        Sort::Name => mappings.sort_by_cached_key(|mapping| mapping.settings.name.to_lowercase()),
        Sort::Domain => mappings.sort_by(|a, b| a.settings.external_domain.cmp(&b.settings.external_domain)),
    }
    Ok(Json(MappingList { mappings, total }).into_response())
}

/// A mapping.
#[utoipa::path(get, path = "/{id}", tag = "mappings", operation_id = "get_mapping", params(("id" = Uuid, Path)),
    responses((status = 200, body = MappingView)))]
pub(crate) async fn get(State(state): State<ApiState>, PathId(id): PathId) -> Answer<Json<MappingView>> {
    let found = state.catalogue.get(id).ok_or_else(no_such_mapping)?;
    Ok(Json(MappingView::of(found)))
}

pub(super) fn no_such_mapping() -> Problem {
    Problem::not_found("There is no such mapping.")
}
