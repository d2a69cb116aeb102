//! `POST /import-export/import`: all or nothing, with every bad row named, and a preview first (R53).

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use octoporty_core::{message::LANDING_BYTES_MAX, secret::Secret};
use octoporty_store::{Import, ImportAction, ImportMode, MappingSettings, Store};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    document::{FORMAT, FORMAT_VERSION},
    export::PASSPHRASE_BYTES_MAX,
    sealed::{self, SEALED_FORMAT, SealError, SealedDocument},
    secrets,
};
use crate::{
    api::{
        auth::Who,
        error::{Answer, Problem},
        json::Body,
        mappings::check,
        query::Parameters,
        settings::{self, LANDING_KEY},
        state::ApiState,
    },
    observe::Topic,
};

/// How to import.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// Say what would be done, and do nothing.
    #[serde(default)]
    dry_run: bool,
    /// Rows to leave out, by their numbers, comma-separated.
    #[param(example = "3,7")]
    skip: Option<String>,
}

/// A document, or a sealed one with its passphrase.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; each part of it is read by itself")]
pub(crate) enum ImportDocument {
    Plain(PlainImport),
    Sealed(SealedImport),
}

/// A document, as it was exported or written by hand.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body in the OpenAPI document; each part of it is read by itself")]
pub(crate) struct PlainImport {
    #[schema(pattern = "^octoporty-export$", example = "octoporty-export")]
    format: String,
    #[schema(minimum = 1, maximum = 1)]
    format_version: u64,
    /// As `MappingInput` says. Each is judged by itself: the answer names the bad ones, and what is wrong with them.
    mappings: Option<Vec<Value>>,
    /// Left out: it stays as it is.
    #[schema(pattern = r"\S")]
    landing_page: Option<String>,
}

/// A sealed document, as it was exported, and beside its own fields the passphrase.
#[derive(ToSchema, Deserialize)]
pub(crate) struct SealedImport {
    #[serde(flatten)]
    document: SealedDocument,
    #[schema(format = Password, max_length = 1024)]
    passphrase: String,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportResult {
    dry_run: bool,
    created: usize,
    updated: usize,
    unchanged: usize,
    refused: usize,
    skipped: usize,
    landing_page: LandingAction,
    rows: Vec<RowResult>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum LandingAction {
    Set,
    Unchanged,
    /// The document has none.
    None,
}

/// What becomes of a mapping of the document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowResult {
    /// Its number, from 1 on.
    row: usize,
    external_domain: String,
    name: String,
    action: RowAction,
    /// With `update`: the fields that change.
    changes: Vec<String>,
    /// With `refused`: why.
    errors: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum RowAction {
    Create,
    Update,
    Unchanged,
    Refused,
    Skipped,
}

/// Take over mappings and the landing page of a document. Mappings are matched by domain; nothing is deleted.
///
/// With a row that is refused and not left out, nothing is written. A sealed document goes with its `passphrase` beside
/// its other fields.
#[utoipa::path(post, path = "/import-export/import", tag = "import-export", operation_id = "import",
    params(ImportQuery), request_body = ImportDocument,
    responses(
        (status = 200, body = ImportResult),
        (status = 422, description = "A row is refused, and nothing was written; or it is no such document",
            content((ImportResult = "application/json"),
                (crate::api::error::ProblemDetails = "application/problem+json")))))]
