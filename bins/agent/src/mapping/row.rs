//! One `[[mappings]]` table of the file. Every wrong key is told, not the first alone.

use http::{HeaderName, HeaderValue};
use octoporty_core::host::Hostname;
use octoporty_core::proxy::{HEADER_EDITS_MAX, HeaderPolicy};
use octoporty_shell::settings::{Origin, Problem, closest, parse, scalar_text, segment, shown};

use super::config::{HeaderChanges, HostHeader, MappingConfig, Upstream, UpstreamProtocol, UpstreamScheme};
use super::read::{parse_domain, parse_upstream};
use crate::fingerprint;

/// One table of the file, with where it is and what was wrong so far.
pub(super) struct Row {
    name: String,
    origin: Origin,
    row: toml::Table,
    problems: Vec<Problem>,
}

/// The keys of a table, as they are shown.
const KEYS: [&str; 14] = [
    "domain",
    "upstream",
    "protocol",
    "allow_invalid_certificates",
    "pinned_certificate",
    "host",
    "set_request_headers",
    "remove_request_headers",
    "set_response_headers",
    "remove_response_headers",
    "connect_timeout",
    "head_timeout",
    "body_idle_timeout",
    "upgrade_idle_timeout",
];

const DURATION_ALLOWED: &str = "a duration above zero such as 10, 10s, 2m or 500ms";

impl Row {
    /// A table that messages call `name`.
    pub(super) fn new(name: String, origin: Origin, row: toml::Table) -> Self {
        Self { name, origin, row, problems: Vec::new() }
    }

    /// The mapping, if nothing that it needs is wrong, and all that is wrong.
    pub(super) fn read(mut self) -> (Option<MappingConfig>, Vec<Problem>) {
        let mapping = self.mapping();
        (mapping, self.problems)
    }

    fn mapping(&mut self) -> Option<MappingConfig> {
        let domain = self.required_text("domain", "app.example.com or *.example.com");
        let upstream = self.required_text("upstream", "a URL such as http://localhost:3000");
        let pattern = domain
            .as_deref()
            .and_then(|text| self.checked("domain", text, parse_domain(text), "app.example.com or *.example.com"));
        let upstream = upstream.and_then(|text| {
            self.checked("upstream", &text, parse_upstream(&text), "a URL such as http://localhost:3000")
        });
        let protocol = self.protocol(upstream.as_ref());
        let allow_invalid_certificates = self.plain("allow_invalid_certificates", parse::switch, "true or false");
        let pinned_certificate = self.pin(upstream.as_ref());
        let host = self.host();
        let request_headers = self.header_changes("set_request_headers", "remove_request_headers");
        let response_headers = self.header_changes("set_response_headers", "remove_response_headers");
        let [connect_timeout, head_timeout, body_idle_timeout, upgrade_idle_timeout] =
            ["connect_timeout", "head_timeout", "body_idle_timeout", "upgrade_idle_timeout"]
                .map(|key| self.plain(key, parse::positive_duration, DURATION_ALLOWED));
        self.refuse_unknown();
        let mapping = MappingConfig::new(domain?.trim(), pattern?, upstream?);
        Some(MappingConfig {
            protocol,
            allow_invalid_certificates: allow_invalid_certificates.unwrap_or(false),
            pinned_certificate,
            host,
            request_headers,
            response_headers,
            connect_timeout,
            head_timeout,
            body_idle_timeout,
            upgrade_idle_timeout,
            ..mapping
        })
    }

    /// Takes a key out, in whichever spelling it is there.
    fn take(&mut self, key: &str) -> Option<toml::Value> {
        let plain = segment(key);
        let written = self.row.keys().find(|written| segment(written) == plain)?.clone();
        self.row.remove(&written)
    }

    fn problem(&mut self, key: &str, message: &str) {
        let message = format!("({}) {message}", self.origin);
        self.problems.push(Problem::new(&format!("{}.{key}", self.name), &message));
    }

