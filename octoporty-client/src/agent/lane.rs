//! One lane: dialled and served on one shard, to its end.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use octoporty_core::{
    frame::StreamKind,
    id::SessionId,
    message::{GoAwayReason, Hello, Welcome},
    proto::ConnectionError,
    proxy::{RawRequestHead, respond},
    session::{self, Incoming, Lane},
    transport::WebSocket,
    version::{VERSION, WIRE_VERSION},
};

use super::{
    forward::{Forward, Notes},
    handle::{Inner, Shard},
    plain::Plain,
    told,
};
use crate::{
    connect::{BoxedTransport, DialError, GatewayIo, Way, dial},
    mapping::Mappings,
    observe::{ExchangeKind, Watch},
    upstream::UpstreamClient,
};

/// Why a lane did not come up.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaneError {
    #[error(transparent)]
    Dial(#[from] DialError),
    #[error("the gateway did not open the tunnel: {0}")]
    Handshake(#[from] ConnectionError),
    #[error("no transport: {0}")]
    Transport(std::io::Error),
    #[error("the shard is stopping")]
    Stopping,
}

/// Dials a lane on shard number `index` and waits for its welcome. Its driver and its requests run on that shard, until
/// it is over.
pub(super) async fn open(
    inner: &Arc<Inner>,
    index: usize,
    session: Option<SessionId>,
    dialled: impl FnOnce() + Send + 'static,
) -> Result<(Lane, Welcome), LaneError> {
    let shard = inner.shards[index % inner.shards.len()].clone();
    let handle = shard.handle.clone();
    let inner = Arc::clone(inner);
    let tasks = inner.tasks.clone();
    let opening = async move {
        let stream = tokio::select! {
            opened = open_transport(&inner.way) => opened?,
            () = inner.stopping.cancelled() => return Err(LaneError::Stopping),
        };
        dialled();
        let (config, hello) = (inner.lane_config(), hello(&inner, session));
        let lane = match stream {
            Opened::WebSocket(stream) => {
                let (lane, driver) = session::dial(*stream, config, hello);
                inner.tasks.spawn(driver);
                lane
            }
            Opened::Other(transport) => {
                let (lane, driver) = session::dial(transport, config, hello);
                inner.tasks.spawn(driver);
                lane
            }
        };
        let welcome = tokio::select! {
            welcome = lane.welcomed() => welcome?,
            () = inner.stopping.cancelled() => {
                lane.close();
                return Err(LaneError::Stopping);
            }
        };
        let serving = serve(Arc::clone(&inner), shard, lane.clone());
        inner.tasks.spawn(serving);
        Ok((lane, welcome))
    };
    tasks.spawn_on(opening, &handle).await.map_err(|_ended| LaneError::Stopping)?
}

/// What a lane goes over. The usual kind is not behind a pointer, for speed.
enum Opened {
    WebSocket(Box<WebSocket<GatewayIo>>),
    Other(BoxedTransport),
}

async fn open_transport(way: &Way) -> Result<Opened, LaneError> {
    Ok(match way {
        Way::Dial(target) => Opened::WebSocket(Box::new(dial(target).await?)),
        Way::Transport(opener) => Opened::Other(opener.open_boxed().await.map_err(LaneError::Transport)?),
    })
}

fn hello(inner: &Inner, session: Option<SessionId>) -> Hello {
    Hello {
        wire: WIRE_VERSION,
        capabilities: Vec::new(),
        window: 0,
        streams: 0,
        agent: inner.id,
        instance: inner.instance,
        session,
        name: inner.name.clone(),
        version: VERSION.to_owned(),
    }
}

/// Takes the lane's requests, one task each, until it is over. When the Agent stops, it says goodbye and ends once what
/// is open has finished; here and not in the session, as requests come before a session counts as up.
async fn serve(inner: Arc<Inner>, shard: Shard, lane: Lane) {
    let accepting = async {
        while let Ok(incoming) = lane.accept().await {
            let (inner, upstreams) = (Arc::clone(&inner), shard.upstreams.clone());
            // Boxed, since a task's future is moved about several times; closing the lane is what cuts it off.
            let tasks = inner.tasks.clone();
            if incoming.kind == StreamKind::Control {
                tasks.spawn(Box::pin(async move { told::take(&inner, incoming).await }));
                continue;
            }
            // Once for all: what is no head is nobody's request, and is told so where it would be answered.
            let head = RawRequestHead::read(&incoming.head).ok();
            let watch = head.and_then(|head| watch(&inner, &lane, &incoming, &head));
            let open = inner.exchanges.begin();
            match head.and_then(|head| Plain::of(&incoming, &head, &inner.mappings)) {
                Some(plain) if plain.has_body() => tasks.spawn(Box::pin(async move {
                    plain.serve_upload(&upstreams, incoming.send, incoming.recv, watch).await;
                    open.finish();
                })),
                Some(plain) => tasks.spawn(Box::pin(async move {
                    plain.serve(&upstreams, incoming.send, watch).await;
                    open.finish();
                })),
                None => tasks.spawn(Box::pin(async move {
                    exchange(&inner.mappings, &upstreams, incoming, watch).await;
                    open.finish();
                })),
            };
        }
    };
    let leaving = async {
        inner.stopping.cancelled().await;
        lane.go_away(GoAwayReason::Shutdown, "the agent stops", Duration::ZERO);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = accepting => {}
        () = leaving => {}
        // Only once this side said goodbye, and the last exchange is over.
        () = lane.drained() => lane.close(),
        () = inner.cutting.cancelled() => lane.close(),
    }
}

/// Follows an exchange, if anybody wants to know of it.
fn watch(inner: &Inner, lane: &Lane, incoming: &Incoming, head: &RawRequestHead<'_>) -> Option<Watch> {
    let kind = match incoming.kind {
        StreamKind::Upgrade => ExchangeKind::Upgrade,
        _ => ExchangeKind::Http,
    };
    let observer = inner.observer.as_ref()?;
    Watch::begin(observer, kind, &incoming.head, head, lane.round_trip())
}

async fn exchange(mappings: &Mappings, upstreams: &UpstreamClient, incoming: Incoming, watch: Option<Watch>) {
    let notes = Notes::default();
    let handler = Forward { mappings, upstreams, notes: watch.is_some().then_some(&notes) };
    // How it ended is logged where the request is known, and the Gateway was told.
    let finished = respond(&handler, incoming).await;
    if let Some(mut watch) = watch {
        watch.sent(notes.body_bytes.load(Ordering::Relaxed));
        if let Some((head, connect, at)) = notes.answer.into_inner() {
            watch.answered(head, connect, at);
        }
        watch.finish(&finished);
    }
}
