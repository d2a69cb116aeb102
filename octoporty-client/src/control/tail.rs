//! The Gateway's log lines as they are written.

use octoporty_core::{
    frame::StreamKind,
    message::{CallAnswer, CallHead, LogBatch, LogsFollow, MessageError, RecordReader, decode, encode, logs::LinePace},
    proto::Received,
    session::{CallError, Lane, RecvStream, SendStream},
};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{ControlError, call::in_time};

/// Batches that wait for who reads the tail. One that is slower makes the Gateway skip lines, and nobody wait.
const BATCHES_WAITING_MAX: usize = 16;

/// A live stream of the Gateway's log lines. Dropping it ends it at the Gateway too.
///
/// It ends with its lane: when the tunnel is lost, when the Gateway restarts, and when the Agent stops. Follow again then,
/// behind the last id.
#[derive(Debug)]
pub struct LogTail {
    batches: mpsc::Receiver<Result<LogBatch, ControlError>>,
}

impl LogTail {
    /// Waits for the next lines, oldest first. At most 200 lines a second come; what is over, at the Gateway or here, is
    /// counted in `skipped` (R36). `None` when the Gateway or the Agent leaves, and after an error.
    ///
    /// # Errors
    ///
    /// [`ControlError::TunnelDown`] when the tunnel is lost; [`ControlError::Malformed`] when the Gateway sends nonsense.
    /// Either is the end of the tail.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Result<Option<LogBatch>, ControlError> {
        self.batches.recv().await.transpose()
    }
}

/// Asks to follow, and waits until the Gateway agrees.
pub(super) async fn open(
    lane: Lane,
    follow: &LogsFollow,
    tasks: &TaskTracker,
    stopping: CancellationToken,
) -> Result<LogTail, ControlError> {
    let (send, recv) = in_time(ask(&lane, follow)).await??;
    let (told, batches) = mpsc::channel(BATCHES_WAITING_MAX);
    let reader =
        Reader { recv, _send: send, records: RecordReader::default(), pace: LinePace::new(Instant::now().into_std()) };
    // A task of its own, as a tail that nobody reads must not hold up a lane that is left, or the Agent's end.
    tasks.spawn(async move {
        tokio::select! {
            () = reader.run(&told) => {}
            leaving = lane.peer_leaves() => {
                if leaving.is_none() {
                    let _nobody_waits = told.send(Err(ControlError::TunnelDown)).await;
                }
            }
            () = stopping.cancelled() => {}
            () = told.closed() => {}
        }
    });
    Ok(LogTail { batches })
}

async fn ask(lane: &Lane, follow: &LogsFollow) -> Result<(SendStream, RecvStream), ControlError> {
    let head = encode(&CallHead { call: "logs.follow".to_owned() });
    let opened = lane.open(StreamKind::Control, &head, &encode(follow), true).await;
    let (send, mut recv) = opened.map_err(CallError::from)?;
    let Some(Received::Head(head)) = recv.read().await.map_err(CallError::from)? else {
        return Err(ControlError::TunnelDown);
    };
    let answer: CallAnswer = decode("answer to a call", &head)?;
    if answer.ok { Ok((send, recv)) } else { Err(ControlError::said(&answer.code, &answer.message)) }
}

/// Reads the stream. Dropping it resets the stream, and the Gateway stops.
struct Reader {
    recv: RecvStream,
    _send: SendStream,
    records: RecordReader,
    pace: LinePace,
}

impl Reader {
    /// Hands batches on until the stream is over.
    async fn run(mut self, told: &mpsc::Sender<Result<LogBatch, ControlError>>) {
        while let Some(batch) = self.next().await.transpose() {
            let is_last = batch.is_err();
            if told.send(batch).await.is_err() || is_last {
                return;
            }
        }
    }

    async fn next(&mut self) -> Result<Option<LogBatch>, ControlError> {
        loop {
            if let Some(record) = self.records.next::<LogBatch>("log lines")? {
                let batch = self.within_pace(record)?;
                if batch != LogBatch::default() {
                    return Ok(Some(batch));
                }
                continue;
            }
            match self.recv.read().await.map_err(CallError::from)? {
                Some(Received::Data(bytes)) => self.records.push(&bytes),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// A Gateway that sends more than it may is cut to that.
    fn within_pace(&mut self, record: LogBatch) -> Result<LogBatch, MessageError> {
        let mut batch = record.bounded()?;
        let now = Instant::now().into_std();
        let before = batch.entries.len();
        batch.entries.retain(|_| self.pace.admit(now));
        let cut = u64::try_from(before - batch.entries.len()).unwrap_or(u64::MAX);
        batch.skipped = batch.skipped.saturating_add(cut);
        Ok(batch)
    }
}
