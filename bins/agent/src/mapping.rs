//! Mappings from the configuration file and from `--map`, read into types. Those of the database are elsewhere.

use std::time::Duration;

use http::{HeaderName, HeaderValue, header};
use octoporty_core::host::{HostPattern, Hostname};
use octoporty_core::limits;
use octoporty_shell::settings::{Origin, Problem, Values, closest, parse, scalar_text, segment, shown};

/// The array of tables in the file.
pub(crate) const TABLE: &str = "mappings";

/// How a `--map` looks, shown whenever one does not.
const MAP_FORM: &str = "allowed: DOMAIN=URL, for example --map app.example.com=http://localhost:3000";

/// Most headers that one mapping sets or removes in one direction: as many as a request may have.
const HEADERS_MAX: usize = limits::FIELDS_MAX;

/// A public domain and the service that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(dead_code, reason = "the composition in `run` takes the fields over one by one")]
pub(crate) struct MappingConfig {
    /// The domain as it was written.
    pub(crate) domain: String,
    /// The domain, or all names below one.
    pub(crate) pattern: HostPattern,
    /// The service.
    pub(crate) upstream: Upstream,
    /// The protocol spoken to the service.
    pub(crate) protocol: UpstreamProtocol,
    /// Take a certificate that nobody vouches for.
    pub(crate) allow_invalid_certificates: bool,
    /// The Host that the service sees.
    pub(crate) host: HostHeader,
    /// Changes to requests.
    pub(crate) request_headers: HeaderChanges,
    /// Changes to answers.
    pub(crate) response_headers: HeaderChanges,
    /// How long connecting may take; `None` for the default, as below.
    pub(crate) connect_timeout: Option<Duration>,
    /// How long the head of the answer may take.
    pub(crate) head_timeout: Option<Duration>,
    /// How long a body may pause.
    pub(crate) body_idle_timeout: Option<Duration>,
    /// How long an upgraded connection may be silent.
    pub(crate) upgrade_idle_timeout: Option<Duration>,
}

/// Where a service listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Whether it speaks TLS.
    pub(crate) scheme: UpstreamScheme,
    /// Its name or address.
    pub(crate) host: Hostname,
    /// Its port.
    pub(crate) port: u16,
}

/// Whether a service speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UpstreamScheme {
    Http,
    Https,
}

/// The protocol spoken to a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum UpstreamProtocol {
    /// HTTP/1.1, or what TLS negotiates.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS, known beforehand (RFC 9113 §3.3).
    H2c,
}

/// The Host that a service sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum HostHeader {
    /// The visitor's.
    #[default]
    Keep,
    /// The upstream's own.
    Upstream,
    /// This one.
    Fixed(String),
}

/// Header fields to set and to remove.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HeaderChanges {
    /// Set, replacing what was there.
    pub(crate) set: Vec<(HeaderName, HeaderValue)>,
    /// Removed.
    pub(crate) remove: Vec<HeaderName>,
}

impl MappingConfig {
    fn new(domain: &str, pattern: HostPattern, upstream: Upstream) -> Self {
        Self {
            domain: domain.to_owned(),
            pattern,
            upstream,
            protocol: UpstreamProtocol::default(),
            allow_invalid_certificates: false,
            host: HostHeader::default(),
            request_headers: HeaderChanges::default(),
            response_headers: HeaderChanges::default(),
            connect_timeout: None,
            head_timeout: None,
            body_idle_timeout: None,
            upgrade_idle_timeout: None,
        }
    }
}

/// Reads the file's mappings and those of `--map`. A flag takes the place of the file's mapping for the same domain.
/// What is wrong goes to `values`, which then fails as a whole.
pub(crate) fn read(values: &mut Values, flags: &[String]) -> Vec<MappingConfig> {
    let rows = values.tables(TABLE);
    if rows.len() + flags.len() > limits::MAPPINGS_MAX {
        let message = format!("has more than {} rows; allowed: at most that many", limits::MAPPINGS_MAX);
        values.problem(Problem::new(TABLE, &message));
        return Vec::new();
    }
    let mut from_file = Vec::new();
    for (at, (origin, row)) in rows.into_iter().enumerate() {
        let mut reader = Row { name: format!("{TABLE}[{at}]"), origin, row, problems: Vec::new() };
        let mapping = reader.read();
        reader.problems.into_iter().for_each(|problem| values.problem(problem));
        from_file.extend(mapping);
    }
    let mut from_flags = Vec::new();
    for flag in flags {
        match parse_flag(flag) {
            Ok(mapping) => from_flags.push(mapping),
            Err(wrong) => values.problem(Problem::new("--map", &format!("{wrong}; {MAP_FORM}"))),
        }
    }
    for (mappings, source) in [(&from_file, TABLE), (&from_flags, "--map")] {
        refuse_doubles(mappings, source, values);
    }
    let flagged: std::collections::HashSet<_> = from_flags.iter().map(|m| m.pattern.to_string()).collect();
    from_file.retain(|mapping| !flagged.contains(&mapping.pattern.to_string()));
    from_file.append(&mut from_flags);
    from_file
}

