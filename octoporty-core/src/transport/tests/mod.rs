//! Each transport against the promises of [`Transport`](super::Transport), and against hostile bytes.

mod duplex;
mod framed;
#[cfg(feature = "websocket")]
mod websocket;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};

use super::{Transport, TransportError};
use crate::limits::MESSAGE_BYTES_MAX;

fn message(length: usize, fill: u8) -> Bytes {
    vec![fill; length].into()
}

/// What every pair of connected ends must do, whatever is between them.
async fn check_promises<T: Transport>(mut a: T, mut b: T) {
    // Boundaries and order, the largest message among them.
    let lengths = [1, 125, 126, 0, 65_535, 65_536, 64 << 10, MESSAGE_BYTES_MAX, 3];
    let sender = async {
        for (length, fill) in lengths.into_iter().zip(0..) {
            a.feed(message(length, fill).into()).await.unwrap();
        }
        a.flush().await.unwrap();
    };
    let receiver = async {
        for (length, fill) in lengths.into_iter().zip(0..) {
            assert_eq!(b.next().await.unwrap().unwrap(), message(length, fill));
        }
    };
    tokio::join!(sender, receiver);

    // One past the limit is refused, and the connection goes on.
    let refused = a.feed(message(MESSAGE_BYTES_MAX + 1, 0).into()).await.unwrap_err();
    assert!(
        matches!(refused, TransportError::TooLarge { limit: MESSAGE_BYTES_MAX, actual } if actual == MESSAGE_BYTES_MAX + 1)
    );
    b.send(message(7, 7).into()).await.unwrap();
    assert_eq!(a.next().await.unwrap().unwrap(), message(7, 7));

    // Closing delivers what was sent, then ends the stream for good.
    a.feed(message(9, 9).into()).await.unwrap();
    let (closed, ()) = tokio::join!(a.close(), async {
        assert_eq!(b.next().await.unwrap().unwrap(), message(9, 9));
        assert!(b.next().await.is_none());
        assert!(b.next().await.is_none());
        b.close().await.unwrap();
    });
    closed.unwrap();
}

/// Sends messages of `length` bytes until there is no room; says how many bytes were taken.
async fn fill<T: Transport>(transport: &mut T, length: usize) -> usize {
    let mut sent = 0;
    while futures::poll!(std::future::poll_fn(|context| transport.poll_ready_unpin(context))).is_ready() {
        transport.start_send_unpin(message(length, 1).into()).unwrap();
        sent += length;
        assert!(sent < 64 << 20, "there is always room");
    }
    sent
}

/// Reads until `total` bytes came, while `sender` waits for room; says what room it found.
async fn drain_and_refill<T: Transport>(sender: &mut T, receiver: &mut T, total: usize) {
    let refill = async {
        sender.send(message(1, 2).into()).await.unwrap();
    };
    let drain = async {
        let mut received = 0;
        while received < total + 1 {
            received += receiver.next().await.unwrap().unwrap().len();
        }
    };
    tokio::join!(refill, drain);
}
