//! A request's way into its row and back. On the way in, secrets are masked and texts are cut (R55).

use std::time::Duration;

use sea_orm::ActiveValue::Set;

use crate::convert::{duration_us, from_us, number, time, unsigned};
use crate::database::Fault;
use crate::entity::request::{ActiveModel, Model};
use crate::entity::request_headers;
use crate::limits::{HEADER_BYTES_MAX, TEXT_BYTES_MAX};
use crate::redact::{mask_headers, mask_query};
use crate::sequence;
use crate::{Failure, Headers, Phases, RequestKind, RequestRecord, Side};

/// What stands for answers of which there was none among the classes of their status.
pub(crate) const NO_CLASS: i64 = 0;

pub(crate) const fn side_to_number(side: Side) -> i64 {
    match side {
        Side::Service => 0,
        Side::Tunnel => 1,
        Side::Gateway => 2,
        Side::Visitor => 3,
    }
}

pub(crate) fn side_from_number(number: i64) -> Result<Side, Fault> {
    let side = Side::ALL.into_iter().find(|side| side_to_number(*side) == number);
    side.ok_or_else(|| Fault::damaged(format!("no side: {number}")))
}

/// The row of a request, without its headers.
pub(crate) fn to_row(seq: i64, record: &RequestRecord) -> ActiveModel {
    let phases = record.phases;
    let us = |duration: Option<Duration>| Set(duration.map(duration_us));
    let failure = record.failure.as_ref();
    let query = record.query.as_deref().map(mask_query);
    ActiveModel {
        seq: Set(seq),
        request_id: Set(record.id),
        mapping_id: Set(record.mapping),
        method: Set(copy(&record.method)),
        host: Set(copy(&record.host)),
        path: Set(copy(&record.path)),
        query: Set(query.as_deref().map(copy)),
        protocol: Set(copy(&record.protocol)),
        kind: Set(match record.kind {
            RequestKind::Http => 0,
            RequestKind::Upgrade => 1,
        }),
        status: Set(record.status.map(i64::from)),
        status_class: Set(record.status.map_or(NO_CLASS, |status| i64::from(status / 100))),
        request_bytes: Set(number(record.request_bytes)),
        response_bytes: Set(number(record.response_bytes)),
        duration_us: Set(duration_us(record.duration)),
        gateway_us: us(phases.gateway),
        tunnel_us: us(phases.tunnel),
        connect_us: us(phases.connect),
        wait_us: us(phases.wait),
        answer_us: us(phases.answer),
        visitor: Set(copy(&record.visitor)),
        user_agent: Set(record.user_agent.as_deref().map(copy)),
        side: Set(failure.map(|failure| side_to_number(failure.side))),
        cause: Set(failure.map(|failure| copy(&failure.cause))),
        message: Set(failure.map(|failure| copy(&failure.message))),
    }
}

/// As much of a text as a log keeps.
fn copy(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}

pub(crate) fn from_row(row: Model) -> Result<RequestRecord, Fault> {
    let failure = match (row.side, row.cause, row.message) {
        (Some(side), cause, message) => Some(Failure {
            side: side_from_number(side)?,
            cause: cause.unwrap_or_default(),
            message: message.unwrap_or_default(),
        }),
        (None, ..) => None,
    };
    Ok(RequestRecord {
        id: row.request_id,
        at: time(sequence::millis(row.seq))?,
        mapping: row.mapping_id,
        method: row.method,
        host: row.host,
        path: row.path,
        query: row.query,
        protocol: row.protocol,
        kind: if row.kind == 0 { RequestKind::Http } else { RequestKind::Upgrade },
        status: row.status.and_then(|status| u16::try_from(status).ok()),
        request_bytes: unsigned(row.request_bytes),
        response_bytes: unsigned(row.response_bytes),
        duration: from_us(row.duration_us),
        phases: Phases {
            gateway: row.gateway_us.map(from_us),
            tunnel: row.tunnel_us.map(from_us),
            connect: row.connect_us.map(from_us),
            wait: row.wait_us.map(from_us),
            answer: row.answer_us.map(from_us),
        },
        visitor: row.visitor,
        user_agent: row.user_agent,
        failure,
        headers: None,
    })
}

/// Header fields as their row has them: masked, cut, and in two pieces of memory instead of four for each field.
#[derive(Debug, Clone)]
pub(crate) struct HeaderTexts {
    request: String,
    response: String,
}

impl HeaderTexts {
    pub(crate) fn of(headers: Headers) -> Self {
        Self { request: fields_to_text(headers.request), response: fields_to_text(headers.response) }
    }

    pub(crate) fn to_row(&self, seq: i64) -> request_headers::ActiveModel {
        request_headers::ActiveModel {
            seq: Set(seq),
            request: Set(self.request.clone()),
            response: Set(self.response.clone()),
        }
    }
}

pub(crate) fn headers_from_row(row: &request_headers::Model) -> Result<Headers, Fault> {
    let read = |text: &str| {
        serde_json::from_str(text).map_err(|error| Fault::damaged(format!("the headers of a request: {error}")))
    };
    Ok(Headers { request: read(&row.request)?, response: read(&row.response)? })
}

fn fields_to_text(mut fields: Vec<(String, String)>) -> String {
    mask_headers(&mut fields);
    let mut bytes = 0;
    let within = fields.iter().take_while(|(name, value)| {
        bytes += name.len() + value.len();
        bytes <= HEADER_BYTES_MAX
    });
    let kept = within.count();
    serde_json::to_string(&fields[..kept]).expect("pairs of texts are always JSON")
}
