//! The landing page: what the Gateway shows on hosts without a mapping. Kept here, synced when the tunnel is up.

use std::time::Duration;

use axum::{
    Json,
    extract::{DefaultBodyLimit, State},
    http::StatusCode,
};
use octoporty_client::{
    ConnectionState,
    control::{Landing, LandingOutcome},
};
use octoporty_core::message::LANDING_BYTES_MAX;
use octoporty_store::{Actor, Store, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::{
    auth::Who,
    error::{Answer, Problem},
    json::Body,
    mappings::hex,
    state::ApiState,
};
use crate::clock::Timestamp;

/// The setting that holds the page.
pub(crate) const LANDING_KEY: &str = "landing-page";

/// Bytes of a body with a page: each character may be escaped in JSON.
const BODY_BYTES_MAX: usize = 6 * LANDING_BYTES_MAX + 1024;

/// How long to wait before a page is offered again after the Gateway did not answer.
const SYNC_RETRY: Duration = Duration::from_secs(30);

/// What was chosen of the landing page. Stored as the time in digits and, after a line break, the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StoredLanding {
    /// The page; none is the Gateway's own, brought back.
    pub(crate) html: Option<String>,
    /// When it was chosen, which decides between Agents.
    pub(crate) changed_at_ms: u64,
}

/// The landing page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LandingPage {
    /// The page, or the Gateway's own; null if that is the one shown and the Gateway cannot be asked for it.
    html: Option<String>,
    /// The SHA-256 of the page, in hex digits.
    hash: Option<String>,
    /// It is the Gateway's own.
    is_default: bool,
}

/// A page to show from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct LandingInput {
    /// 1 MiB at most.
    #[schema(pattern = r"\S")]
    html: String,
}

/// The page that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LandingHash {
    hash: String,
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DefaultLanding {
    html: String,
}

pub(crate) fn router() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(get, put, delete).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)))
        .routes(routes!(default))
}

/// The landing page.
#[utoipa::path(get, path = "/settings/landing-page", tag = "settings", operation_id = "get_landing_page",
    responses((status = 200, body = LandingPage)))]
async fn get(State(state): State<ApiState>) -> Answer<Json<LandingPage>> {
    let stored = load(&state.storage.store()?).await?.unwrap_or_default();
    let is_default = stored.html.is_none();
    let html = match stored.html {
        Some(html) => Some(html),
        None => default_page(&state).await.ok(),
    };
    let hash = html.as_deref().map(digest);
    Ok(Json(LandingPage { html, hash, is_default }))
}

/// Show another landing page.
#[utoipa::path(put, path = "/settings/landing-page", tag = "settings", operation_id = "set_landing_page",
    request_body = LandingInput, responses((status = 200, body = LandingHash)))]
async fn put(
    State(state): State<ApiState>,
    Who(actor): Who,
    Body(LandingInput { html }): Body<LandingInput>,
) -> Answer<Json<LandingHash>> {
    if html.trim().is_empty() {
        return Err(Problem::bad_request(
            "landing-page-empty",
            "The page is empty. To bring back the default, reset it.",
        ));
    }
    if html.len() > LANDING_BYTES_MAX {
        let message = format!("The page has {} bytes; {LANDING_BYTES_MAX} are possible.", html.len());
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message));
    }
    let hash = digest(&html);
    save(&state.storage.store()?, &actor, Some(&html)).await?;
    state.landing_changed.notify_one();
    Ok(Json(LandingHash { hash }))
}

/// Bring back the Gateway's own landing page.
#[utoipa::path(delete, path = "/settings/landing-page", tag = "settings", operation_id = "reset_landing_page",
    responses((status = 204, description = "Brought back")))]
async fn delete(State(state): State<ApiState>, Who(actor): Who) -> Answer<StatusCode> {
    let store = state.storage.store()?;
    // One that was never changed here must not take another Agent's away.
    if load(&store).await?.is_some_and(|stored| stored.html.is_some()) {
        save(&store, &actor, None).await?;
        state.landing_changed.notify_one();
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The Gateway's own landing page.
#[utoipa::path(get, path = "/settings/landing-page/default", tag = "settings", operation_id = "default_landing_page",
    responses((status = 200, body = DefaultLanding)))]
async fn default(State(state): State<ApiState>) -> Answer<Json<DefaultLanding>> {
    Ok(Json(DefaultLanding { html: default_page(&state).await? }))
}

async fn default_page(state: &ApiState) -> Answer<String> {
    let page = state.agent.control().default_landing().await?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn digest(html: &str) -> String {
    hex(&Sha256::digest(html).into())
}

/// What was chosen, if anything ever was.
pub(crate) async fn load(store: &Store) -> Result<Option<StoredLanding>, StoreError> {
    let text = store.settings().get(LANDING_KEY).await?;
    Ok(text.as_deref().and_then(StoredLanding::read))
}

impl StoredLanding {
    fn read(text: &str) -> Option<Self> {
        let (time, html) = text.split_once('\n').map_or((text, None), |(time, html)| (time, Some(html.to_owned())));
        Some(Self { html, changed_at_ms: time.parse().ok()? })
    }
}

/// The setting's text.
pub(crate) fn stored(html: Option<&str>) -> String {
    let now = Timestamp::now().unix_ms();
    html.map_or_else(|| now.to_string(), |html| format!("{now}\n{html}"))
}

async fn save(store: &Store, actor: &Actor, html: Option<&str>) -> Result<(), StoreError> {
    store.settings().set(actor, LANDING_KEY, &stored(html)).await
}

/// Offers the page to the Gateway each time the tunnel comes up and each time it is changed, until dropped.
pub(crate) async fn sync_landing(state: ApiState) {
    let store = state.storage.opened().await;
    let mut tunnel = state.agent.status();
    loop {
        drop(tunnel.wait_for(|status| status.state == ConnectionState::Connected).await);
        let is_done = offer(&state, &store).await;
        let lost = async { drop(tunnel.wait_for(|status| status.state != ConnectionState::Connected).await) };
        tokio::select! {
            () = lost => {}
            () = state.landing_changed.notified() => {}
            () = tokio::time::sleep(SYNC_RETRY), if !is_done => {}
        }
    }
}

/// Whether there is nothing more to say to this Gateway.
async fn offer(state: &ApiState, store: &Store) -> bool {
    let landing = match load(store).await {
        Ok(None) => return true,
        Ok(Some(StoredLanding { html: Some(html), changed_at_ms })) => match Landing::custom(html, changed_at_ms) {
            Ok(landing) => landing,
            Err(error) => {
                tracing::warn!(%error, "the stored landing page cannot be shown");
                return true;
            }
        },
        Ok(Some(StoredLanding { html: None, changed_at_ms })) => Landing::reset(changed_at_ms),
        Err(error) => {
            tracing::warn!(%error, "the landing page cannot be read");
            return false;
        }
    };
    match state.agent.control().sync_landing(&landing).await {
        Ok(LandingOutcome::Superseded { by }) => {
            tracing::info!(by = by.by, "the gateway shows another agent's landing page, which was changed later");
            true
        }
        Ok(_) => true,
        Err(error) => {
            tracing::debug!(%error, "the landing page is not synced");
            false
        }
    }
}
