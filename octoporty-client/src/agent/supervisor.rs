//! Keeps the tunnel up: dials, syncs, watches, and dials again.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{
    FutureExt,
    future::{BoxFuture, Fuse, FusedFuture},
};
use octoporty_core::{
    id::SessionId,
    limits::LANES_MAX,
    message::{GoAway, GoAwayReason, RefusedRoute, Route, RoutesSynced, Welcome, decode, encode_routes},
    proto::ConnectionError,
    session::{CallError, Lane},
};
use tokio::time::Instant;

use super::{
    handle::Inner,
    lane::{self, LaneError},
};
use crate::{
    ConnectionState, Event, Failure, RouteProblem, Status, TunnelFailure, connect::Backoff, events::EVENTS_MAX,
};

/// Largest answer to a sync, in bytes: a thousand refusals.
const SYNCED_BYTES_MAX: usize = 1 << 20;

/// How long a sync may take before the connection counts as broken.
const SYNC_TIMEOUT: Duration = Duration::from_secs(30);

/// Mappings of a set that followers are told of one by one.
const ROUTES_TOLD_MAX: usize = EVENTS_MAX / 4;

/// How often the round trip is read for the status.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);

/// Pause before dialling again after another process with the same identity took over: two that fight would flap.
const REPLACED_PAUSE: Duration = Duration::from_secs(60);

/// Longest pause that a refusal can ask for, so that no Gateway puts an Agent to sleep for good (R36).
const REFUSED_PAUSE_MAX: Duration = Duration::from_secs(3600);

/// Errors behind an error that are shown: more would not be read.
const CAUSES_MAX: usize = 8;

/// Why a session is over, or to be replaced.
enum End {
    /// All its lanes are lost.
    Lost { reason: String, failure: TunnelFailure },
    /// The Gateway wants the Agent to go; what is open may finish on the old lanes.
    GoAway(GoAway),
    /// The user wants a new one.
    Reconnect,
    /// The Agent stops.
    Stopping,
}

/// Runs until the Agent stops.
pub(super) async fn run(inner: Arc<Inner>) {
    let mut backoff = Backoff::new();
    let mut first = true;
    while !inner.stopping.is_cancelled() {
        let state = if first { ConnectionState::Connecting } else { ConnectionState::Reconnecting };
        first = false;
        let mut attempt = 0;
        inner.enter(state, |status| {
            status.attempts = status.attempts.saturating_add(1);
            status.next_attempt = None;
            attempt = status.attempts;
            // Said of the session before.
            status.gateway_restart = None;
        });
        inner.tell(Event::Connecting { attempt });
        let mut pause = None;
        let connected = tokio::select! {
            connected = connect(&inner) => connected,
            () = inner.stopping.cancelled() => break,
        };
        match connected {
            Ok(session) => {
                let begin = Instant::now();
                let end = session.hold(&inner).await;
                inner.lanes.set(Vec::new());
                backoff.connected_for(begin.elapsed());
                match end {
                    End::Stopping => break,
                    End::Reconnect => {
                        pause = Some(Duration::ZERO);
                        replaced(&inner);
                    }
                    End::Lost { reason, failure } => lost(&inner, &mut backoff, Failure::new(failure, reason)),
                    End::GoAway(go_away) => pause = leave(&inner, &mut backoff, &go_away),
                }
            }
            Err(error) => {
                pause = retry_after(&error);
                let failure = Failure::new(TunnelFailure::from(&error), error.to_string());
                let cause = causes(&error);
                tracing::warn!(error = %failure, code = failure.code(), cause, "not connected");
                inner.enter(ConnectionState::Reconnecting, |status| down(status, &failure));
                inner.tell(Event::SessionDown { failure });
            }
        }
        wait(&inner, pause.unwrap_or_else(|| backoff.next_delay())).await;
    }
    inner.enter(ConnectionState::Disconnected, |status| {
        status.next_attempt = None;
    });
}

/// What is behind an error, if it names something: for the log, where somebody looks for the reason.
fn causes(error: &dyn std::error::Error) -> Option<String> {
    let sources = std::iter::successors(error.source(), |error| error.source());
    let texts: Vec<_> = sources.take(CAUSES_MAX).map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(": "))
}

/// A new connection was asked for, which is no error.
fn replaced(inner: &Inner) {
    inner.enter(ConnectionState::Reconnecting, |status| {
        status.last_disconnected = Some(Instant::now());
        status.lanes = 0;
        status.last_failure = Some(TunnelFailure::Reconnect);
    });
    let failure = Failure::new(TunnelFailure::Reconnect, "a new connection was asked for".to_owned());
    inner.tell(Event::SessionDown { failure });
}

