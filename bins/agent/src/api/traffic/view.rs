//! An exchange as the API shows it.

use std::time::Duration;

use octoporty_store::{Failure, Phases, RequestKind, RequestRecord, Side};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{api::status::milliseconds, clock::Timestamp};

/// One exchange with a visitor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Request)]
pub(crate) struct RequestView {
    /// The request id, which the visitor got too.
    id: Uuid,
    /// When it began.
    at: Timestamp,
    mapping_id: Option<Uuid>,
    method: String,
    host: String,
    path: String,
    /// Without the `?`; values of secrets are masked.
    query: Option<String>,
    /// The HTTP that came to the Gateway, from the visitor or a proxy between; empty if only figures were kept.
    #[schema(example = "HTTP/1.1")]
    protocol: String,
    kind: KindView,
    /// Null: there was no answer.
    status: Option<u16>,
    request_bytes: u64,
    response_bytes: u64,
    duration_ms: f64,
    phases: PhasesView,
    /// The visitor's address.
    visitor: String,
    user_agent: Option<String>,
    failure: Option<FailureView>,
}

/// A request and its answer, or a connection that changed to another protocol.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = RequestKind)]
pub(crate) enum KindView {
    Http,
    Upgrade,
}

/// How long each part took; null for what did not happen.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Phases)]
pub(crate) struct PhasesView {
    gateway_ms: Option<f64>,
    tunnel_ms: Option<f64>,
    connect_ms: Option<f64>,
    wait_ms: Option<f64>,
    answer_ms: Option<f64>,
}

/// What went wrong, and where.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Failure)]
pub(crate) struct FailureView {
    side: SideView,
    cause: String,
    message: String,
}

/// Where something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Side)]
pub(crate) enum SideView {
    Service,
    Tunnel,
    Gateway,
    Visitor,
}

impl RequestView {
    pub(crate) fn of(record: &RequestRecord) -> Self {
        Self {
            id: record.id,
            at: record.at.into(),
            mapping_id: record.mapping,
            method: record.method.clone(),
            host: record.host.clone(),
            path: record.path.clone(),
            // Masked when it was written; again here for records that were not (R55).
            query: record.query.as_deref().map(|query| octoporty_store::mask_query(query).into_owned()),
            protocol: record.protocol.clone(),
            kind: match record.kind {
                RequestKind::Upgrade => KindView::Upgrade,
                _ => KindView::Http,
            },
            status: record.status,
            request_bytes: record.request_bytes,
            response_bytes: record.response_bytes,
            duration_ms: milliseconds(record.duration),
            phases: PhasesView::of(&record.phases),
            visitor: record.visitor.clone(),
            user_agent: record.user_agent.clone(),
            failure: record.failure.as_ref().map(FailureView::of),
        }
    }
}

impl PhasesView {
    fn of(phases: &Phases) -> Self {
        let ms = |phase: Option<Duration>| phase.map(milliseconds);
        Self {
            gateway_ms: ms(phases.gateway),
            tunnel_ms: ms(phases.tunnel),
            connect_ms: ms(phases.connect),
            wait_ms: ms(phases.wait),
            answer_ms: ms(phases.answer),
        }
    }
}

impl FailureView {
    fn of(failure: &Failure) -> Self {
        Self { side: failure.side.into(), cause: failure.cause.clone(), message: failure.message.clone() }
    }
}

impl From<Side> for SideView {
    fn from(side: Side) -> Self {
        match side {
            Side::Service => Self::Service,
            Side::Tunnel => Self::Tunnel,
            Side::Visitor => Self::Visitor,
            _ => Self::Gateway,
        }
    }
}

impl From<SideView> for Side {
    fn from(side: SideView) -> Self {
        match side {
            SideView::Service => Self::Service,
            SideView::Tunnel => Self::Tunnel,
            SideView::Gateway => Self::Gateway,
            SideView::Visitor => Self::Visitor,
        }
    }
}
