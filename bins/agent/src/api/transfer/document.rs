//! The document: its name, its version, and what is in it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{api::mappings::SettingsView, clock::Timestamp};

/// What the document calls itself.
pub(super) const FORMAT: &str = "octoporty-export";

/// The version of its form.
pub(super) const FORMAT_VERSION: u64 = 1;

/// All mappings and the landing page. Secrets are left out: a header that has one has null for its value.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportDocument {
    #[schema(example = "octoporty-export")]
    pub(super) format: &'static str,
    #[schema(example = 1)]
    pub(super) format_version: u64,
    pub(super) exported_at: Timestamp,
    pub(super) agent_version: &'static str,
    #[schema(value_type = Vec<SettingsView>)]
    pub(super) mappings: Vec<serde_json::Value>,
    /// Null: the Gateway's own.
    #[schema(pattern = r"\S")]
    pub(super) landing_page: Option<String>,
}