fn lost(inner: &Inner, backoff: &mut Backoff, failure: Failure) {
    tracing::warn!(reason = %failure, "tunnel lost");
    // It was to come, and others lost theirs at the same moment.
    if let Some(spread) = inner.status.borrow().gateway_restart {
        backoff.hint(spread);
    }
    inner.enter(ConnectionState::Reconnecting, |status| {
        status.last_disconnected = Some(Instant::now());
        status.lanes = 0;
        down(status, &failure);
    });
    inner.tell(Event::SessionDown { failure });
}

fn down(status: &mut Status, failure: &Failure) {
    status.last_error = Some(failure.to_string());
    status.last_failure = Some(failure.kind());
}

/// The Gateway goes or sends us away: how long to wait before dialling.
fn leave(inner: &Inner, backoff: &mut Backoff, go_away: &GoAway) -> Option<Duration> {
    let message = format!("the gateway ended the session: {}", go_away.message);
    tracing::info!(reason = ?go_away.reason, message = go_away.message, "the gateway ends the session");
    let failure = Failure::new(go_away.reason.into(), message);
    inner.enter(ConnectionState::Reconnecting, |status| {
        status.last_disconnected = Some(Instant::now());
        status.lanes = 0;
        down(status, &failure);
    });
    inner.tell(Event::SessionDown { failure });
    match go_away.reason {
        GoAwayReason::Replaced => {
            tracing::error!("another process with the same agent id took over; does it run twice?");
            Some(REPLACED_PAUSE)
        }
        // The lane is worn out, not the Gateway.
        GoAwayReason::Exhausted => Some(Duration::ZERO),
        _ => {
            backoff.hint(Duration::from_millis(u64::from(go_away.spread_ms)));
            None
        }
    }
}

async fn wait(inner: &Inner, pause: Duration) {
    let due = Instant::now() + pause;
    inner.status.send_modify(|status| status.next_attempt = Some(due));
    inner.tell(Event::Waiting { retry_in: pause });
    tokio::select! {
        () = tokio::time::sleep_until(due) => {}
        () = inner.reconnect.notified() => {}
        () = inner.stopping.cancelled() => {}
    }
}

fn retry_after(error: &ConnectError) -> Option<Duration> {
    match error {
        ConnectError::Lane(LaneError::Dial(error)) => error.retry_after(),
        ConnectError::Lane(LaneError::Handshake(ConnectionError::Refused(refused))) if refused.retry_after_ms > 0 => {
            Some(Duration::from_millis(refused.retry_after_ms).min(REFUSED_PAUSE_MAX))
        }
        _ => None,
    }
}

#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error(transparent)]
    Lane(#[from] LaneError),
    #[error("the mappings could not be synced: {0}")]
    Sync(String),
}

impl From<&ConnectError> for TunnelFailure {
    fn from(error: &ConnectError) -> Self {
        match error {
            ConnectError::Lane(LaneError::Dial(error)) => error.into(),
            ConnectError::Lane(LaneError::Handshake(error)) => error.into(),
            ConnectError::Lane(LaneError::Transport(_)) => Self::Unreachable,
            ConnectError::Lane(LaneError::Stopping) => Self::Lost,
            ConnectError::Sync(_) => Self::Sync,
        }
    }
}

/// Dials the first lane and syncs the mappings.
async fn connect(inner: &Arc<Inner>) -> Result<Session, ConnectError> {
    let at = Arc::clone(inner);
    let dialled = move || at.enter(ConnectionState::Authenticating, |_| {});
    let (lane, welcome) = lane::open(inner, 0, None, dialled).await?;
    inner.enter(ConnectionState::Syncing, |_| {});
    if let Err(error) = sync(inner, &lane).await {
        lane.close();
        return Err(ConnectError::Sync(error.to_string()));
    }
    // Who asked for a new connection while this one was being made has got it; who asks once it counts as made, wants
    // another.
    let _stale = inner.reconnect.notified().now_or_never();
    let now = Instant::now();
    inner.lanes.set(vec![lane.clone()]);
    tracing::info!(
        gateway = inner.way.address(),
        name = welcome.name,
        version = welcome.version,
        session = %welcome.session,
        "connected"
    );
    inner.enter(ConnectionState::Connected, |status| {
        status.last_connected = Some(now);
        status.attempts = 0;
        status.last_error = None;
        status.share_domain = welcome.share_domain.clone();
        status.session = Some(welcome.session);
        status.gateway_name = Some(welcome.name.clone());
        status.gateway_version = Some(welcome.version.clone());
        status.gateway_started = now.checked_sub(Duration::from_secs(welcome.uptime_s));
        status.lanes = 1;
        status.round_trip = lane.round_trip();
    });
    inner.tell(Event::SessionUp { session: welcome.session, gateway: inner.way.address() });
    let wanted = usize::from(welcome.lanes.clamp(1, LANES_MAX).min(inner.lanes_max));
    let Welcome { session, .. } = welcome;
    Ok(Session { id: session, lanes: vec![Some(lane)], wanted })
}

