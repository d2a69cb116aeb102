//! From a mapping as it is configured or stored to one that can be served.

use anyhow::Context;
use http::{HeaderName, HeaderValue};
use octoporty_client::{
    Mapping,
    upstream::{Scheme, TlsVerify, UpstreamProtocol, UpstreamTarget},
};
use octoporty_core::{
    host::HostPattern,
    id::MappingId,
    proxy::{HeaderPolicy, HostHeader},
};
use octoporty_store::{HeaderEdits, MappingSettings, Protocol, Timeouts, UpstreamVersion};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::mapping::{self, HeaderChanges, MappingConfig, UpstreamScheme};

/// A mapping of the configuration in the form of a stored one.
pub(crate) fn settings(config: &MappingConfig) -> MappingSettings {
    let domain = config.pattern.to_string();
    MappingSettings {
        name: domain.clone(),
        external_domain: domain,
        internal_host: config.upstream.host.as_str().to_owned(),
        internal_port: config.upstream.port,
        internal_protocol: match config.upstream.scheme {
            UpstreamScheme::Http => Protocol::Http,
            UpstreamScheme::Https => Protocol::Https,
        },
        upstream_version: match config.protocol {
            mapping::UpstreamProtocol::Auto => UpstreamVersion::Auto,
            mapping::UpstreamProtocol::Http1 => UpstreamVersion::Http1,
            mapping::UpstreamProtocol::H2c => UpstreamVersion::H2c,
        },
        allow_invalid_certificates: config.allow_invalid_certificates,
        pinned_certificate: config.pinned_certificate,
        enabled: true,
        host_header: match &config.host {
            mapping::HostHeader::Keep => octoporty_store::HostHeader::Keep,
            mapping::HostHeader::Upstream => octoporty_store::HostHeader::Upstream,
            mapping::HostHeader::Fixed(host) => octoporty_store::HostHeader::Fixed(host.clone()),
        },
        request_headers: edits(&config.request_headers),
        response_headers: edits(&config.response_headers),
        timeouts: Timeouts {
            connect: config.connect_timeout,
            head: config.head_timeout,
            body_idle: config.body_idle_timeout,
            upgrade_idle: config.upgrade_idle_timeout,
        },
    }
}

fn edits(changes: &HeaderChanges) -> HeaderEdits {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    HeaderEdits {
        set: changes.set.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        remove: changes.remove.iter().map(|name| name.as_str().to_owned()).collect(),
    }
}

/// The id of a mapping of the configuration. It follows from its domain, so that it stays the same over restarts.
pub(crate) fn id_of(domain: &str) -> Uuid {
    let digest = Sha256::digest(domain.as_bytes());
    Uuid::from_bytes(std::array::from_fn(|index| digest[index]))
}

/// Builds a mapping that can be served.
pub(crate) fn build(id: Uuid, settings: &MappingSettings) -> anyhow::Result<Mapping> {
    let domain = &settings.external_domain;
    let pattern = HostPattern::parse(domain).with_context(|| format!("mapping {domain}"))?;
    let target = target(settings)?.build().with_context(|| format!("mapping {domain}"))?;
    let policy = header_policy(settings).with_context(|| format!("mapping {domain}"))?;
    let mut built = Mapping::new(MappingId::from_u128(id.as_u128()), pattern, target).headers(policy);
    if let Some(timeout) = settings.timeouts.body_idle {
        built = built.body_idle_timeout(timeout);
    }
    if let Some(timeout) = settings.timeouts.upgrade_idle {
        built = built.upgrade_idle_timeout(timeout);
    }
    Ok(built)
}

/// Where a mapping's requests go.
pub(crate) fn target(settings: &MappingSettings) -> anyhow::Result<octoporty_client::upstream::UpstreamTargetBuilder> {
    let scheme = match settings.internal_protocol {
        Protocol::Http => Scheme::Http,
        Protocol::Https => Scheme::Https,
        _ => anyhow::bail!("a protocol that this version does not know"),
    };
    let protocol = match settings.upstream_version {
        UpstreamVersion::Auto => UpstreamProtocol::Auto,
        UpstreamVersion::Http1 => UpstreamProtocol::Http1,
        UpstreamVersion::H2c => UpstreamProtocol::H2c,
        _ => anyhow::bail!("a version of HTTP that this version does not know"),
    };
    let verify = match settings.pinned_certificate {
        Some(pin) => TlsVerify::Pin(pin),
        None if settings.allow_invalid_certificates => TlsVerify::AcceptAny,
        None => TlsVerify::Verify,
    };
    let mut target =
        UpstreamTarget::builder(scheme, &settings.internal_host, settings.internal_port).protocol(protocol).tls(verify);
    if let Some(timeout) = settings.timeouts.connect {
        target = target.connect_timeout(timeout);
    }
    if let Some(timeout) = settings.timeouts.head {
        target = target.head_timeout(Some(timeout));
    }
    Ok(target)
}

/// What a mapping changes of header fields.
pub(crate) fn header_policy(settings: &MappingSettings) -> anyhow::Result<HeaderPolicy> {
    let host = match &settings.host_header {
        octoporty_store::HostHeader::Keep => HostHeader::Keep,
        octoporty_store::HostHeader::Upstream => HostHeader::Upstream,
        octoporty_store::HostHeader::Fixed(host) => HostHeader::Fixed(HeaderValue::from_str(host)?),
        _ => anyhow::bail!("a choice of host that this version does not know"),
    };
    let mut policy = HeaderPolicy::new().host(host);
    for (name, value) in &settings.request_headers.set {
        policy = policy.set_request(name.parse()?, value.parse()?)?;
    }
    for name in &settings.request_headers.remove {
        policy = policy.remove_request(name.parse::<HeaderName>()?)?;
    }
    for (name, value) in &settings.response_headers.set {
        policy = policy.set_response(name.parse()?, value.parse()?)?;
    }
    for name in &settings.response_headers.remove {
        policy = policy.remove_response(name.parse::<HeaderName>()?)?;
    }
    Ok(policy)
}
