//! From what the tunnel tells of an exchange to what is kept of it.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use octoporty_client::observe::{Detail, ExchangeFailure, ExchangeKind, ExchangeObserver, ExchangeRecord as Exchange};
use octoporty_core::{
    frame::{ResetCode, Side as TunnelSide},
    proxy::RawFields,
};
use octoporty_store::{Failure, Headers, Phases, RequestKind, RequestRecord, Side};
use uuid::Uuid;

use super::{Recorder, Recording, recorder::Told};

impl ExchangeObserver for Recorder {
    /// All exchanges are counted; so many are also told of in full that telling costs a busy tunnel little.
    fn detail(&self) -> Detail {
        if self.inner.recording == Recording::Off {
            return Detail::Nothing;
        }
        if !self.has_room() {
            self.skip();
            return Detail::Nothing;
        }
        if self.inner.recording == Recording::Figures {
            return Detail::Figures;
        }
        let left = self.inner.in_full.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_ok() { Detail::Heads } else { Detail::Figures }
    }

    fn exchange(&self, record: Exchange) {
        self.tell(Told::Raw(record, Utc::now()));
    }
}

/// The record as it is kept, and whether it was told of in full.
pub(super) fn kept(exchange: &Exchange, ended_at: DateTime<Utc>) -> (RequestRecord, bool) {
    let mut record = RequestRecord {
        id: Uuid::from_u128(exchange.id.as_u128()),
        at: ended_at - exchange.duration,
        mapping: Some(Uuid::from_u128(exchange.mapping.as_u128())),
        method: String::new(),
        host: String::new(),
        path: String::new(),
        query: None,
        protocol: String::new(),
        kind: match exchange.kind {
            ExchangeKind::Upgrade => RequestKind::Upgrade,
            _ => RequestKind::Http,
        },
        status: exchange.status,
        request_bytes: exchange.request_bytes,
        response_bytes: exchange.response_bytes,
        duration: exchange.duration,
        phases: phases(exchange),
        visitor: String::new(),
        user_agent: None,
        failure: exchange.failure.as_ref().map(failure),
        headers: None,
    };
    let Some(head) = exchange.request() else {
        return (record, false);
    };
    let target = String::from_utf8_lossy(head.target);
    let (path, query) = target.split_once('?').map_or((&*target, None), |(path, query)| (path, Some(query)));
    head.method.clone_into(&mut record.method);
    record.protocol = head.version.map(|version| format!("{version:?}")).unwrap_or_default();
    path.clone_into(&mut record.path);
    record.query = query.map(str::to_owned);
    for (name, value) in head.fields {
        let text = || String::from_utf8_lossy(value).into_owned();
        match name {
            b"host" => record.host = text(),
            b"x-real-ip" => record.visitor = text(),
            b"user-agent" => record.user_agent = Some(text()),
            _ => {}
        }
    }
    let response = exchange.answer().map(|head| texts(head.fields)).unwrap_or_default();
    record.headers = Some(Headers { request: texts(head.fields), response });
    (record, true)
}

fn texts(fields: RawFields<'_>) -> Vec<(String, String)> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    fields.map(|(name, value)| (text(name), text(value))).collect()
}

fn phases(exchange: &Exchange) -> Phases {
    let told = exchange.phases;
    Phases { gateway: told.gateway, tunnel: told.tunnel, connect: told.connect, wait: told.wait, answer: told.answer }
}

fn failure(failure: &ExchangeFailure) -> Failure {
    let side = match failure.side {
        TunnelSide::Visitor => Side::Visitor,
        TunnelSide::Tunnel => Side::Tunnel,
        TunnelSide::Upstream => Side::Service,
        _ => Side::Gateway,
    };
    let cause = match failure.code {
        ResetCode::Timeout => "timed-out",
        ResetCode::Unreachable => "unreachable",
        ResetCode::BadAnswer => "bad-answer",
        ResetCode::BadRequest => "bad-request",
        ResetCode::TooLarge => "too-large",
        ResetCode::NoMapping => "no-mapping",
        ResetCode::Forbidden => "not-allowed",
        ResetCode::Refused => "draining",
        ResetCode::Cancelled if failure.side == TunnelSide::Visitor => "visitor-left",
        _ if failure.side == TunnelSide::Tunnel => "tunnel-lost",
        _ => "connection-lost",
    };
    Failure { side, cause: cause.to_owned(), message: failure.message.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::recorder::IN_FULL_MAX;

    #[test]
    fn no_more_is_asked_for_than_is_kept() {
        for (recording, expected) in
            [(Recording::On, Detail::Heads), (Recording::Figures, Detail::Figures), (Recording::Off, Detail::Nothing)]
        {
            let (recorder, _records) = Recorder::new(Utc::now(), recording);
            assert_eq!(recorder.detail(), expected, "{recording:?}");
            assert_eq!(recorder.skipped(), 0, "what is not wanted is not missed");
        }
    }

    #[test]
    fn beyond_a_burst_requests_are_counted_alone() {
        let (recorder, _records) = Recorder::new(Utc::now(), Recording::On);
        let in_full = (0..2 * IN_FULL_MAX).filter(|_| recorder.detail() == Detail::Heads).count();
        assert_eq!(u32::try_from(in_full), Ok(IN_FULL_MAX));
    }
}
