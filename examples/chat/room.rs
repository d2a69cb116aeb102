//! The room: what one says, all hear.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use futures::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use octoporty_client::Visitor;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, broadcast},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        handshake::server::create_response,
        protocol::{Role, WebSocketConfig},
    },
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Visitors in the room.
const VISITORS_MAX: usize = 256;

/// Lines that wait for a slow visitor; then the oldest are skipped, and the visitor is told how many.
const LINES_MAX: usize = 64;

/// Longest line, in bytes.
const LINE_BYTES_MAX: usize = 2 << 10;

/// How long a visitor may leave a line untaken.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// The room. A clone is the same one.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    lines: broadcast::Sender<Utf8Bytes>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            lines: broadcast::Sender::new(LINES_MAX),
            places: Arc::new(Semaphore::new(VISITORS_MAX)),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
        }
    }
}

impl Room {
    /// Sends everybody home.
    pub(crate) fn close(&self) {
        self.closing.cancel();
    }

    fn tell(&self, line: String) {
        // Nobody in the room is no fault.
        self.lines.send(line.into()).ok();
    }
}

/// `GET /chat`: upgrades to a WebSocket.
pub(crate) async fn join(
    State(room): State<Room>,
    ConnectInfo(visitor): ConnectInfo<Visitor>,
    mut request: Request,
) -> Response {
    // Checks the handshake, and signs the key (RFC 6455, section 4.2).
    let Ok(answer) = create_response(&head_of(&request)) else {
        return (StatusCode::BAD_REQUEST, "this address speaks WebSocket only\n").into_response();
    };
    let Ok(place) = Arc::clone(&room.places).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the room is full\n").into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    room.tasks.spawn(take_part(room.clone(), upgrade, visitor, place));
    answer.map(|()| Body::empty())
}

/// What a handshake is checked by.
fn head_of(request: &Request) -> http::Request<()> {
    let mut head = http::Request::new(());
    *head.method_mut() = request.method().clone();
    *head.version_mut() = request.version();
    *head.headers_mut() = request.headers().clone();
    head
}

async fn take_part(room: Room, upgrade: OnUpgrade, visitor: Visitor, _place: OwnedSemaphorePermit) {
    let Ok(upgraded) = upgrade.await else {
        return;
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(LINE_BYTES_MAX))
        .max_frame_size(Some(LINE_BYTES_MAX))
        .max_write_buffer_size(64 * LINE_BYTES_MAX)
        .write_buffer_size(LINE_BYTES_MAX);
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let lines = room.lines.subscribe();
    room.tell(format!("* somebody from {} came", visitor.ip()));
    // A visitor who leaves without a word is no error here.
    talk(&room, socket, lines).await.ok();
    room.tell(format!("* somebody from {} left", visitor.ip()));
}

async fn talk(
    room: &Room,
    mut socket: WebSocketStream<TokioIo<Upgraded>>,
    mut lines: broadcast::Receiver<Utf8Bytes>,
) -> Result<(), tungstenite::Error> {
    loop {
        let message = tokio::select! {
            () = room.closing.cancelled() => return socket.close(None).await,
            line = lines.recv() => match line {
                Ok(line) => Message::Text(line),
                Err(broadcast::error::RecvError::Lagged(count)) => Message::text(format!("* you missed {count} lines")),
                Err(broadcast::error::RecvError::Closed) => return Ok(()),
            },
            said = socket.next() => match said.transpose()? {
                None => return Ok(()),
                Some(Message::Text(text)) => {
                    room.tell(text.as_str().to_owned());
                    continue;
                }
                // tungstenite answers pings and close by itself.
                Some(_) => continue,
            },
        };
        match timeout(SEND_TIMEOUT, socket.send(message)).await {
            Ok(sent) => sent?,
            Err(_late) => return Ok(()),
        }
    }
}
