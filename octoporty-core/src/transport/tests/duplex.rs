//! The pair in memory.

use futures::{FutureExt as _, SinkExt as _, StreamExt as _};

use super::{check_promises, drain_and_refill, fill, message};
use crate::{
    limits::MESSAGE_BYTES_MAX,
    transport::{TransportError, duplex},
};

#[tokio::test]
async fn keeps_its_promises() {
    let (a, b) = duplex::pair(2);
    check_promises(a, b).await;
}

#[tokio::test]
async fn a_sender_waits_when_as_many_messages_wait_as_may() {
    let (mut a, mut b) = duplex::pair(3);
    assert_eq!(fill(&mut a, 10).await, 30);
    assert!(matches!(a.start_send_unpin(message(1, 0).into()), Err(TransportError::Full)));
    drain_and_refill(&mut a, &mut b, 30).await;
}

#[tokio::test]
async fn a_sender_waits_when_as_many_bytes_wait_as_may() {
    let (mut a, mut b) = duplex::pair(1000);
    let sent = fill(&mut a, MESSAGE_BYTES_MAX - 1).await;
    assert_eq!(sent, 3 * (MESSAGE_BYTES_MAX - 1));
    drain_and_refill(&mut a, &mut b, sent).await;
}

#[tokio::test]
async fn a_capacity_of_none_is_one() {
    let (mut a, _b) = duplex::pair(0);
    assert_eq!(fill(&mut a, 1).await, 1);
}

#[tokio::test]
async fn dropping_an_end_ends_the_other() {
    let (mut a, mut b) = duplex::pair(4);
    a.send(message(2, 2).into()).await.unwrap();
    b.send(message(1, 1).into()).await.unwrap();
    drop(a);
    assert_eq!(b.next().await.unwrap().unwrap(), message(2, 2));
    assert!(b.next().await.is_none());
    assert!(matches!(b.send(message(1, 1).into()).await, Err(TransportError::Closed)));
}

#[tokio::test]
async fn dropping_the_reader_wakes_a_sender_that_waits_for_room() {
    let (mut a, b) = duplex::pair(1);
    fill(&mut a, 1).await;
    let (sent, ()) = tokio::join!(a.send(message(1, 1).into()), async { drop(b) });
    assert!(matches!(sent, Err(TransportError::Closed)));
}

#[tokio::test]
async fn dropping_the_sender_wakes_a_reader_that_waits() {
    let (a, mut b) = duplex::pair(1);
    let (received, ()) = tokio::join!(b.next(), async { drop(a) });
    assert!(received.is_none());
}

#[test]
fn needs_no_runtime() {
    let (mut a, mut b) = duplex::pair(1);
    a.send(message(5, 5).into()).now_or_never().unwrap().unwrap();
    assert_eq!(b.next().now_or_never().unwrap().unwrap().unwrap(), message(5, 5));
    assert!(b.next().now_or_never().is_none());
}
