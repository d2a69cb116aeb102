//! Takes a request head apart, and names all that is wrong with it. Never refuses: the test judges.

use bytes::Bytes;
use tokio::time::Instant;

use super::{Anomaly, BodyProgress, RequestRecord};
use crate::{
    visitor::is_token,
    wire::{Fields, Framing, latin1},
};

/// A request head, read as well as it goes.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) line: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) version: String,
    pub(super) fields: Fields,
    pub(super) anomalies: Vec<Anomaly>,
}

impl Request {
    pub(super) fn parse(head: &Bytes) -> Self {
        let mut anomalies = byte_anomalies(head);
        let text = latin1(head);
        let mut lines =
            text.trim_end_matches(['\r', '\n']).split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let line = lines.next().unwrap_or_default().to_owned();
        let fields = fields(lines, &mut anomalies);
        anomalies.extend(framing_anomalies(&fields));
        let mut words = line.split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        let (method, target, version) = (word(), word(), word());
        anomalies.extend(line_anomaly(&line));
        Self { line, method, target, version, fields, anomalies }
    }

    /// The target without its query.
    pub(super) fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or_default()
    }

    /// The value of a query parameter, as it was sent; empty when it has none.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then_some(value)
        })
    }

    /// A query parameter that is a number.
    pub(super) fn number(&self, name: &str, default: u64) -> u64 {
        let value = self.query(name).and_then(|value| value.parse().ok());
        value.unwrap_or(default)
    }

    pub(super) fn tag(&self) -> &str {
        let tag = self.query("tag").or_else(|| self.fields.first("x-tag"));
        tag.unwrap_or_default()
    }

    /// Whether the connection ends with this exchange.
    pub(super) fn is_last(&self) -> bool {
        let options = self.fields.members("connection");
        self.version == "HTTP/1.0" || options.iter().any(|option| option == "close")
    }

    pub(super) fn framing(&self) -> Framing {
        let codings = self.fields.members("transfer-encoding");
        if codings.last().is_some_and(|coding| coding == "chunked") {
            return Framing::Chunked;
        }
        let length = self.fields.first("content-length");
        match length.and_then(|length| length.parse().ok()) {
            None | Some(0) => Framing::Empty,
            Some(length) => Framing::Length(length),
        }
    }

    /// The record at the moment of the head.
    pub(super) fn record(&self, head: &Bytes, number: u64, connection: u64) -> RequestRecord {
        RequestRecord {
            number,
            connection,
            tag: self.tag().to_owned(),
            // A copy, lest the record keep the whole read buffer alive.
            head: Bytes::copy_from_slice(head),
            line: self.line.clone(),
            method: self.method.clone(),
            target: self.target.clone(),
            fields: self.fields.clone(),
            anomalies: self.anomalies.clone(),
            arrived: Instant::now(),
            body: BodyProgress::Unread,
            body_bytes: 0,
            body_start: Bytes::new(),
            body_sha256: String::new(),
            trailers: Fields::default(),
            body_ended: None,
            sent_bytes: 0,
            answered: None,
            gone: None,
            frames: Vec::new(),
        }
    }
}

fn byte_anomalies(head: &[u8]) -> Vec<Anomaly> {
    let mut anomalies = Vec::new();
    let before = |at: usize| at.checked_sub(1).map(|at| head[at]);
    let bytes = || head.iter().copied().enumerate();
    if bytes().any(|(at, byte)| byte == b'\n' && before(at) != Some(b'\r')) {
        anomalies.push(Anomaly::BareLf);
    }
    if bytes().any(|(at, byte)| byte == b'\r' && head.get(at + 1) != Some(&b'\n')) {
        anomalies.push(Anomaly::BareCr);
    }
    if head.contains(&0) {
        anomalies.push(Anomaly::Nul);
    }
    anomalies
}

fn fields<'a>(lines: impl Iterator<Item = &'a str>, anomalies: &mut Vec<Anomaly>) -> Fields {
    let mut fields = Fields::default();
    for line in lines {
        if line.starts_with([' ', '\t']) {
            anomalies.push(Anomaly::FoldedLine);
            continue;
        }
        let Some((name, value)) = line.split_once(':') else {
            anomalies.push(Anomaly::NoColon(line.to_owned()));
            continue;
        };
        if name.is_empty() || !name.bytes().all(is_token) {
            anomalies.push(Anomaly::BadName(name.to_owned()));
        }
        fields.push(name.trim(), value.trim());
    }
    fields
}

fn framing_anomalies(fields: &Fields) -> Vec<Anomaly> {
    let mut anomalies = Vec::new();
    let lengths = fields.all("content-length");
    let codings = fields.all("transfer-encoding");
    if lengths.len() > 1 {
        anomalies.push(Anomaly::RepeatedLength);
    }
    for length in &lengths {
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            anomalies.push(Anomaly::BadLength((*length).to_owned()));
        }
    }
    if !lengths.is_empty() && !codings.is_empty() {
        anomalies.push(Anomaly::LengthAndCoding);
    }
    let is_plain = match codings[..] {
        [] => true,
        [coding] => coding.eq_ignore_ascii_case("chunked"),
        _ => false,
    };
    if !is_plain {
        let codings = codings.into_iter().map(str::to_owned).collect();
        anomalies.push(Anomaly::OddCoding(codings));
    }
    let hosts = fields.all("host").len();
    if hosts != 1 {
        anomalies.push(Anomaly::HostCount(hosts));
    }
    anomalies
}

fn line_anomaly(line: &str) -> Option<Anomaly> {
    let words: Vec<&str> = line.split(' ').collect();
    let [method, target, version] = words[..] else {
        return Some(Anomaly::BadRequestLine);
    };
    if target.is_empty() {
        Some(Anomaly::BadRequestLine)
    } else if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        Some(Anomaly::BadVersion(version.to_owned()))
    } else if method.is_empty() || !method.bytes().all(is_token) {
        Some(Anomaly::BadMethod(method.to_owned()))
    } else {
        None
    }
}