fn refuse_doubles(mappings: &[MappingConfig], source: &str, values: &mut Values) {
    let mut seen = std::collections::HashSet::new();
    for mapping in mappings {
        if !seen.insert(mapping.pattern.to_string()) {
            let message = format!("has {} twice; allowed: one mapping a domain", shown(&mapping.domain));
            values.problem(Problem::new(source, &message));
        }
    }
}

/// `DOMAIN=URL`.
fn parse_flag(text: &str) -> Result<MappingConfig, String> {
    let (domain, url) = text.split_once('=').ok_or_else(|| format!("{} has no `=`", shown(text)))?;
    let pattern = parse_domain(domain).map_err(|wrong| format!("{} {wrong}", shown(domain)))?;
    let upstream = parse_upstream(url).map_err(|wrong| format!("{} {wrong}", shown(url)))?;
    Ok(MappingConfig::new(domain.trim(), pattern, upstream))
}

fn parse_domain(text: &str) -> Result<HostPattern, String> {
    HostPattern::parse(text.trim()).map_err(|error| format!("is not a domain: {error}"))
}

/// `http://host`, `https://host:port`; no path, since a mapping has none.
fn parse_upstream(text: &str) -> Result<Upstream, String> {
    let uri = parse::url(text, &["http", "https"])?;
    if uri.path() != "/" || uri.query().is_some() {
        return Err("has a path, but a mapping is for a whole host".to_owned());
    }
    let (scheme, usual_port) = match uri.scheme_str() {
        Some("https") => (UpstreamScheme::Https, 443),
        _ => (UpstreamScheme::Http, 80),
    };
    let host = uri.host().unwrap_or_default();
    let host = Hostname::parse(host).map_err(|error| format!("has no usable host: {error}"))?;
    Ok(Upstream { scheme, host, port: uri.port_u16().unwrap_or(usual_port) })
}

/// One table of the file, with where it is and what was wrong so far.
struct Row {
    name: String,
    origin: Origin,
    row: toml::Table,
    problems: Vec<Problem>,
}

/// The keys of a table, as they are shown.
const KEYS: [&str; 13] = [
    "domain",
    "upstream",
    "protocol",
    "allow_invalid_certificates",
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
    fn read(&mut self) -> Option<MappingConfig> {
        let domain = self.required_text("domain", "app.example.com or *.example.com");
        let upstream = self.required_text("upstream", "a URL such as http://localhost:3000");
        let pattern = domain.as_deref().and_then(|text| {
            self.checked("domain", text, parse_domain(text), "app.example.com or *.example.com")
        });
        let upstream = upstream.and_then(|text| {
            self.checked("upstream", &text, parse_upstream(&text), "a URL such as http://localhost:3000")
        });
        let protocol = self.protocol(upstream.as_ref());
        let allow_invalid_certificates = self.plain("allow_invalid_certificates", parse::switch, "true or false");
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

    fn plain<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
        allowed: &str,
    ) -> Option<T> {
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
            if count > HEADERS_MAX {
                self.problem(key, &format!("has {count} entries; allowed: at most {HEADERS_MAX}"));
            }
        }
        changes
    }

    /// A field to set. Its value may be a secret, so it is in no message and no `Debug`.
    fn header(&mut self, key: &str, name: &str, value: &toml::Value) -> Option<(HeaderName, HeaderValue)> {
        let parsed = scalar_text(value).and_then(|text| HeaderValue::from_str(text.trim()).ok());
        if parsed.is_none() {
            self.problem(key, &format!("{} has no usable value; allowed: text without control characters", shown(name)));
        }
        let mut value = parsed?;
        value.set_sensitive(true);
        Some((self.header_name(key, name)?, value))
    }

    fn header_name(&mut self, key: &str, text: &str) -> Option<HeaderName> {
        let parsed = HeaderName::from_bytes(text.trim().as_bytes()).map_err(|_syntax| "is not a header name".to_owned());
        let parsed = parsed.and_then(|name| match is_framing(&name) {
            true => Err("is a header that framing or routing needs".to_owned()),
            false => Ok(name),
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

/// Fields that say where a message ends or who gets it; changing them would break both.
fn is_framing(name: &HeaderName) -> bool {
    const FRAMING: [HeaderName; 8] = [
        header::HOST,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::EXPECT,
    ];
    FRAMING.contains(name) || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
