//! A mapping as it is stored: a public name, the upstream behind it, and what changes on the way. Nothing here is
//! checked beyond its type; whoever takes it from a person does that.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How the upstream is spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Without TLS. The default.
    #[default]
    Http,
    /// With TLS.
    Https,
}

/// Which version of HTTP the upstream is spoken to in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UpstreamVersion {
    /// What TLS agrees on; HTTP/1.1 without. The default.
    #[default]
    Auto,
    /// HTTP/1.1 alone.
    Http1,
    /// HTTP/2, without TLS by prior knowledge.
    H2c,
}

/// Which `Host` the upstream sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HostHeader {
    /// The visitor's. The default.
    #[default]
    Keep,
    /// The upstream's own host and port.
    Upstream,
    /// Always this one.
    Fixed(String),
}

/// Header fields that are set or removed on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeaderEdits {
    /// Names and values, in place of what is there.
    pub set: Vec<(String, String)>,
    /// Names.
    pub remove: Vec<String>,
}

/// How long each phase may take; `None` is the Agent's default. Kept to the millisecond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// To connect to the upstream.
    pub connect: Option<Duration>,
    /// Until the answer's head.
    pub head: Option<Duration>,
    /// Between two pieces of a body.
    pub body_idle: Option<Duration>,
    /// Between two pieces on an upgraded connection.
    pub upgrade_idle: Option<Duration>,
}

/// All that a person chooses of a mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct MappingSettings {
    /// What its owner calls it.
    pub name: String,
    /// The public name, in ASCII and lower case, perhaps with a leading `*.`. No two mappings have the same one.
    pub external_domain: String,
    /// The upstream's host or address.
    pub internal_host: String,
    /// The upstream's port.
    pub internal_port: u16,
    /// How it is spoken to.
    pub internal_protocol: Protocol,
    /// In which version of HTTP.
    pub upstream_version: UpstreamVersion,
    /// Whether its certificate is not looked at.
    pub allow_invalid_certificates: bool,
    /// The SHA-256 of the one certificate that it must show.
    pub pinned_certificate: Option<[u8; 32]>,
    /// Whether it is on.
    pub enabled: bool,
    /// Which `Host` it sees.
    pub host_header: HostHeader,
    /// What changes of a request's header fields.
    pub request_headers: HeaderEdits,
    /// What changes of an answer's header fields.
    pub response_headers: HeaderEdits,
    /// How long each phase may take.
    pub timeouts: Timeouts,
}

impl MappingSettings {
    /// The names of the fields that differ, in snake case and in the order above.
    #[must_use]
    pub fn changed(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            ("name", self.name != other.name),
            ("external_domain", self.external_domain != other.external_domain),
            ("internal_host", self.internal_host != other.internal_host),
            ("internal_port", self.internal_port != other.internal_port),
            ("internal_protocol", self.internal_protocol != other.internal_protocol),
            ("upstream_version", self.upstream_version != other.upstream_version),
            ("allow_invalid_certificates", self.allow_invalid_certificates != other.allow_invalid_certificates),
            ("pinned_certificate", self.pinned_certificate != other.pinned_certificate),
            ("enabled", self.enabled != other.enabled),
            ("host_header", self.host_header != other.host_header),
            ("request_headers", self.request_headers != other.request_headers),
            ("response_headers", self.response_headers != other.response_headers),
            ("timeouts", self.timeouts != other.timeouts),
        ];
        fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

/// A mapping that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mapping {
    /// Who it is, over all changes.
    pub id: Uuid,
    /// What was chosen.
    pub settings: MappingSettings,
    /// When it was made, to the millisecond.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}