/// Tells the Gateway all mappings, and the status what it said.
async fn sync(inner: &Inner, lane: &Lane) -> Result<(), CallError> {
    let (revision, routes) = inner.mappings.routes();
    let body = Bytes::from(encode_routes(&routes));
    let call = lane.call("routes.sync", body, SYNCED_BYTES_MAX);
    let answer = match tokio::time::timeout(SYNC_TIMEOUT, call).await {
        Ok(answer) => answer?,
        Err(_elapsed) => {
            let message = format!("no answer within {} s", SYNC_TIMEOUT.as_secs());
            return Err(CallError::Failed { code: "timeout".to_owned(), message });
        }
    };
    let synced: RoutesSynced = decode("answer to a sync", &answer)?;
    for refused in synced.refused.iter().filter(|refused| !is_known(inner, refused)) {
        tracing::warn!(domain = %refused.domain, code = refused.code, message = refused.message, "mapping not live");
    }
    tell_of_routes(inner, routes, &synced);
    let named = u32::try_from(synced.refused.len()).unwrap_or(u32::MAX);
    inner.status.send_modify(|status| {
        status.synced = Some(revision);
        status.live = synced.live;
        status.unnamed_problems = synced.refused_count.saturating_sub(named);
        status.problems = synced
            .refused
            .into_iter()
            .map(|refused| RouteProblem {
                id: refused.id,
                domain: refused.domain,
                code: refused.code,
                message: refused.message,
            })
            .collect();
    });
    Ok(())
}

/// Tells followers of each mapping. Large sets are told of by the status alone: they would push all else out.
fn tell_of_routes(inner: &Inner, routes: Vec<Route>, synced: &RoutesSynced) {
    if routes.len() > ROUTES_TOLD_MAX || inner.events.receiver_count() == 0 {
        return;
    }
    for Route { id, domain: host } in routes {
        inner.tell(match synced.refused.iter().find(|refused| refused.id == id && refused.domain == host) {
            Some(refused) => {
                let (code, message) = (refused.code.clone(), refused.message.clone());
                Event::EndpointRefused { host, code, message }
            }
            None => Event::EndpointLive { host },
        });
    }
}

/// Whether the Gateway said so before, so that it is no news.
fn is_known(inner: &Inner, refused: &RefusedRoute) -> bool {
    let status = inner.status.borrow();
    status.problems.iter().any(|known| known.id == refused.id && known.code == refused.code)
}

/// What came of dialling a lane of a session again, and which.
type Opened = (usize, Result<(Lane, Welcome), LaneError>);

/// A session that is up.
struct Session {
    id: SessionId,
    /// By number; a lost one is dialled again.
    lanes: Vec<Option<Lane>>,
    wanted: usize,
}

impl Session {
    /// Holds the session until it is over or to be replaced.
    async fn hold(mut self, inner: &Arc<Inner>) -> End {
        let mut opening = Fuse::terminated();
        let end = self.until_end(inner, &mut opening).await;
        if !opening.is_terminated() {
            // A lane that comes up now belongs to no session.
            inner.tasks.spawn(async move {
                if let (_index, Ok((lane, _welcome))) = opening.await {
                    lane.close();
                }
            });
        }
        end
    }

