//! From a mapping as it is configured to one that can be served.

use anyhow::Context;
use http::HeaderValue;
use octoporty_client::{
    Mapping,
    upstream::{Scheme, TlsVerify, UpstreamProtocol, UpstreamTarget},
};
use octoporty_core::{
    id::MappingId,
    proxy::{HeaderPolicy, HostHeader},
};
use sha2::{Digest, Sha256};

use crate::mapping::{self, MappingConfig, UpstreamScheme};

/// Builds a mapping. Its id follows from its domain, so that it stays the same over restarts.
pub(crate) fn mapping(config: &MappingConfig) -> anyhow::Result<Mapping> {
    let domain = &config.domain;
    let scheme = match config.upstream.scheme {
        UpstreamScheme::Http => Scheme::Http,
        UpstreamScheme::Https => Scheme::Https,
    };
    let protocol = match config.protocol {
        mapping::UpstreamProtocol::Auto => UpstreamProtocol::Auto,
        mapping::UpstreamProtocol::Http1 => UpstreamProtocol::Http1,
        mapping::UpstreamProtocol::H2c => UpstreamProtocol::H2c,
    };
    let verify = if config.allow_invalid_certificates { TlsVerify::AcceptAny } else { TlsVerify::Verify };
    let mut target = UpstreamTarget::builder(scheme, config.upstream.host.as_str(), config.upstream.port)
        .protocol(protocol)
        .tls(verify);
    if let Some(timeout) = config.connect_timeout {
        target = target.connect_timeout(timeout);
    }
    if let Some(timeout) = config.head_timeout {
        target = target.head_timeout(Some(timeout));
    }
    let target = target.build().with_context(|| format!("mapping {domain}"))?;
    let policy = header_policy(config).with_context(|| format!("mapping {domain}"))?;
    let mut built = Mapping::new(id_of(&config.pattern.to_string()), config.pattern.clone(), target).headers(policy);
    if let Some(timeout) = config.body_idle_timeout {
        built = built.body_idle_timeout(timeout);
    }
    if let Some(timeout) = config.upgrade_idle_timeout {
        built = built.upgrade_idle_timeout(timeout);
    }
    Ok(built)
}

fn id_of(domain: &str) -> MappingId {
    let digest = Sha256::digest(domain.as_bytes());
    let half: [u8; 16] = std::array::from_fn(|index| digest[index]);
    MappingId::from_u128(u128::from_be_bytes(half))
}

fn header_policy(config: &MappingConfig) -> anyhow::Result<HeaderPolicy> {
    let host = match &config.host {
        mapping::HostHeader::Keep => HostHeader::Keep,
        mapping::HostHeader::Upstream => HostHeader::Upstream,
        mapping::HostHeader::Fixed(host) => HostHeader::Fixed(HeaderValue::from_str(host)?),
    };
    let mut policy = HeaderPolicy::new().host(host);
    for (name, value) in &config.request_headers.set {
        policy = policy.set_request(name.clone(), value.clone())?;
    }
    for name in &config.request_headers.remove {
        policy = policy.remove_request(name.clone())?;
    }
    for (name, value) in &config.response_headers.set {
        policy = policy.set_response(name.clone(), value.clone())?;
    }
    for name in &config.response_headers.remove {
        policy = policy.remove_response(name.clone())?;
    }
    Ok(policy)
}
