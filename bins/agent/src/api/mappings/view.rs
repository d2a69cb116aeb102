//! A mapping as the API shows it.

use std::fmt::Write;

use octoporty_store::{HeaderEdits, HostHeader, MappingSettings, Protocol, Timeouts, UpstreamVersion};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    catalogue::{Entry, GatewayState, Health, Place},
    clock::Timestamp,
};

/// A mapping.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Mapping)]
pub(crate) struct MappingView {
    pub(crate) id: Uuid,
    #[serde(flatten)]
    pub(crate) settings: SettingsView,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// It comes from the configuration and can be changed there alone.
    pub(crate) read_only: bool,
    pub(crate) gateway: GatewayView,
    pub(crate) health: HealthView,
}

/// What a person chooses of a mapping.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MappingSettings)]
pub(crate) struct SettingsView {
    pub(crate) name: String,
    /// The public name, in ASCII and lower case, perhaps with a leading `*.`.
    #[schema(example = "app.example.com")]
    pub(crate) external_domain: String,
    #[schema(example = "localhost")]
    pub(crate) internal_host: String,
    #[schema(minimum = 1, example = 3000)]
    pub(crate) internal_port: u16,
    pub(crate) internal_protocol: ProtocolView,
    /// The service's certificate is not looked at.
    pub(crate) allow_invalid_certificates: bool,
    /// The SHA-256 of the one certificate that the service must show, in hex digits.
    pub(crate) pinned_certificate: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) upstream_version: VersionView,
    pub(crate) host_header: HostHeaderView,
    pub(crate) request_headers: HeaderEditsView,
    pub(crate) response_headers: HeaderEditsView,
    pub(crate) timeouts: TimeoutsView,
}

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = InternalProtocol)]
pub(crate) enum ProtocolView {
    Http,
    Https,
}

/// The version of HTTP.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UpstreamVersion)]
pub(crate) enum VersionView {
    Auto,
    Http1,
    H2c,
}

/// Which `Host` the service sees.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HostHeader)]
pub(crate) struct HostHeaderView {
    pub(crate) mode: HostMode,
    /// With `fixed`: the host.
    pub(crate) value: Option<String>,
}

/// The visitor's host, the service's own, or a fixed one.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HostMode {
    Keep,
    Upstream,
    Fixed,
}

/// Header fields that are set, in place of what is there, and removed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HeaderEdits)]
pub(crate) struct HeaderEditsView {
    pub(crate) set: Vec<HeaderView>,
    pub(crate) remove: Vec<String>,
}

/// A header field.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Header)]
pub(crate) struct HeaderView {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// How long each phase may take; null is the default.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Timeouts)]
pub(crate) struct TimeoutsView {
    pub(crate) connect_seconds: Option<f64>,
    pub(crate) head_seconds: Option<f64>,
    pub(crate) body_idle_seconds: Option<f64>,
    pub(crate) upgrade_idle_seconds: Option<f64>,
}

/// Where a mapping stands at the Gateway.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MappingAtGateway)]
pub(crate) struct GatewayView {
    pub(crate) state: PlaceView,
    pub(crate) reason: Option<String>,
    pub(crate) since: Timestamp,
}

/// `live`: visitors reach it. `pending`: saved, and the Gateway has not said yet. `refused`: see the reason.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = MappingPlace)]
pub(crate) enum PlaceView {
    Live,
    Pending,
    Refused,
    Off,
}

/// Whether the service answers, by the last request of a visitor.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MappingHealth)]
pub(crate) struct HealthView {
    pub(crate) state: HealthState,
    pub(crate) error: Option<String>,
    pub(crate) since: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HealthState {
    Unknown,
    Ok,
    Failing,
}

impl MappingView {
    pub(crate) fn of((entry, gateway, health): (Entry, GatewayState, Option<Health>)) -> Self {
        Self {
            id: entry.id(),
            created_at: entry.mapping.created_at.into(),
            updated_at: entry.mapping.updated_at.into(),
            read_only: entry.read_only,
            settings: SettingsView::of(entry.settings()),
            gateway: GatewayView {
                state: match gateway.place {
                    Place::Live => PlaceView::Live,
                    Place::Pending => PlaceView::Pending,
                    Place::Refused => PlaceView::Refused,
                    Place::Off => PlaceView::Off,
                },
                reason: gateway.reason,
                since: gateway.since,
            },
            health: match health {
                None => HealthView { state: HealthState::Unknown, error: None, since: None },
                Some(health) => {
                    let state = if health.error.is_some() { HealthState::Failing } else { HealthState::Ok };
                    HealthView { state, error: health.error, since: Some(health.since) }
                }
            },
        }
    }
}

impl SettingsView {
    pub(crate) fn of(settings: &MappingSettings) -> Self {
        Self {
            name: settings.name.clone(),
            external_domain: settings.external_domain.clone(),
            internal_host: settings.internal_host.clone(),
            internal_port: settings.internal_port,
            internal_protocol: match settings.internal_protocol {
                Protocol::Https => ProtocolView::Https,
                _ => ProtocolView::Http,
            },
            allow_invalid_certificates: settings.allow_invalid_certificates,
            pinned_certificate: settings.pinned_certificate.as_ref().map(hex),
            enabled: settings.enabled,
            upstream_version: match settings.upstream_version {
                UpstreamVersion::Http1 => VersionView::Http1,
                UpstreamVersion::H2c => VersionView::H2c,
                _ => VersionView::Auto,
            },
            host_header: match &settings.host_header {
                HostHeader::Upstream => HostHeaderView { mode: HostMode::Upstream, value: None },
                HostHeader::Fixed(host) => HostHeaderView { mode: HostMode::Fixed, value: Some(host.clone()) },
                _ => HostHeaderView { mode: HostMode::Keep, value: None },
            },
            request_headers: HeaderEditsView::of(&settings.request_headers),
            response_headers: HeaderEditsView::of(&settings.response_headers),
            timeouts: TimeoutsView::of(&settings.timeouts),
        }
    }
}

impl HeaderEditsView {
    fn of(edits: &HeaderEdits) -> Self {
        let header = |(name, value): &(String, String)| HeaderView { name: name.clone(), value: value.clone() };
        Self { set: edits.set.iter().map(header).collect(), remove: edits.remove.clone() }
    }
}

impl TimeoutsView {
    fn of(timeouts: &Timeouts) -> Self {
        let seconds = |timeout: Option<std::time::Duration>| timeout.map(|timeout| timeout.as_secs_f64());
        Self {
            connect_seconds: seconds(timeouts.connect),
            head_seconds: seconds(timeouts.head),
            body_idle_seconds: seconds(timeouts.body_idle),
            upgrade_idle_seconds: seconds(timeouts.upgrade_idle),
        }
    }
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}
