//! Server-sent events: once a second, what the service has done so far.

use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, Sse},
};
use futures::{Stream, StreamExt as _, stream};
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    app::{App, Full},
    clock::now_ms,
};

/// Time between two events.
const EVERY: Duration = Duration::from_secs(1);

/// One event: totals since the start of the service.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    time_ms: u64,
    uptime_seconds: u64,
    requests: u64,
    uploaded_bytes: u64,
    downloaded_bytes: u64,
    live_streams: usize,
}

impl Report {
    fn of(app: &App) -> Self {
        let counters = &app.counters;
        Self {
            time_ms: now_ms(),
            uptime_seconds: app.started.elapsed().as_secs(),
            requests: counters.requests.load(Ordering::Relaxed),
            uploaded_bytes: counters.uploaded_bytes.load(Ordering::Relaxed),
            downloaded_bytes: counters.downloaded_bytes.load(Ordering::Relaxed),
            live_streams: app.live_streams(),
        }
    }
}

/// `GET /events`: a report every second, numbered. A browser that comes back with `Last-Event-ID` goes on from there.
pub(crate) async fn events(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, axum::Error>>>, Full> {
    let place = app.live_place()?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let stop = app.stop.clone().cancelled_owned();

    let reports = stream::unfold((ticks, last.unwrap_or(0)), move |(mut ticks, last)| {
        let app = app.clone();
        async move {
            ticks.tick().await;
            let id = last.saturating_add(1);
            let event = Event::default().id(id.to_string()).event("report").json_data(Report::of(&app));
            Some((event, (ticks, id)))
        }
    });
    // The place is free again when the visitor leaves and the stream drops.
    let reports = reports.map(move |event| {
        let _held = &place;
        event
    });
    Ok(Sse::new(reports.take_until(stop)))
}
