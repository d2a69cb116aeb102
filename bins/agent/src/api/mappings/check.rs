//! Whether what a person wants of a mapping can be: every field that cannot is named (R53 for imports too).

use std::time::Duration;

use octoporty_core::host::{HostPattern, Hostname};
use octoporty_store::{HostHeader, MappingSettings, Protocol, Timeouts, UpstreamVersion};
use serde_json::Value;

use super::{fields::Fields, headers};
use crate::{api::error::FieldErrors, fingerprint};

/// Longest name, in characters: a line in a table.
const NAME_CHARACTERS_MAX: usize = 100;

/// Longest timeout: a day. Who wants no limit leaves it out.
const TIMEOUT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// What answers have besides the settings. Whoever edits an answer and sends it back need not take it out.
const READ_ONLY: [&str; 6] = ["id", "createdAt", "updatedAt", "readOnly", "gateway", "health"];

/// Reads a mapping from JSON.
///
/// # Errors
///
/// What is wrong with each field.
pub(crate) fn check(value: Value) -> Result<MappingSettings, FieldErrors> {
    let mut fields = Fields::new(value)?;
    let external_domain = domain(&mut fields);
    let internal_host = host(&mut fields);
    let internal_port = port(&mut fields);
    let internal_protocol = protocol(&mut fields);
    let upstream_version = version(&mut fields, internal_protocol);
    let allow_invalid = fields.switch(&["allowInvalidCertificates", "allowSelfSignedCerts"]).unwrap_or(false);
    let pinned_certificate = fingerprint(&mut fields);
    let enabled = fields.switch(&["enabled", "isEnabled"]).unwrap_or(true);
    let name = name(&mut fields).or_else(|| external_domain.clone()).unwrap_or_default();
    let host_header = host_header(&mut fields);
    let request_headers = headers::read(&mut fields, "requestHeaders");
    let response_headers = headers::read(&mut fields, "responseHeaders");
    let timeouts = timeouts(&mut fields);
    fields.ignore(&READ_ONLY);
    let errors = fields.finish();
    match (external_domain, internal_host, internal_port) {
        (Some(external_domain), Some(internal_host), Some(internal_port)) if errors.is_empty() => Ok(MappingSettings {
            name,
            external_domain,
            internal_host,
            internal_port,
            internal_protocol,
            upstream_version,
            allow_invalid_certificates: allow_invalid,
            pinned_certificate,
            enabled,
            host_header,
            request_headers,
            response_headers,
            timeouts,
        }),
        _ => Err(errors),
    }
}

