//! Length-prefixed messages.

use std::io;

use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::{check_promises, drain_and_refill, fill, message};
use crate::{
    limits::MESSAGE_BYTES_MAX,
    transport::{Framed, TransportError},
};

#[tokio::test]
async fn keeps_its_promises() {
    let (a, b) = duplex(1000);
    check_promises(Framed::new(a), Framed::new(b)).await;
}

#[tokio::test]
async fn the_length_stands_before_the_message_in_network_order() {
    let (mut raw, end) = duplex(1000);
    let mut framed = Framed::new(end);
    framed.send("abc".into()).await.unwrap();
    let mut bytes = [0; 7];
    raw.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"\0\0\0\x03abc");
}

#[tokio::test]
async fn messages_that_arrive_byte_by_byte_are_whole() {
    let (mut raw, end) = duplex(1);
    let mut framed = Framed::new(end);
    let (_, ()) = tokio::join!(raw.write_all(b"\0\0\0\x02hi\0\0\0\0\0\0\0\x01!"), async {
        for text in ["hi", "", "!"] {
            assert_eq!(framed.next().await.unwrap().unwrap(), text);
        }
    });
}

#[tokio::test]
async fn messages_of_one_read_share_its_buffer() {
    let (mut raw, end) = duplex(1000);
    let mut framed = Framed::new(end);
    raw.write_all(b"\0\0\0\x02hi\0\0\0\x01!").await.unwrap();
    let first = framed.next().await.unwrap().unwrap();
    let second = framed.next().await.unwrap().unwrap();
    assert_eq!(first.as_ptr() as usize + first.len() + 4, second.as_ptr() as usize);
}

/// R25
#[tokio::test]
async fn a_length_one_past_the_limit_is_refused_before_the_message_comes() {
    for length in [MESSAGE_BYTES_MAX + 1, u32::MAX as usize] {
        let (mut raw, end) = duplex(1000);
        let mut framed = Framed::new(end);
        raw.write_u32(u32::try_from(length).unwrap()).await.unwrap();
        let refused = framed.next().await.unwrap().unwrap_err();
        assert!(matches!(refused, TransportError::TooLarge { limit: MESSAGE_BYTES_MAX, actual } if actual == length));
        assert!(framed.next().await.is_none(), "an error is final");
    }
}

#[tokio::test]
async fn a_sender_waits_while_nobody_reads() {
    let (a, b) = duplex(1000);
    let (mut a, mut b) = (Framed::new(a), Framed::new(b));
    let sent = fill(&mut a, 64 << 10).await;
    assert!(sent <= (128 << 10) + (64 << 10), "{sent} bytes were taken");
    assert!(matches!(a.start_send_unpin(message(1, 0).into()), Err(TransportError::Full)));
    drain_and_refill(&mut a, &mut b, sent).await;
}

#[tokio::test]
async fn an_end_inside_a_message_is_an_error() {
    for cut in [&b"\0\0"[..], b"\0\0\0\x05abc"] {
        let (mut raw, end) = duplex(1000);
        let mut framed = Framed::new(end);
        raw.write_all(cut).await.unwrap();
        drop(raw);
        let error = framed.next().await.unwrap().unwrap_err();
        assert!(matches!(error, TransportError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof));
    }
}
