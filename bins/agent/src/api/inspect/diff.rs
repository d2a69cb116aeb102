//! What differs between the two answers, and whether that is as it should be.

use std::collections::BTreeSet;

use octoporty_store::MappingSettings;
use serde::Serialize;
use utoipa::ToSchema;

use super::{body::Encoding, side::SideView};

/// A header field at both sides.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct HeaderDiff {
    name: String,
    /// Several lines of one field are joined by line breaks.
    gateway: Option<String>,
    agent: Option<String>,
    kind: DiffKind,
    /// It differs as it should.
    expected: bool,
    reason: Option<&'static str>,
}

/// `added` and `removed` are seen from the service: on the way to the visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DiffKind {
    Same,
    Added,
    Removed,
    Changed,
}

/// The bodies side by side.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BodyDiff {
    same: bool,
    kind: BodyKind,
    note: String,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BodyKind {
    Text,
    Binary,
}

/// Fields of one connection, and what stands in for them.
const FRAMING: [&str; 7] =
    ["connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade", "proxy-connection"];

/// Fields that the Gateway, or what is in front of it, adds.
const BY_GATEWAY: [&str; 5] = ["x-octoporty-request-id", "via", "alt-svc", "server", "strict-transport-security"];

/// Fields that are new with each answer.
const EACH_TIME: [&str; 8] =
    ["date", "age", "expires", "last-modified", "set-cookie", "x-request-id", "x-runtime", "server-timing"];

/// All fields of both answers.
pub(super) fn headers(gateway: &SideView, agent: &SideView, settings: &MappingSettings) -> Vec<HeaderDiff> {
    let names = gateway.headers.iter().chain(&agent.headers).map(|(name, _)| name.as_str());
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().map(|name| header(name, lines(gateway, name), lines(agent, name), settings)).collect()
}

fn lines(side: &SideView, name: &str) -> Option<String> {
    let values: Vec<&str> =
        side.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
    if values.is_empty() { None } else { Some(values.join("\n")) }
}

fn header(name: &str, gateway: Option<String>, agent: Option<String>, settings: &MappingSettings) -> HeaderDiff {
    let kind = match (&gateway, &agent) {
        (Some(one), Some(other)) if one == other => DiffKind::Same,
        (Some(_), Some(_)) => DiffKind::Changed,
        (Some(_), None) => DiffKind::Added,
        (None, _) => DiffKind::Removed,
    };
    let edits = &settings.response_headers;
    let is_edited =
        edits.set.iter().any(|(edited, _)| edited == name) || edits.remove.iter().any(|edited| edited == name);
    let reason = match kind {
        DiffKind::Same => None,
        _ if is_edited => Some("the mapping changes it"),
        _ if FRAMING.contains(&name) => Some("it concerns one connection alone"),
        _ if EACH_TIME.contains(&name) => Some("it is new with each answer"),
        DiffKind::Added if BY_GATEWAY.contains(&name) => Some("the Gateway, or what is in front of it, adds it"),
        _ if name == "content-encoding" || name == "vary" => Some("the answer was compressed on the way"),
        DiffKind::Changed if BY_GATEWAY.contains(&name) => Some("the Gateway, or what is in front of it, sets it"),
        _ => None,
    };
    let name = name.to_owned();
    HeaderDiff { name, gateway, agent, kind, expected: kind == DiffKind::Same || reason.is_some(), reason }
}

/// Whether the bodies are the same, as far as they were read.
pub(super) fn bodies(gateway: &SideView, agent: &SideView) -> Option<BodyDiff> {
    let (one, other) = (gateway.body.as_ref()?, agent.body.as_ref()?);
    let is_text = one.encoding == Encoding::Utf8 && other.encoding == Encoding::Utf8;
    let kind = if is_text { BodyKind::Text } else { BodyKind::Binary };
    let same = one.text == other.text && one.encoding == other.encoding && one.truncated == other.truncated;
    let is_compressed = gateway.header("content-encoding") != agent.header("content-encoding");
    let note = match (same, one.truncated || other.truncated) {
        (true, false) => format!("Both have the same {} bytes.", one.bytes),
        (true, true) => format!("The first {} bytes of both are the same.", one.bytes),
        (false, _) if is_compressed => "One of them was compressed on the way.".to_owned(),
        (false, _) => {
            format!("They differ: {} bytes through the Gateway, {} from the service.", one.bytes, other.bytes)
        }
    };
    Some(BodyDiff { same, kind, note })
}

impl HeaderDiff {
    pub(super) const fn is_unexpected(&self) -> bool {
        !self.expected
    }
}

impl BodyDiff {
    pub(super) const fn is_same(&self) -> bool {
        self.same
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::inspect::side::Timing;

    fn side(headers: &[(&str, &str)]) -> SideView {
        SideView {
            ok: true,
            status: Some(200),
            http_version: None,
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            body: None,
            timing: Timing::default(),
            error: None,
        }
    }

    #[test]
    fn differences_are_told_apart_from_what_must_differ() {
        let gateway = side(&[("date", "1"), ("etag", "a"), ("x-octoporty-request-id", "7"), ("x-team", "blue")]);
        let agent = side(&[("date", "2"), ("etag", "b"), ("connection", "close"), ("x-lost", "1")]);
        let mut settings = MappingSettings::default();
        settings.response_headers.set.push(("x-team".to_owned(), "blue".to_owned()));
        let found: Vec<_> = headers(&gateway, &agent, &settings)
            .into_iter()
            .map(|diff| (diff.name.clone(), diff.kind, diff.expected))
            .collect();
        let expected = [
            ("connection", DiffKind::Removed, true),
            ("date", DiffKind::Changed, true),
            ("etag", DiffKind::Changed, false),
            ("x-lost", DiffKind::Removed, false),
            ("x-octoporty-request-id", DiffKind::Added, true),
            ("x-team", DiffKind::Added, true),
        ];
        assert_eq!(found, expected.map(|(name, kind, expected)| (name.to_owned(), kind, expected)));
    }
}