/// What a test of a service needs: the part of a mapping behind the Agent.
pub(super) fn service(value: Value) -> Result<(MappingSettings, Option<String>), FieldErrors> {
    let mut fields = Fields::new(value)?;
    let internal_host = host(&mut fields);
    let internal_port = port(&mut fields);
    let internal_protocol = protocol(&mut fields);
    let upstream_version = version(&mut fields, internal_protocol);
    let allow_invalid = fields.switch(&["allowInvalidCertificates", "allowSelfSignedCerts"]).unwrap_or(false);
    let pinned_certificate = fingerprint(&mut fields);
    let path = fields.text(&["path"]);
    if path.as_deref().is_some_and(|path| !is_path(path)) {
        fields.wrong("path", "must begin with / and have no spaces");
    }
    let errors = fields.finish();
    match (internal_host, internal_port) {
        (Some(internal_host), Some(internal_port)) if errors.is_empty() => Ok((
            MappingSettings {
                internal_host,
                internal_port,
                internal_protocol,
                upstream_version,
                allow_invalid_certificates: allow_invalid,
                pinned_certificate,
                ..MappingSettings::default()
            },
            path,
        )),
        _ => Err(errors),
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.parse::<http::uri::PathAndQuery>().is_ok()
}

fn name(fields: &mut Fields) -> Option<String> {
    let name = fields.text(&["name", "description"])?.trim().to_owned();
    if name.chars().any(char::is_control) {
        fields.wrong("name", "has a control character");
    }
    if name.chars().count() > NAME_CHARACTERS_MAX {
        fields.wrong("name", format!("has more than {NAME_CHARACTERS_MAX} characters"));
    }
    Some(name).filter(|name| !name.is_empty())
}

fn domain(fields: &mut Fields) -> Option<String> {
    let before = fields.errors.len();
    let Some(text) = fields.text(&["externalDomain"]) else {
        if fields.errors.len() == before {
            fields.wrong("externalDomain", "is missing; give a name such as app.example.com or *.example.com");
        }
        return None;
    };
    match HostPattern::parse(text.trim()) {
        Ok(pattern) => Some(pattern.to_string()),
        Err(error) => {
            fields.wrong("externalDomain", error.to_string());
            None
        }
    }
}

fn host(fields: &mut Fields) -> Option<String> {
    let before = fields.errors.len();
    let Some(text) = fields.text(&["internalHost"]) else {
        if fields.errors.len() == before {
            fields.wrong("internalHost", "is missing; give a name or an address such as localhost or 10.0.0.5");
        }
        return None;
    };
    match Hostname::parse(text.trim()) {
        Ok(host) => Some(host.as_str().to_owned()),
        Err(error) => {
            fields.wrong("internalHost", error.to_string());
            None
        }
    }
}

fn port(fields: &mut Fields) -> Option<u16> {
    let value = fields.value("internalPort");
    let port =
        value.as_ref().and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
    match (port, value) {
        (Some(port), _) => return Some(port),
        (None, None) => fields.wrong("internalPort", "is missing; give a port from 1 to 65535"),
        (None, Some(_)) => fields.wrong("internalPort", "is not a port from 1 to 65535"),
    }
    None
}

fn protocol(fields: &mut Fields) -> Protocol {
    let tls = fields.switch(&["internalUseTls"]);
    match fields.text(&["internalProtocol"]) {
        None if tls == Some(true) => Protocol::Https,
        None => Protocol::Http,
        Some(text) if text.eq_ignore_ascii_case("http") => Protocol::Http,
        Some(text) if text.eq_ignore_ascii_case("https") => Protocol::Https,
        Some(_) => {
            fields.wrong("internalProtocol", "is neither Http nor Https");
            Protocol::Http
        }
    }
}

fn version(fields: &mut Fields, protocol: Protocol) -> UpstreamVersion {
    match fields.text(&["upstreamVersion"]).as_deref() {
        None | Some("auto") => UpstreamVersion::Auto,
        Some("http1") => UpstreamVersion::Http1,
        Some("h2c") if protocol == Protocol::Https => {
            fields.wrong("upstreamVersion", "h2c is HTTP/2 without TLS; with Https choose auto, which takes HTTP/2");
            UpstreamVersion::Auto
        }
        Some("h2c") => UpstreamVersion::H2c,
        Some(_) => {
            fields.wrong("upstreamVersion", "is none of auto, http1 and h2c");
            UpstreamVersion::Auto
        }
    }
}

fn fingerprint(fields: &mut Fields) -> Option<[u8; 32]> {
    let text = fields.text(&["pinnedCertificate"])?;
    let pin = fingerprint::parse(&text);
    if pin.is_none() {
        fields.wrong("pinnedCertificate", "is not a SHA-256 fingerprint of 64 hex digits");
    }
    pin
}

fn host_header(fields: &mut Fields) -> HostHeader {
    let Some(mut inner) = fields.object("hostHeader") else {
        return HostHeader::Keep;
    };
    let value = inner.text(&["value"]);
    let chosen = match inner.text(&["mode"]).as_deref() {
        Some("keep") => HostHeader::Keep,
        Some("upstream") => HostHeader::Upstream,
        Some("fixed") => {
            let host = value.unwrap_or_default().trim().to_owned();
            if let Err(error) = Hostname::parse_host_header(host.as_bytes()) {
                inner.wrong("value", error.to_string());
            }
            HostHeader::Fixed(host)
        }
        None | Some(_) => {
            // What is no text was named when it was read.
            if !inner.is_wrong("mode") {
                inner.wrong("mode", "is none of keep, upstream and fixed");
            }
            HostHeader::Keep
        }
    };
    fields.adopt(inner);
    chosen
}

fn timeouts(fields: &mut Fields) -> Timeouts {
    let Some(mut inner) = fields.object("timeouts") else {
        return Timeouts::default();
    };
    let timeouts = Timeouts {
        connect: timeout(&mut inner, "connectSeconds"),
        head: timeout(&mut inner, "headSeconds"),
        body_idle: timeout(&mut inner, "bodyIdleSeconds"),
        upgrade_idle: timeout(&mut inner, "upgradeIdleSeconds"),
    };
    fields.adopt(inner);
    timeouts
}

/// To the millisecond, as it is stored.
fn timeout(fields: &mut Fields, name: &str) -> Option<Duration> {
    let value = fields.value(name)?;
    let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let whole = seconds.map(|seconds| Duration::from_millis(u64::try_from(seconds.as_millis()).unwrap_or(u64::MAX)));
    let good = whole.filter(|timeout| !timeout.is_zero() && *timeout <= TIMEOUT_MAX);
    if good.is_none() {
        fields.wrong(name, format!("is not a number of seconds above 0 and up to {}", TIMEOUT_MAX.as_secs()));
    }
    good
}