pub(crate) async fn import(
    State(state): State<ApiState>,
    Who(actor): Who,
    Parameters(query): Parameters<ImportQuery>,
    Body(document): Body<Value>,
) -> Answer<Response> {
    let store = state.storage.store()?;
    let skip = skipped_rows(query.skip.as_deref())?;
    let (mappings, landing) = open(unseal(&state, document).await?)?;
    let (mut rows, wanted) = read_rows(&state, &store, mappings, &skip);
    let (landing_page, setting) = read_landing(&store, landing).await?;
    let import = || Import {
        mappings: wanted.iter().map(|(_, settings)| settings.clone()).collect(),
        settings: setting.clone().map(|text| (LANDING_KEY.to_owned(), text)).into_iter().collect(),
    };
    // Thought through first: what it says is shown, whether or not it is then done.
    let report = store.transfer().import(&actor, import(), ImportMode::DryRun).await?;
    for ((at, _), row) in wanted.iter().zip(&report.rows) {
        rows[*at].take(&row.action, &wanted);
    }
    let result = ImportResult::of(query.dry_run, landing_page, rows);
    if query.dry_run {
        return Ok(Json(result).into_response());
    }
    if result.refused > 0 {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(result)).into_response());
    }
    store.transfer().import(&actor, import(), ImportMode::Apply).await?;
    state.catalogue.apply(store.mappings());
    state.hub.tell(Topic::Mappings, "resync", &serde_json::json!({}));
    if setting.is_some() {
        state.landing_changed.notify_one();
    }
    Ok(Json(result).into_response())
}

/// The numbers of rows to leave out.
fn skipped_rows(text: Option<&str>) -> Answer<BTreeSet<usize>> {
    let numbers = text.unwrap_or_default().split(',').map(str::trim).filter(|number| !number.is_empty());
    let parsed = numbers.map(str::parse).collect::<Result<_, _>>();
    parsed.map_err(|_not_a_number| Problem::field("skip", "is not a list of numbers such as 3,7"))
}

/// What is in a sealed document; any other one as it is.
async fn unseal(state: &ApiState, document: Value) -> Answer<Value> {
    if document.get("format").and_then(Value::as_str) != Some(SEALED_FORMAT) {
        return Ok(document);
    }
    let import = serde_json::from_value::<SealedImport>(document);
    let SealedImport { document, passphrase } = import
        .map_err(|error| Problem::field("body", format!("is no sealed document with its passphrase: {error}")))?;
    let passphrase = Secret::new(passphrase);
    if passphrase.expose().len() > PASSPHRASE_BYTES_MAX {
        return Err(Problem::field("passphrase", format!("has more than {PASSPHRASE_BYTES_MAX} bytes")));
    }
    let opened = state.costly(move || sealed::unseal(&document, &passphrase)).await?;
    let text = opened.map_err(|error| match error {
        SealError::Refused => Problem::field("passphrase", error.to_string()),
        SealError::Unknown | SealError::TooCostly => Problem::field("body", error.to_string()),
    })?;
    serde_json::from_slice(&text).map_err(|_changed| Problem::field("body", "holds no export of this program"))
}

/// The mappings and the landing page of a document.
fn open(document: Value) -> Answer<(Vec<Value>, Option<String>)> {
    let Value::Object(mut document) = document else {
        return Err(Problem::field("body", "is no export of this program"));
    };
    if document.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(Problem::field("format", format!("is not {FORMAT}: this is no export of this program")));
    }
    if document.get("formatVersion").and_then(Value::as_u64) != Some(FORMAT_VERSION) {
        let text = format!("is not {FORMAT_VERSION}: another version of this program wrote the document");
        return Err(Problem::field("formatVersion", text));
    }
    let mappings = match document.remove("mappings") {
        Some(Value::Array(mappings)) => mappings,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => return Err(Problem::field("mappings", "is not a list")),
    };
    if mappings.len() > octoporty_store::limits::MAPPINGS_MAX {
        let text = format!("has more than {} rows", octoporty_store::limits::MAPPINGS_MAX);
        return Err(Problem::field("mappings", text));
    }
    let landing = match document.remove("landingPage") {
        Some(Value::String(html)) => Some(html),
        None | Some(Value::Null) => None,
        Some(_) => return Err(Problem::field("landingPage", "is not a text")),
    };
    if landing.as_ref().is_some_and(|html| html.trim().is_empty() || html.len() > LANDING_BYTES_MAX) {
        return Err(Problem::field("landingPage", format!("is empty or has more than {LANDING_BYTES_MAX} bytes")));
    }
    Ok((mappings, landing))
}

