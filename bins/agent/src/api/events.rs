//! `GET /events`: what happens, as server-sent events with ids, so that a page which comes back misses nothing.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use octoporty_client::{ConnectionState, control::LogTail};
use octoporty_core::message::{LogBatch, LogFilter, LogsRead};
use octoporty_shell::logging::LogFollower;
use serde::{Deserialize, Serialize};
use tokio::time::Interval;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    auth::Caller,
    error::{Answer, Problem},
    logs::LogLine,
    query::Parameters,
    state::ApiState,
    status,
};
use crate::observe::{Follower, Missed, Topic};

/// How often a comment keeps the connection alive, and the session is looked at.
const PING_PERIOD: Duration = Duration::from_secs(15);

/// How long a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// How long the Gateway's log is left alone after it could not be followed.
const TAIL_RETRY: Duration = Duration::from_secs(5);

/// What one wants to hear of.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Some of `status`, `mappings`, `requests`, `stats`, `agent-logs` and `gateway-logs`, comma-separated. Default: all but
    /// the logs.
    #[param(example = "status,requests")]
    topics: Option<String>,
}

/// A stream of events, each with a name, JSON as data, and mostly an id. Names: `status`, `mapping`, `request`, `stats`,
/// `agent-log`, `gateway-log`, `update`, `storage`, `session-expired`, and `resync` when something was missed.
#[derive(Debug, ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "names the stream in the OpenAPI document")]
pub(crate) struct EventStream(String);

#[derive(Debug, Clone, Copy)]
struct Topics {
    status: bool,
    mappings: bool,
    requests: bool,
    stats: bool,
    agent_logs: bool,
    gateway_logs: bool,
}

/// Lines that were left out of a log, as an event tells of it.
#[derive(Debug, Serialize)]
struct Skipped {
    skipped: u64,
}

/// What happens, as it happens. `Last-Event-ID` resumes.
#[utoipa::path(get, path = "/events", tag = "events",
    params(EventsQuery, ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen")),
    responses((status = 200, content_type = "text/event-stream", body = EventStream)))]
pub(crate) async fn events(
    State(state): State<ApiState>,
    caller: Caller,
    Parameters(query): Parameters<EventsQuery>,
    headers: HeaderMap,
) -> Answer<Response> {
    let topics = Topics::read(query.topics.as_deref())?;
    let last_id = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let follower = state.hub.follow(last_id).ok_or_else(|| {
        let message = "Too many pages follow the events. Close some.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-followers", message).retry_after(PING_PERIOD)
    })?;
    let agent_logs = topics.agent_logs.then(|| state.ring.follow(None));
    let first = Event::default().retry(RETRY).event("status");
    let first = first.json_data(status::view(&state)).map_err(|_unserialisable| Problem::internal())?;
    let gateway_logs = topics.gateway_logs.then(|| gateway_lines(state.clone()).boxed());
    let watch = Watch {
        state,
        session: caller.session,
        topics,
        follower,
        agent_logs,
        gateway_logs,
        looks: tokio::time::interval(PING_PERIOD),
        is_over: false,
    };
    let stream = stream::once(async { Ok(first) });
    let sse = Sse::new(stream.chain(watch.into_stream()));
    let sse = sse.keep_alive(KeepAlive::new().interval(PING_PERIOD).text("ping"));
    // Proxies that would hold events back are asked not to.
    let held_back = (HeaderName::from_static("x-accel-buffering"), "no");
    Ok(([(header::CACHE_CONTROL, "no-store"), held_back], sse).into_response())
}

impl Topics {
    fn read(text: Option<&str>) -> Answer<Self> {
        let Some(text) = text else {
            let (agent_logs, gateway_logs) = (false, false);
            return Ok(Self { status: true, mappings: true, requests: true, stats: true, agent_logs, gateway_logs });
        };
        let none = Self {
            status: false,
            mappings: false,
            requests: false,
            stats: false,
            agent_logs: false,
            gateway_logs: false,
        };
        let mut topics = none;
        for topic in text.split(',').map(str::trim).filter(|topic| !topic.is_empty()) {
            match topic {
                "status" => topics.status = true,
                "mappings" => topics.mappings = true,
                "requests" => topics.requests = true,
                "stats" => topics.stats = true,
                "agent-logs" => topics.agent_logs = true,
                "gateway-logs" => topics.gateway_logs = true,
                _ => {
                    let known = "status, mappings, requests, stats, agent-logs, gateway-logs";
                    return Err(Problem::field("topics", format!("has one that is none of {known}")));
                }
            }
        }
        Ok(topics)
    }

    const fn has(self, topic: Topic) -> bool {
        match topic {
            Topic::Status => self.status,
            Topic::Mappings => self.mappings,
            Topic::Requests => self.requests,
            Topic::Stats => self.stats,
        }
    }
}

