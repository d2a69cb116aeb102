//! Moves bytes one way through the proxy: late, slowly, or not at all, as the rules say.

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::tcp::{ReadHalf, WriteHalf},
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::controls::{Controls, Rules, Way};

/// Bytes read at once.
const PIECE_BYTES_MAX: usize = 16 << 10;

/// Pieces on their way in one direction: with [`PIECE_BYTES_MAX`] 1 MiB, what a network holds.
const PIECES_MAX: usize = 64;

/// Deliveries a second when the rate is limited: many, so that a change of the rules is soon felt.
const DELIVERIES_PER_SECOND: u64 = 20;

/// One direction of one connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane<'a> {
    pub(super) way: Way,
    pub(super) controls: &'a Controls,
    /// Cancelled when the connection is cut.
    pub(super) cutting: &'a CancellationToken,
}

/// What is read, and when.
enum Piece {
    Bytes(Bytes),
    /// The sender finished in order.
    End,
    /// The sender reset the connection.
    Reset,
}

/// Moves from `from` to `to` until both are done.
///
/// # Errors
/// Either side reset the connection; the other must be reset too.
pub(super) async fn pump(from: ReadHalf<'_>, to: WriteHalf<'_>, lane: Lane<'_>) -> io::Result<()> {
    let (queue, pieces) = mpsc::channel(PIECES_MAX);
    let (read, written) = tokio::join!(read(from, queue), write(to, pieces, lane));
    read.and(written)
}

/// Reads as fast as the queue takes; what is wrong goes through the queue too, for it must not be seen earlier.
async fn read(mut from: ReadHalf<'_>, queue: mpsc::Sender<(Instant, Piece)>) -> io::Result<()> {
    loop {
        let mut bytes = BytesMut::with_capacity(PIECE_BYTES_MAX);
        let piece = match from.read_buf(&mut bytes).await {
            Ok(0) => Piece::End,
            Ok(_) => Piece::Bytes(bytes.freeze()),
            Err(_) => Piece::Reset,
        };
        let is_last = !matches!(piece, Piece::Bytes(_));
        let is_wanted = queue.send((Instant::now(), piece)).await.is_ok();
        if is_last || !is_wanted {
            return Ok(());
        }
    }
}

async fn write(mut to: WriteHalf<'_>, mut pieces: mpsc::Receiver<(Instant, Piece)>, lane: Lane<'_>) -> io::Result<()> {
    while let Some((read_at, piece)) = pieces.recv().await {
        let delay = lane.controls.rules.borrow().delay;
        sleep_until(read_at + delay).await;
        match piece {
            Piece::Bytes(bytes) => deliver(&mut to, bytes, lane).await?,
            Piece::End => {
                moving(lane).await;
                return to.shutdown().await;
            }
            Piece::Reset => {
                moving(lane).await;
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
    }
    Ok(())
}

async fn deliver(to: &mut WriteHalf<'_>, mut bytes: Bytes, lane: Lane<'_>) -> io::Result<()> {
    while !bytes.is_empty() {
        let rules = moving(lane).await;
        let (most, pause) = turn(rules.rate);
        let taken = lane.controls.take(bytes.len().min(most), lane.cutting);
        if taken == 0 {
            // Cut, or all is spent by other bytes and the cut follows them: it drops this future.
            std::future::pending::<()>().await;
        }
        to.write_all(&bytes.split_to(taken)).await?;
        lane.controls.delivered(lane.way, taken);
        lane.controls.cut_if_spent();
        if let Some(pause) = pause(taken) {
            sleep(pause).await;
        }
    }
    Ok(())
}

/// Waits until the way is not stalled, and gives the rules of then.
async fn moving(lane: Lane<'_>) -> Rules {
    let mut rules = lane.controls.rules.subscribe();
    *rules.wait_for(|rules| !rules.stalls(lane.way)).await.expect("the controls hold the sender")
}

/// How much to deliver at once, and how long to pause after it.
fn turn(rate: Option<u64>) -> (usize, impl Fn(usize) -> Option<Duration>) {
    let most = rate.map(|rate| (rate / DELIVERIES_PER_SECOND).max(1));
    let most = most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let pause = move |taken: usize| {
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        rate.map(|rate| Duration::from_secs(1) * taken / u32::try_from(rate).unwrap_or(u32::MAX))
    };
    (most, pause)
}