    async fn until_end(&mut self, inner: &Arc<Inner>, opening: &mut Fuse<BoxFuture<'static, Opened>>) -> End {
        self.lanes.resize(self.wanted, None);
        let mut redial = Backoff::new();
        let mut redial_at = Instant::now();
        let mut status = tokio::time::interval(STATUS_INTERVAL);
        let (mut reason, mut failure) = (String::new(), TunnelFailure::Lost);
        let mut offer_again_at = Instant::now() + inner.offer_interval;
        let mut syncing: Fuse<BoxFuture<'static, ()>> = Fuse::terminated();
        loop {
            if self.up().next().is_none() {
                return End::Lost { reason, failure };
            }
            let missing = self.lanes.iter().position(Option::is_none);
            tokio::select! {
                // A goodbye counts even when the end came right behind it.
                biased;
                // Each lane says goodbye by itself.
                () = inner.stopping.cancelled() => return End::Stopping,
                () = inner.reconnect.notified() => {
                    self.close();
                    return End::Reconnect;
                }
                go_away = first_leaving(&self.lanes) => {
                    return End::GoAway(go_away);
                }
                (index, error) = first_closed(&self.lanes) => {
                    reason = error.to_string();
                    if let Some(cause) = causes(&error) {
                        reason = format!("{reason}: {cause}");
                    }
                    failure = TunnelFailure::from(&error);
                    self.lanes[index] = None;
                    self.publish(inner);
                }
                () = &mut syncing => offer_again_at = Instant::now() + inner.offer_interval,
                () = inner.changed.notified(), if syncing.is_terminated() => syncing = self.sync(inner),
                () = tokio::time::sleep_until(offer_again_at),
                    if syncing.is_terminated() && !inner.status.borrow().problems.is_empty() =>
                {
                    syncing = self.sync(inner);
                }
                _tick = status.tick() => self.tell(inner),
                (index, opened) = &mut *opening => match opened {
                    Ok((lane, _welcome)) => {
                        self.lanes[index] = Some(lane);
                        self.publish(inner);
                    }
                    Err(error) => {
                        tracing::debug!(%error, lane = index, "lane not opened");
                        redial_at = Instant::now() + redial.next_delay();
                    }
                },
                () = tokio::time::sleep_until(redial_at), if missing.is_some() && opening.is_terminated() => {
                    let (inner, index, session) = (Arc::clone(inner), missing.unwrap_or_default(), self.id);
                    let dial = async move { (index, lane::open(&inner, index, Some(session), || {}).await) };
                    *opening = dial.boxed().fuse();
                }
            }
        }
    }

    /// Syncs the mappings over a lane that is up; one that cannot take them is not kept.
    fn sync(&self, inner: &Arc<Inner>) -> Fuse<BoxFuture<'static, ()>> {
        let (inner, lane) = (Arc::clone(inner), self.up().next().cloned());
        let syncing = async move {
            if let Some(lane) = lane
                && let Err(error) = sync(&inner, &lane).await
            {
                tracing::warn!(%error, "mappings not synced");
                lane.close();
            }
        };
        syncing.boxed().fuse()
    }

    fn up(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().flatten()
    }

    /// The row of lanes has changed.
    fn publish(&self, inner: &Inner) {
        inner.lanes.set(self.up().cloned().collect());
        self.tell(inner);
    }

    fn tell(&self, inner: &Inner) {
        let round_trip = self.up().filter_map(Lane::round_trip).min();
        let lanes = self.up().count();
        inner.status.send_if_modified(|status| {
            let changed = (status.lanes, status.round_trip) != (lanes, round_trip);
            status.lanes = lanes;
            status.round_trip = round_trip;
            changed
        });
    }

    fn close(&self) {
        for lane in self.up() {
            lane.close();
        }
    }
}

/// The first lane that is over, and why.
async fn first_closed(lanes: &[Option<Lane>]) -> (usize, ConnectionError) {
    let closing = lanes.iter().enumerate().filter_map(|(index, lane)| {
        let lane = lane.as_ref()?;
        Some(Box::pin(async move { (index, lane.closed().await) }))
    });
    futures::future::select_all(closing).await.0
}

/// The first lane whose peer leaves.
async fn first_leaving(lanes: &[Option<Lane>]) -> GoAway {
    let leaving = lanes.iter().flatten().map(|lane| {
        Box::pin(async move {
            match lane.peer_leaves().await {
                Some(go_away) => go_away,
                // Lost without a word: the other branch sees to it.
                None => std::future::pending().await,
            }
        })
    });
    futures::future::select_all(leaving).await.0
}

#[cfg(test)]
mod tests {
    use octoporty_core::message::{RefusalCode, Refused};

    use super::*;

    #[test]
    fn a_refusal_asks_for_an_hour_at_most() {
        let paused = |retry_after_ms| {
            let refused = Refused { code: RefusalCode::Draining, message: String::new(), retry_after_ms };
            retry_after(&ConnectError::Lane(LaneError::Handshake(ConnectionError::Refused(refused))))
        };
        assert_eq!(paused(0), None);
        assert_eq!(paused(1500), Some(Duration::from_millis(1500)));
        assert_eq!(paused(u64::MAX), Some(REFUSED_PAUSE_MAX));
    }
}
