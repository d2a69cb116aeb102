//! All mappings of the configuration: rows of the file, then flags, without doubles.

use std::collections::HashSet;

use octoporty_core::host::{HostPattern, Hostname};
use octoporty_core::limits;
use octoporty_shell::settings::{Problem, Values, parse, shown};

use super::config::{MappingConfig, Upstream, UpstreamScheme};
use super::row::Row;

/// The array of tables in the file.
pub(crate) const TABLE: &str = "mappings";

/// How a `--map` looks, shown whenever one does not.
const MAP_FORM: &str = "allowed: DOMAIN=URL, for example --map app.example.com=http://localhost:3000";

/// Mappings of one source that banner and check list; past it they count only.
const SHOWN_MAX: usize = 50;

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
        let (mapping, problems) = Row::new(format!("{TABLE}[{at}]"), origin, row).read();
        problems.into_iter().for_each(|problem| values.problem(problem));
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
    let flagged: HashSet<_> = from_flags.iter().map(|mapping| mapping.pattern.clone()).collect();
    from_file.retain(|mapping| !flagged.contains(&mapping.pattern));
    show(values, &from_file, "file");
    show(values, &from_flags, "flag --map");
    from_file.append(&mut from_flags);
    from_file
}

fn show(values: &mut Values, mappings: &[MappingConfig], origin: &str) {
    for mapping in mappings.iter().take(SHOWN_MAX) {
        let line = format!("{} -> {}", mapping.pattern, mapping.upstream);
        values.show("mapping", &line, origin);
    }
    if mappings.len() > SHOWN_MAX {
        values.show("mapping", &format!("and {} more", mappings.len() - SHOWN_MAX), origin);
    }
}

fn refuse_doubles(mappings: &[MappingConfig], source: &str, values: &mut Values) {
    let mut seen = HashSet::new();
    for mapping in mappings {
        if !seen.insert(&mapping.pattern) {
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

pub(super) fn parse_domain(text: &str) -> Result<HostPattern, String> {
    HostPattern::parse(text.trim()).map_err(|error| format!("is not a domain: {error}"))
}

/// `http://host`, `https://host:port`; no path, since a mapping has none.
pub(super) fn parse_upstream(text: &str) -> Result<Upstream, String> {
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
