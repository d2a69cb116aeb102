//! One request and its answer on a connection of the raw upstream. Everything done here is recorded.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::server::TlsStream;

use super::{Anomaly, BodyProgress, RequestRecord, floor::Floor, request::Request};
use crate::wire::{BodyFault, BodyReader, Gone, RawReader, count, hex};

/// Body bytes kept in a record: what a test looks at; with all records full, 320 MB.
const BODY_START_BYTES_MAX: usize = 16 << 10;

/// A transport that can be reset.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static {
    /// The TCP connection below.
    fn tcp(&self) -> &TcpStream;
}

impl Transport for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Transport for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

pub(super) type Reader = RawReader<ReadHalf<Box<dyn Transport>>>;
pub(super) type Writer = WriteHalf<Box<dyn Transport>>;

/// What becomes of the connection after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    KeepAlive,
    Close,
    Reset,
}

/// Why a route could not go on.
#[derive(Debug)]
pub(super) enum Stop {
    Gone(Gone),
    BadBody,
}

impl From<Gone> for Stop {
    fn from(gone: Gone) -> Self {
        Self::Gone(gone)
    }
}

pub(super) type Outcome = Result<Ending, Stop>;

/// Handed to a route.
pub(super) struct Exchange<'a> {
    pub(super) request: Request,
    pub(super) number: u64,
    pub(super) floor: &'a Floor,
    pub(super) reader: &'a mut Reader,
    pub(super) writer: &'a mut Writer,
    pub(super) is_body_read: bool,
}

impl Exchange<'_> {
    /// Changes the record.
    pub(super) fn note(&self, change: impl FnOnce(&mut RequestRecord)) {
        self.floor.ledger.update(self.number, change);
    }

    /// Reads the request body to its end, and gives its first 16 KiB. Nothing if it was read before.
    pub(super) async fn read_body(&mut self) -> Result<Bytes, Stop> {
        if std::mem::replace(&mut self.is_body_read, true) {
            return Ok(Bytes::new());
        }
        self.note(|record| record.body = BodyProgress::Reading);
        let mut body = BodyReader::new(self.request.framing());
        let (mut digest, mut start) = (Sha256::new(), BytesMut::new());
        let fault = loop {
            match body.next(self.reader, usize::MAX).await {
                Ok(Some(piece)) => {
                    digest.update(&piece);
                    let room = BODY_START_BYTES_MAX - start.len();
                    start.extend_from_slice(&piece[..piece.len().min(room)]);
                    self.note(|record| record.body_bytes += count(piece.len()));
                }
                Ok(None) => break None,
                Err(fault) => break Some(fault),
            }
        };
        let start = start.freeze();
        self.note(|record| {
            record.body_start = start.clone();
            record.trailers = body.trailers().clone();
            record.body_ended = Some(Instant::now());
            match &fault {
                None => {
                    record.body = BodyProgress::Complete;
                    record.body_sha256 = hex(&digest.finalize());
                }
                Some(_) => record.body = BodyProgress::Broken,
            }
        });
        match fault {
            None => Ok(start),
            Some(BodyFault::Cut(gone)) => Err(Stop::Gone(gone)),
            Some(fault) => {
                self.note(|record| record.anomalies.push(Anomaly::BadBody(fault)));
                Err(Stop::BadBody)
            }
        }
    }

    /// Sends raw bytes.
    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Stop> {
        let mut bytes = bytes.as_ref();
        while !bytes.is_empty() {
            // By hand, so that the record shows how much of a large answer was taken.
            match self.writer.write(bytes).await {
                Ok(written) if written > 0 => {
                    bytes = &bytes[written..];
                    self.note(|record| record.sent_bytes += count(written));
                }
                _ => return Err(Stop::Gone(Gone::Reset)),
            }
        }
        let flushed = self.writer.flush().await;
        flushed.map_err(|_failed| Stop::Gone(Gone::Reset))
    }

    /// Sends an answer with a Content-Length; to HEAD, its head only.
    pub(super) async fn answer(&mut self, status: u16, fields: &[(&str, &str)], body: &[u8]) -> Result<(), Stop> {
        let length = body.len().to_string();
        let mut fields = fields.to_vec();
        fields.push(("Content-Length", &length));
        let mut answer = head(status, &fields);
        if self.request.method != "HEAD" {
            answer.extend_from_slice(body);
        }
        self.send(answer).await
    }

    /// Sends the head of a chunked answer.
    pub(super) async fn begin_chunked(&mut self, status: u16, fields: &[(&str, &str)]) -> Result<(), Stop> {
        let mut fields = fields.to_vec();
        fields.push(("Transfer-Encoding", "chunked"));
        self.send(head(status, &fields)).await
    }

    /// Sends one chunk.
    pub(super) async fn chunk(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.send(chunk(bytes)).await
    }

    /// Waits until the peer goes, and throws away what it sends; `false` when it stays for longer than `limit`.
    pub(super) async fn peer_goes_within(&mut self, limit: Duration) -> bool {
        self.is_body_read = true;
        timeout(limit, self.reader.until_gone()).await.is_ok()
    }

    /// Plays a slow upstream. `name` is a query parameter in milliseconds.
    pub(super) async fn pause(&self, name: &str, default: Duration) {
        let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        sleep(Duration::from_millis(self.request.number(name, default))).await;
    }
}

/// The bytes of a head.
pub(super) fn head(status: u16, fields: &[(&str, &str)]) -> Vec<u8> {
    let reason = match status {
        100 => "Continue",
        101 => "Switching Protocols",
        103 => "Early Hints",
        200 => "OK",
        204 => "No Content",
        304 => "Not Modified",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        _ => "Status",
    };
    let mut head = latin1_bytes(&format!("HTTP/1.1 {status} {reason}\r\n"));
    for (name, value) in fields {
        head.extend(latin1_bytes(&format!("{name}: {value}\r\n")));
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The bytes of a chunk.
pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Text as Latin-1; routes use no other characters.
fn latin1_bytes(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).unwrap_or(b'?')).collect()
}
