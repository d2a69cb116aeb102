//! `GET /stats`: a point a minute, with gaps where nobody was there to count.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json, extract::State};
use chrono::{DateTime, TimeDelta, Utc};
use octoporty_store::{MinuteRecord, TunnelState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::points::StatsPoint;
use crate::{
    api::{
        error::{Answer, Problem},
        query::Parameters,
        state::ApiState,
    },
    clock::Timestamp,
};

/// Minutes, unless another number is asked for.
const MINUTES: u32 = 60;

/// Most minutes: a day.
const MINUTES_MAX: u32 = 24 * 60;

const MINUTE: Duration = Duration::from_secs(60);

/// Of what, and how far back.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsQuery {
    /// Of this mapping alone.
    mapping: Option<Uuid>,
    /// 1 to 1440; default 60.
    #[param(minimum = 1, maximum = 1440)]
    minutes: Option<u32>,
}

/// A point a minute.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    from: Timestamp,
    to: Timestamp,
    #[schema(example = 60)]
    step_seconds: u32,
    /// Oldest first, one more than minutes were asked for; the last one is the present minute. Null: the Agent did not
    /// run.
    points: Vec<Option<StatsPoint>>,
    /// When the tunnel was down, and why.
    gaps: Vec<Gap>,
}

/// When the tunnel was down.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Gap {
    from: Timestamp,
    to: Timestamp,
    reason: String,
}

/// What happened in each of the last minutes.
#[utoipa::path(get, path = "/stats", tag = "statistics", params(StatsQuery), responses((status = 200, body = Stats)))]
pub(crate) async fn stats(
    State(state): State<ApiState>,
    Parameters(query): Parameters<StatsQuery>,
) -> Answer<Json<Stats>> {
    let minutes = query.minutes.unwrap_or(MINUTES);
    if !(1..=MINUTES_MAX).contains(&minutes) {
        return Err(Problem::field("minutes", format!("is not from 1 to {MINUTES_MAX}")));
    }
    let present = minute_of(Utc::now());
    let from = present - TimeDelta::minutes(i64::from(minutes));
    let to = present + TimeDelta::minutes(1);
    let all = read(&state, None, from, to).await;
    let of_mapping = match query.mapping {
        Some(mapping) => Some(read(&state, Some(mapping), from, to).await),
        None => None,
    };
    let points = (0..=minutes).map(|minute| {
        let at = from + TimeDelta::minutes(i64::from(minute));
        let ran = all.get(&at).is_some_and(|record| !record.observed.is_zero() || record.requests > 0);
        let records = of_mapping.as_ref().unwrap_or(&all);
        let quiet = || MinuteRecord::new(at, query.mapping);
        // The present minute has not been observed in its first second.
        (ran || at == present).then(|| StatsPoint::of(&records.get(&at).cloned().unwrap_or_else(quiet)))
    });
    let points = points.collect();
    let gaps = gaps(&state, from, Utc::now()).await;
    Ok(Json(Stats { from: from.into(), to: to.into(), step_seconds: 60, points, gaps }))
}

/// What is saved and what is not yet, by minute.
async fn read(
    state: &ApiState,
    mapping: Option<Uuid>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> BTreeMap<DateTime<Utc>, MinuteRecord> {
    let saved = match state.storage.if_open() {
        Some(store) => store.minutes().range(mapping, from, to).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "saved statistics cannot be read");
            Vec::new()
        }),
        None => Vec::new(),
    };
    let mut minutes: BTreeMap<_, MinuteRecord> = BTreeMap::new();
    for record in saved.into_iter().chain(state.recorder.unsaved_minutes(mapping)) {
        if (from..to).contains(&record.minute) {
            minutes.entry(record.minute).and_modify(|known| known.merge(&record)).or_insert(record);
        }
    }
    for minute in minutes.values_mut() {
        minute.observed = minute.observed.min(MINUTE);
        minute.tunnel_up = minute.tunnel_up.min(minute.observed);
    }
    minutes
}

async fn gaps(state: &ApiState, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Gap> {
    let Some(store) = state.storage.if_open() else { return Vec::new() };
    let spans = store.tunnel_states().history(from, to).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the tunnel's history cannot be read");
        Vec::new()
    });
    let gap = |span: octoporty_store::TunnelSpan| {
        let reason = match span.state {
            TunnelState::Up => return None,
            // Not confirmed yet. The Agent runs, or nobody would be asked.
            TunnelState::Unknown if span.to >= to => return None,
            TunnelState::Down => span.cause.unwrap_or_else(|| "The tunnel was down.".to_owned()),
            _ => "The Agent did not run.".to_owned(),
        };
        Some(Gap { from: span.from.into(), to: span.to.into(), reason })
    };
    spans.into_iter().filter_map(gap).collect()
}

fn minute_of(now: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(now.timestamp().div_euclid(60) * 60, 0).unwrap_or(now)
}
