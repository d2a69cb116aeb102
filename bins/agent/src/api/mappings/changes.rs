//! Changes to mappings: on disk before the answer, told to the Gateway at once, and answered with what it said.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use octoporty_store::{Mapping, MappingSettings, Store, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{check, input::MappingInput, listing::no_such_mapping, view::MappingView};
use crate::{
    api::{
        auth::Who,
        error::{Answer, FieldErrors, Problem},
        json::Body,
        query::PathId,
        router::BASE,
        state::ApiState,
    },
    observe::Topic,
};

/// Whether a mapping is on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Toggle {
    enabled: bool,
}

/// A change of a mapping, as an event tells it.
#[derive(Debug, Serialize)]
struct Change<'a> {
    action: &'static str,
    id: Uuid,
    mapping: Option<&'a MappingView>,
}

/// Make a mapping.
///
/// The answer says whether visitors reach it: it waits three seconds at most for the Gateway's word.
#[utoipa::path(post, path = "", tag = "mappings", operation_id = "create_mapping", request_body = MappingInput,
    responses(
        (status = 201, body = MappingView, headers(("Location" = String))),
        (status = 409, description = "The domain is taken, or there are too many",
            content_type = "application/problem+json", body = crate::api::error::ProblemDetails)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Who(actor): Who,
    Body(body): Body<Value>,
) -> Answer<Response> {
    let settings = check(body).map_err(Problem::invalid)?;
    refuse_fixed_domain(&state, &settings)?;
    let store = state.storage.store()?;
    let domain = settings.external_domain.clone();
    let made = store.mappings().create(&actor, settings).await.map_err(|error| refused(&state, error, &domain))?;
    let view = settled(&state, &store, &made, "created").await?;
    let location = format!("{BASE}/mappings/{}", made.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// Replace a mapping. What is left out has its default.
#[utoipa::path(put, path = "/{id}", tag = "mappings", operation_id = "update_mapping", request_body = MappingInput,
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = MappingView),
        (status = 409, description = "The domain is taken, or the mapping comes from the configuration",
            content_type = "application/problem+json", body = crate::api::error::ProblemDetails)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    PathId(id): PathId,
    Who(actor): Who,
    Body(body): Body<Value>,
) -> Answer<Json<MappingView>> {
    refuse_read_only(&state, id)?;
    let settings = check(body).map_err(Problem::invalid)?;
    refuse_fixed_domain(&state, &settings)?;
    let store = state.storage.store()?;
    let domain = settings.external_domain.clone();
    let made = store.mappings().update(&actor, id, settings).await.map_err(|error| refused(&state, error, &domain))?;
    Ok(Json(settled(&state, &store, &made, "updated").await?))
}

/// Turn a mapping on or off.
#[utoipa::path(patch, path = "/{id}/toggle", tag = "mappings", operation_id = "toggle_mapping", request_body = Toggle,
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, body = MappingView),
        (status = 409, description = "The mapping comes from the configuration",
            content_type = "application/problem+json", body = crate::api::error::ProblemDetails)))]
pub(crate) async fn toggle(
    State(state): State<ApiState>,
    PathId(id): PathId,
    Who(actor): Who,
    Body(Toggle { enabled }): Body<Toggle>,
) -> Answer<Json<MappingView>> {
    refuse_read_only(&state, id)?;
    let store = state.storage.store()?;
    let mappings = store.mappings();
    let outcome = if enabled { mappings.enable(&actor, id).await } else { mappings.disable(&actor, id).await };
    let made = outcome.map_err(|error| refused(&state, error, ""))?;
    Ok(Json(settled(&state, &store, &made, "updated").await?))
}

/// Delete a mapping. Its log stays.
#[utoipa::path(delete, path = "/{id}", tag = "mappings", operation_id = "delete_mapping",
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 409, description = "The mapping comes from the configuration",
            content_type = "application/problem+json", body = crate::api::error::ProblemDetails)))]
pub(crate) async fn delete(State(state): State<ApiState>, PathId(id): PathId, Who(actor): Who) -> Answer<StatusCode> {
    refuse_read_only(&state, id)?;
    let store = state.storage.store()?;
    store.mappings().delete(&actor, id).await.map_err(|error| refused(&state, error, ""))?;
    state.catalogue.apply(store.mappings());
    state.hub.tell(Topic::Mappings, "mapping", &Change { action: "deleted", id, mapping: None });
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a change count, waits for the Gateway's word, and tells who watches.
async fn settled(state: &ApiState, store: &Store, made: &Arc<Mapping>, action: &'static str) -> Answer<MappingView> {
    state.catalogue.apply(store.mappings());
    state.catalogue.settled(made.id).await;
    let view = MappingView::of(state.catalogue.get(made.id).ok_or_else(no_such_mapping)?);
    state.hub.tell(Topic::Mappings, "mapping", &Change { action, id: made.id, mapping: Some(&view) });
    Ok(view)
}

fn refuse_read_only(state: &ApiState, id: Uuid) -> Answer<()> {
    match state.catalogue.get(id) {
        Some((entry, ..)) if entry.read_only => {
            let message = "This mapping comes from the configuration. Change it there, and start the Agent anew.";
            Err(Problem::new(StatusCode::CONFLICT, "read-only", message))
        }
        _ => Ok(()),
    }
}

fn refuse_fixed_domain(state: &ApiState, settings: &MappingSettings) -> Answer<()> {
    let domain = &settings.external_domain;
    match state.catalogue.fixed(domain) {
        Some(_) => Err(taken(format!("The configuration has a mapping of {domain}. Choose another name."))),
        None => Ok(()),
    }
}

/// What the store says, in words for this case.
fn refused(state: &ApiState, error: StoreError, domain: &str) -> Problem {
    match error {
        StoreError::Conflict { .. } => {
            let other = state.storage.if_open().and_then(|store| store.mappings().all().find(domain).cloned());
            let name = other.map_or_else(|| "another".to_owned(), |other| format!("“{}”", other.settings.name));
            taken(format!("The mapping {name} already uses {domain}. Choose another name, or edit that one."))
        }
        StoreError::NotFound { .. } => no_such_mapping(),
        other => other.into(),
    }
}

fn taken(message: String) -> Problem {
    let errors = FieldErrors::from([("externalDomain".to_owned(), vec![message.clone()])]);
    Problem::new(StatusCode::CONFLICT, "domain-taken", message).with_errors(errors)
}
