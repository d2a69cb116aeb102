//! What one side answered.

use serde::Serialize;
use utoipa::ToSchema;

use super::body::BodyView;

/// What one side answered, or why it did not.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InspectedSide)]
pub(crate) struct SideView {
    /// There was an answer.
    pub(super) ok: bool,
    pub(super) status: Option<u16>,
    pub(super) http_version: Option<String>,
    /// Names and values, in the order they came in.
    #[schema(value_type = Vec<Vec<String>>)]
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<BodyView>,
    pub(super) timing: Timing,
    pub(super) error: Option<SideError>,
}

/// How long each part took, in milliseconds; null for what did not happen.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InspectedTiming)]
pub(crate) struct Timing {
    /// To look the name up.
    pub(super) dns_ms: Option<f64>,
    /// To open the TCP connection.
    pub(super) connect_ms: Option<f64>,
    /// To shake hands over TLS.
    pub(super) tls_ms: Option<f64>,
    /// From the request, on the open connection, to the head of the answer.
    pub(super) wait_ms: Option<f64>,
    /// To read the body, up to the limit.
    pub(super) body_ms: Option<f64>,
    pub(super) total_ms: f64,
}

/// Why there is no answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = InspectedError)]
pub(crate) struct SideError {
    /// `service`, `gateway` or `tunnel`.
    pub(super) side: &'static str,
    pub(super) cause: &'static str,
    pub(super) message: String,
}

impl SideView {
    pub(super) const fn failed(error: SideError, timing: Timing) -> Self {
        Self {
            ok: false,
            status: None,
            http_version: None,
            headers: Vec::new(),
            body: None,
            timing,
            error: Some(error),
        }
    }

    /// The first value of a field.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