/// One page that watches.
struct Watch {
    state: ApiState,
    session: Uuid,
    topics: Topics,
    follower: Follower,
    agent_logs: Option<LogFollower>,
    /// Kept, so that what opens it is not begun anew at each event.
    gateway_logs: Option<BoxStream<'static, LogBatch>>,
    looks: Interval,
    /// The session is over, and the page was told.
    is_over: bool,
}

/// What comes next for a page.
enum Next {
    Events(Vec<Event>),
    Nothing,
    End,
}

impl Watch {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let events = stream::unfold(self, |mut watch| async move {
            loop {
                match watch.next().await {
                    Next::Events(events) if !events.is_empty() => {
                        return Some((stream::iter(events.into_iter().map(Ok)), watch));
                    }
                    Next::Events(_) | Next::Nothing => {}
                    Next::End => return None,
                }
            }
        });
        events.flatten()
    }

    /// # Cancel safety
    ///
    /// Cancel safe: each branch is, and nothing is awaited after one of them was taken.
    async fn next(&mut self) -> Next {
        if self.is_over {
            return Next::End;
        }
        let stop = self.state.stop.clone();
        tokio::select! {
            event = self.follower.next() => self.event(event),
            batch = agent_lines(self.agent_logs.as_mut()) => lines("agent-log", batch),
            Some(batch) = next_of(self.gateway_logs.as_mut()) => lines("gateway-log", batch),
            _tick = self.looks.tick() => {
                self.is_over = !self.state.auth.is_live(&self.state.storage, self.session);
                if self.is_over { expired() } else { Next::Nothing }
            }
            () = stop.cancelled() => Next::End,
        }
    }

    fn event(&mut self, event: Result<std::sync::Arc<crate::observe::Event>, Missed>) -> Next {
        let Ok(event) = event else {
            let resync = Event::default().event("resync").data("{}");
            let id = self.follower.last_id();
            return Next::Events(vec![match id {
                Some(id) => resync.id(id),
                None => resync,
            }]);
        };
        // What is for one session alone is its end.
        match event.session {
            Some(session) if session == self.session => self.is_over = true,
            Some(_) => return Next::Nothing,
            None if !self.topics.has(event.topic) => return Next::Nothing,
            None => {}
        }
        let told = Event::default().id(self.follower.id_of(&event)).event(event.name).data(&*event.data);
        Next::Events(vec![told])
    }
}

/// The session is over: the page is told, and hears no more, since it no longer may.
fn expired() -> Next {
    Next::Events(vec![Event::default().event("session-expired").data("{}")])
}

fn lines(name: &'static str, batch: LogBatch) -> Next {
    let skipped =
        (batch.skipped > 0).then(|| Event::default().event(name).json_data(Skipped { skipped: batch.skipped }));
    let entries = batch.entries.into_iter().map(|entry| Event::default().event(name).json_data(LogLine::from(entry)));
    Next::Events(skipped.into_iter().chain(entries).filter_map(Result::ok).collect())
}

async fn agent_lines(follower: Option<&mut LogFollower>) -> LogBatch {
    match follower {
        Some(follower) => follower.next().await,
        None => std::future::pending().await,
    }
}

async fn next_of(logs: Option<&mut BoxStream<'static, LogBatch>>) -> Option<LogBatch> {
    match logs {
        Some(logs) => logs.next().await,
        None => std::future::pending().await,
    }
}

/// Lines of the Gateway, which is asked again when the tunnel is back, for those that it wrote meanwhile too.
fn gateway_lines(state: ApiState) -> impl Stream<Item = LogBatch> + Send {
    stream::unfold(GatewayLines { state, tail: None, after: None }, |mut lines| async move {
        let batch = lines.next().await;
        Some((batch, lines))
    })
}

struct GatewayLines {
    state: ApiState,
    tail: Option<LogTail>,
    /// The last line that was told.
    after: Option<u64>,
}

impl GatewayLines {
    async fn next(&mut self) -> LogBatch {
        loop {
            if let Some(open) = &mut self.tail {
                match open.next().await {
                    Ok(Some(batch)) => {
                        self.after = batch.entries.last().map(|entry| entry.id).or(self.after);
                        return batch;
                    }
                    Ok(None) | Err(_) => self.tail = None,
                }
            }
            let mut status = self.state.agent.status();
            drop(status.wait_for(|status| status.state == ConnectionState::Connected).await);
            if self.after.is_none() {
                self.after = newest_line(&self.state).await;
            }
            match self.state.agent.control().follow_logs(self.after, LogFilter::default()).await {
                Ok(open) => self.tail = Some(open),
                Err(_) => tokio::time::sleep(TAIL_RETRY).await,
            }
        }
    }
}

/// Where a tail starts that has told nothing yet. Without it, one that breaks before its first line would start anew at
/// the end, and what was written meanwhile would never be told.
async fn newest_line(state: &ApiState) -> Option<u64> {
    let page = state.agent.control().logs(LogsRead::newest(1)).await.ok()?;
    page.entries.first().map(|entry| entry.id)
}
