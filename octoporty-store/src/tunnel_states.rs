//! When the tunnel was up, when it was down and why, and when nobody was there to know.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::convert::{cut_option, millis, time};
use crate::database::Fault;
use crate::entity::tunnel_span::{ActiveModel, Column, Entity, Model};
use crate::limits::TUNNEL_SPANS_MAX;
use crate::{Store, StoreError};

/// How the tunnel was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TunnelState {
    /// Up.
    Up,
    /// Down.
    Down,
    /// The program did not run, or could not write.
    Unknown,
}

/// For how long the tunnel was so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelSpan {
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
    /// How it was.
    pub state: TunnelState,
    /// Why it was down.
    pub cause: Option<String>,
}

/// The tunnel's states of a store: those of the last 7 days ([`HISTORY_KEPT`](crate::limits::HISTORY_KEPT)).
#[derive(Debug, Clone, Copy)]
pub struct TunnelStates<'a>(pub(crate) &'a Store);

impl TunnelStates<'_> {
    /// Starts a span at `at`, and ends the one before there.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn change(&self, at: DateTime<Utc>, state: TunnelState, cause: Option<&str>) -> Result<(), StoreError> {
        self.begin(at, state, cause, Before::EndsHere).await
    }

    /// Starts the first span of a run of the program. The one before ends where it was last [`Self::confirm`]ed, and
    /// between them nobody knows.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn start(&self, at: DateTime<Utc>, state: TunnelState, cause: Option<&str>) -> Result<(), StoreError> {
        self.begin(at, state, cause, Before::Ended).await
    }

    async fn begin(
        &self,
        at: DateTime<Utc>,
        state: TunnelState,
        cause: Option<&str>,
        before: Before,
    ) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0.0);
        let cause = cut_option(cause.map(str::to_owned));
        let begin = async move {
            let writer = inner.logs.writer().await?;
            if matches!(before, Before::EndsHere) {
                extend_last(writer.transaction(), at).await?;
            }
            let row = ActiveModel {
                id: NotSet,
                started_at: Set(millis(at)),
                ended_at: Set(millis(at)),
                state: Set(state_to_number(state)),
                cause: Set(cause),
            };
            let added = Entity::insert(row).exec(writer.transaction()).await?.last_insert_id;
            let kept = i64::from(TUNNEL_SPANS_MAX);
            Entity::delete_many().filter(Column::Id.lte(added - kept)).exec(writer.transaction()).await?;
            let _turn = writer.commit().await?;
            Ok(())
        };
        self.0.change_logs(begin).await
    }

    /// Says that the last span still goes on at `at`. Call it each minute: a killed program is missed by that much.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn confirm(&self, at: DateTime<Utc>) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0.0);
        let confirm = async move {
            let writer = inner.logs.writer().await?;
            extend_last(writer.transaction(), at).await?;
            let _turn = writer.commit().await?;
            Ok(())
        };
        self.0.change_logs(confirm).await
    }

    /// The spans from `from` to `to`, oldest first, without gaps: what is not known is [`TunnelState::Unknown`].
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn history(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<TunnelSpan>, StoreError> {
        let read = async {
            let rows = Entity::find()
                .filter(Column::EndedAt.gte(millis(from)))
                .filter(Column::StartedAt.lt(millis(to)))
                .order_by_asc(Column::Id)
                .all(&self.0.0.logs.readers()?)
                .await?;
            gapless(rows, from, to)
        };
        self.0.read_logs(read).await
    }
}

/// What becomes of the span before a new one.
#[derive(Debug, Clone, Copy)]
enum Before {
    /// It lasted until now.
    EndsHere,
    /// It ended when it was last confirmed.
    Ended,
}

async fn extend_last(connection: &impl ConnectionTrait, at: DateTime<Utc>) -> Result<(), Fault> {
    let last = Entity::find().order_by_desc(Column::Id).limit(1).one(connection).await?;
    let Some(last) = last.filter(|last| last.ended_at < millis(at)) else { return Ok(()) };
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(millis(at)))
        .filter(Column::Id.eq(last.id))
        .exec(connection)
        .await?;
    Ok(())
}

/// Cuts spans to a range and fills what is between them. Spans that a clock set back made to overlap are cut too.
fn gapless(rows: Vec<Model>, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<TunnelSpan>, Fault> {
    let mut spans = Vec::with_capacity(rows.len() + 2);
    let mut until = from;
    let unknown = |from, to| TunnelSpan { from, to, state: TunnelState::Unknown, cause: None };
    for row in rows {
        let start = time(row.started_at)?.clamp(until, to.max(until));
        let end = time(row.ended_at)?.clamp(start, to.max(start));
        if start > until {
            spans.push(unknown(until, start));
        }
        if end > start {
            spans.push(TunnelSpan { from: start, to: end, state: state_from_number(row.state), cause: row.cause });
        }
        until = end;
    }
    if to > until {
        spans.push(unknown(until, to));
    }
    Ok(spans)
}

const fn state_to_number(state: TunnelState) -> i64 {
    match state {
        TunnelState::Unknown => 0,
        TunnelState::Up => 1,
        TunnelState::Down => 2,
    }
}

const fn state_from_number(number: i64) -> TunnelState {
    match number {
        1 => TunnelState::Up,
        2 => TunnelState::Down,
        _ => TunnelState::Unknown,
    }
}
