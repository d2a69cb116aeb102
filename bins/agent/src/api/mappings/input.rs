//! What a person sends of a mapping, for the OpenAPI document. Read by `check`, which tells all that is wrong at once.

use serde::Serialize;
use utoipa::ToSchema;

use super::view::{HeaderView, HostMode, ProtocolView, VersionView};

/// A mapping to be made, or to take another's place. What is left out has its default.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MappingInput {
    /// Default: the domain. An older name is `description`.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// `app.example.com`, or `*.example.com` for all names below one.
    #[schema(example = "app.example.com", min_length = 1, max_length = 255)]
    external_domain: String,
    /// A name or an address.
    #[schema(example = "localhost", min_length = 1, max_length = 253)]
    internal_host: String,
    #[schema(minimum = 1, maximum = 65535, example = 3000)]
    internal_port: u16,
    /// Default: `Http`. An older form is `internalUseTls`.
    internal_protocol: Option<ProtocolView>,
    /// Default: false. An older name is `allowSelfSignedCerts`.
    allow_invalid_certificates: Option<bool>,
    /// The SHA-256 of the one certificate that the service must show: 64 hex digits, colons allowed.
    #[schema(pattern = "^(:*[0-9A-Fa-f]:*){64}$")]
    pinned_certificate: Option<String>,
    /// Default: true. An older name is `isEnabled`.
    enabled: Option<bool>,
    /// Default: `auto`.
    upstream_version: Option<VersionView>,
    /// Default: `keep`.
    host_header: Option<HostHeaderInput>,
    request_headers: Option<HeaderEditsInput>,
    response_headers: Option<HeaderEditsInput>,
    timeouts: Option<TimeoutsInput>,
}

/// Which `Host` the service sees.
#[derive(Serialize, ToSchema)]
pub(crate) struct HostHeaderInput {
    mode: HostMode,
    /// With `fixed`: a host, with a port where that is not the usual one.
    value: Option<String>,
}

/// Header fields to set and to remove; 32 of each at most.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeaderEditsInput {
    set: Option<Vec<HeaderView>>,
    remove: Option<Vec<String>>,
}

/// Seconds, above 0 and up to 86,400; left out, the default counts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimeoutsInput {
    connect_seconds: Option<f64>,
    head_seconds: Option<f64>,
    body_idle_seconds: Option<f64>,
    upgrade_idle_seconds: Option<f64>,
}