/// Checks each row. Gives all rows, and the good ones with their places.
fn read_rows(
    state: &ApiState,
    store: &Store,
    mappings: Vec<Value>,
    skip: &BTreeSet<usize>,
) -> (Vec<RowResult>, Vec<(usize, MappingSettings)>) {
    let known = store.mappings().all();
    let mut rows = Vec::with_capacity(mappings.len());
    let mut wanted = Vec::new();
    for (at, mut mapping) in mappings.into_iter().enumerate() {
        let mut row = RowResult::new(at + 1, &mapping);
        if skip.contains(&row.row) {
            row.action = RowAction::Skipped;
            rows.push(row);
            continue;
        }
        let same = known.find(&row.external_domain.to_ascii_lowercase()).map(|mapping| &mapping.settings);
        let missing = secrets::put_back(&mut mapping, same);
        if !missing.is_empty() {
            let names = missing.join(", ");
            row.errors
                .push(format!("the secret value of {names} is not in the document; put it in, or take the header out"));
        } else {
            match check(mapping) {
                Ok(settings) if state.catalogue.fixed(&settings.external_domain).is_some() => {
                    row.errors.push("the configuration has a mapping of this domain".to_owned());
                }
                Ok(settings) => wanted.push((at, settings)),
                Err(errors) => {
                    let lines = errors
                        .into_iter()
                        .flat_map(|(field, texts)| texts.into_iter().map(move |text| format!("{field}: {text}")));
                    row.errors.extend(lines);
                }
            }
        }
        rows.push(row);
    }
    (rows, wanted)
}

/// What becomes of the landing page, and the setting's new text.
async fn read_landing(store: &Store, landing: Option<String>) -> Answer<(LandingAction, Option<String>)> {
    let Some(html) = landing else { return Ok((LandingAction::None, None)) };
    let present = settings::load(store).await?.and_then(|landing| landing.html);
    if present.as_deref() == Some(&html) {
        return Ok((LandingAction::Unchanged, None));
    }
    Ok((LandingAction::Set, Some(settings::stored(Some(&html)))))
}

impl ImportResult {
    fn of(dry_run: bool, landing_page: LandingAction, rows: Vec<RowResult>) -> Self {
        let count = |action| rows.iter().filter(|row| row.action == action).count();
        Self {
            dry_run,
            created: count(RowAction::Create),
            updated: count(RowAction::Update),
            unchanged: count(RowAction::Unchanged),
            refused: count(RowAction::Refused),
            skipped: count(RowAction::Skipped),
            landing_page,
            rows,
        }
    }
}

/// Longest text of a row that is shown, in characters.
const SHOWN_CHARACTERS_MAX: usize = 253;

impl RowResult {
    fn new(row: usize, mapping: &Value) -> Self {
        let text = |names: &[&str]| {
            let value = names.iter().find_map(|name| mapping.get(name)?.as_str()).unwrap_or_default();
            value.trim().chars().filter(|c| !c.is_control()).take(SHOWN_CHARACTERS_MAX).collect()
        };
        Self {
            row,
            external_domain: text(&["externalDomain"]),
            name: text(&["name", "description"]),
            action: RowAction::Refused,
            changes: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Takes over what the store says.
    fn take(&mut self, action: &ImportAction, wanted: &[(usize, MappingSettings)]) {
        self.action = match action {
            ImportAction::Create => RowAction::Create,
            ImportAction::Update { changes } => {
                self.changes = changes.iter().map(|field| camel_case(field)).collect();
                RowAction::Update
            }
            ImportAction::Unchanged => RowAction::Unchanged,
            ImportAction::Duplicate { of } => {
                let first = wanted.get(*of).map_or(0, |(at, _)| at + 1);
                self.errors.push(format!("row {first} has the same domain"));
                RowAction::Refused
            }
            _ => RowAction::Refused,
        };
    }
}

/// `external_domain` as the API writes it.
fn camel_case(field: &str) -> String {
    let mut parts = field.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let mut characters = part.chars();
        text.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        text.push_str(characters.as_str());
        text
    })
}