    fn checked<T>(&mut self, key: &str, text: &str, parsed: Result<T, String>, allowed: &str) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.problem(key, &format!("{} {wrong}; allowed: {allowed}", shown(text)));
                None
            }
        }
    }

    fn plain<T>(&mut self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>, allowed: &str) -> Option<T> {
        let value = self.take(key)?;
        match scalar_text(&value) {
            Some(text) => self.checked(key, &text, parse(&text), allowed),
            None => {
                self.problem(key, &format!("is a list or table; allowed: {allowed}"));
                None
            }
        }
    }

    fn required_text(&mut self, key: &str, allowed: &str) -> Option<String> {
        let there = self.row.keys().any(|written| segment(written) == segment(key));
        if !there {
            self.problem(key, &format!("is missing; allowed: {allowed}"));
        }
        self.plain(key, |text| Ok(text.to_owned()), allowed)
    }

    fn protocol(&mut self, upstream: Option<&Upstream>) -> UpstreamProtocol {
        let is_tls = upstream.is_some_and(|upstream| upstream.scheme == UpstreamScheme::Https);
        let parse = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(UpstreamProtocol::Auto),
            "http1" => Ok(UpstreamProtocol::Http1),
            "h2c" if is_tls => Err("is HTTP/2 without TLS, but the upstream is https".to_owned()),
            "h2c" => Ok(UpstreamProtocol::H2c),
            _ => Err("is not a protocol".to_owned()),
        };
        self.plain("protocol", parse, "auto, http1 or h2c").unwrap_or_default()
    }

    fn pin(&mut self, upstream: Option<&Upstream>) -> Option<[u8; 32]> {
        let is_plain = upstream.is_some_and(|upstream| upstream.scheme == UpstreamScheme::Http);
        let parse = |text: &str| match fingerprint::parse(text) {
            Some(_) if is_plain => Err("has no use, as the upstream is http".to_owned()),
            Some(pin) => Ok(pin),
            None => Err("is no fingerprint".to_owned()),
        };
        self.plain("pinned_certificate", parse, fingerprint::ALLOWED)
    }

    fn host(&mut self) -> HostHeader {
        const ALLOWED: &str = "\"keep\", \"upstream\" or { fixed = \"name\" }";
        match self.take("host") {
            None => return HostHeader::Keep,
            Some(toml::Value::String(text)) if text == "keep" => return HostHeader::Keep,
            Some(toml::Value::String(text)) if text == "upstream" => return HostHeader::Upstream,
            Some(toml::Value::Table(table)) if table.len() == 1 => {
                if let Some(toml::Value::String(text)) = table.get("fixed")
                    && Hostname::parse_host_header(text.as_bytes()).is_ok()
                {
                    return HostHeader::Fixed(text.clone());
                }
            }
            Some(_) => {}
        }
        self.problem("host", &format!("is none of the known forms; allowed: {ALLOWED}"));
        HostHeader::Keep
    }

    fn header_changes(&mut self, set_key: &str, remove_key: &str) -> HeaderChanges {
        let mut changes = HeaderChanges::default();
        match self.take(set_key) {
            None => {}
            Some(toml::Value::Table(table)) => {
                for (name, value) in &table {
                    changes.set.extend(self.header(set_key, name, value));
                }
            }
            Some(_) => self.problem(set_key, "is not a table; allowed: { Name = \"value\" }"),
        }
        match self.take(remove_key) {
            None => {}
            Some(toml::Value::Array(names)) => {
                for name in &names {
                    let name = scalar_text(name).unwrap_or_default();
                    changes.remove.extend(self.header_name(remove_key, &name));
                }
            }
            Some(_) => self.problem(remove_key, "is not a list; allowed: [\"Name\"]"),
        }
        for (key, count) in [(set_key, changes.set.len()), (remove_key, changes.remove.len())] {
            if count > HEADER_EDITS_MAX {
                self.problem(key, &format!("has {count} entries; allowed: at most {HEADER_EDITS_MAX}"));
            }
        }
        changes
    }

    /// A field to set. Its value may be a secret, so it is in no message and no `Debug`.
    fn header(&mut self, key: &str, name: &str, value: &toml::Value) -> Option<(HeaderName, HeaderValue)> {
        let parsed = scalar_text(value).and_then(|text| HeaderValue::from_str(text.trim()).ok());
        if parsed.is_none() {
            self.problem(
                key,
                &format!("{} has no usable value; allowed: text without control characters", shown(name)),
            );
        }
        let mut value = parsed?;
        value.set_sensitive(true);
        Some((self.header_name(key, name)?, value))
    }

    fn header_name(&mut self, key: &str, text: &str) -> Option<HeaderName> {
        let parsed =
            HeaderName::from_bytes(text.trim().as_bytes()).map_err(|_syntax| "is not a header name".to_owned());
        let parsed = parsed.and_then(|name| match HeaderPolicy::new().remove_request(name.clone()) {
            Ok(_policy) => Ok(name),
            Err(_framing) => Err("is a header that framing or routing needs".to_owned()),
        });
        self.checked(key, text, parsed, "header names other than Host, Connection, Content-Length and their like")
    }

    fn refuse_unknown(&mut self) {
        for written in std::mem::take(&mut self.row).into_iter().map(|(written, _)| written) {
            let advice = match closest(&segment(&written), KEYS.map(|key| (key, segment(key)))) {
                Some(key) => format!("did you mean {key}?"),
                None => format!("allowed: {}", KEYS.join(", ")),
            };
            self.problem(&written, &format!("is not a setting; {advice}"));
        }
    }
}
