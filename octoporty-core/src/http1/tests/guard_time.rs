//! The time limits of visitors' connections, on a paused clock.

use std::{io, time::Duration};

use tokio::{io::AsyncWriteExt as _, time::Instant};

use super::support::{Visited, visited};
use crate::{
    http1::{BodyError, HeadError, Verdict},
    limits,
};

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";

async fn send_slowly(visited: &mut Visited, bytes: &[u8], times: usize, pause: Duration) -> io::Result<Vec<u8>> {
    let mut room = vec![0; 8192];
    let Visited { visitor, guard, .. } = visited;
    let read = async {
        loop {
            let count = tokio::io::AsyncReadExt::read(guard, &mut room).await?;
            if count == 0 || !room[..count].iter().all(|byte| bytes.contains(byte)) {
                return Ok(room[..count].to_vec());
            }
        }
    };
    let write = async {
        for _ in 0..times {
            visitor.write_all(bytes).await.expect("the pipe is open");
            tokio::time::sleep(pause).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        result = read => result,
        () = write => unreachable!("it never ends"),
    }
}

fn assert_about(since: Instant, expected: Duration) {
    let elapsed = since.elapsed();
    assert!(elapsed >= expected && elapsed < expected + Duration::from_secs(2), "{elapsed:?}, not {expected:?}");
}

// R15
#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_cut_in_time() {
    let mut visited = visited();
    // The time starts with the first byte, not with the connection.
    tokio::time::advance(Duration::from_secs(30)).await;
    let since = Instant::now();
    let error = send_slowly(&mut visited, b"G", 100, Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<HeadError>());
    assert_eq!(inner, Some(&HeadError::Timeout));
    assert_about(since, limits::HEAD_TIMEOUT);
    assert!(visited.read().await.is_err());
}

// R15
#[tokio::test(start_paused = true)]
async fn a_head_that_is_whole_in_time_passes() {
    let mut visited = visited();
    let (head, end) = GET.split_at(10);
    visited.send(head).await;
    let early = tokio::time::timeout(limits::HEAD_TIMEOUT - Duration::from_secs(1), visited.read()).await;
    assert!(early.is_err());
    visited.send(end).await;
    assert_eq!(visited.read().await.unwrap(), GET);
}

// R15
#[tokio::test(start_paused = true)]
async fn an_idle_connection_ends_cleanly() {
    let mut visited = visited();
    let since = Instant::now();
    assert_eq!(visited.read().await.unwrap(), b"");
    assert_about(since, limits::KEEP_ALIVE_TIMEOUT);
    assert_eq!(visited.read().await.unwrap(), b"");
}

// R15
#[tokio::test(start_paused = true)]
async fn an_empty_line_is_no_head_yet() {
    let mut visited = visited();
    let since = Instant::now();
    visited.send(b"\r\n").await;
    assert_eq!(visited.read().await.unwrap(), b"");
    assert_about(since, limits::KEEP_ALIVE_TIMEOUT);
}

// R15: there is no limit on the time of an answer.
#[tokio::test(start_paused = true)]
async fn a_connection_is_not_idle_while_a_request_is_answered() {
    let mut visited = visited();
    visited.send(GET).await;
    assert_eq!(visited.read().await.unwrap(), GET);
    let (_verdict, in_service) = visited.verdict();
    let hour = Duration::from_secs(3600);
    assert!(tokio::time::timeout(hour, visited.read()).await.is_err());
    visited.guard.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    drop(in_service);
    let since = Instant::now();
    assert_eq!(visited.read().await.unwrap(), b"");
    assert_about(since, limits::KEEP_ALIVE_TIMEOUT);
}

// R15
#[tokio::test(start_paused = true)]
async fn half_a_head_behind_a_request_does_not_cut_its_answer() {
    let mut visited = visited();
    visited.send([GET, b"GET /"].concat()).await;
    assert_eq!(visited.read().await.unwrap(), GET);
    let (_verdict, in_service) = visited.verdict();
    let minutes = Duration::from_secs(300);
    assert!(tokio::time::timeout(minutes, visited.read()).await.is_err());
    drop(in_service);
    let since = Instant::now();
    assert_eq!(visited.read().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(since.elapsed() <= limits::HEAD_TIMEOUT);
}

// R15
#[tokio::test(start_paused = true)]
async fn a_body_that_pauses_is_cut() {
    let mut visited = visited();
    visited.send(POST).await;
    visited.send(vec![0; 100_000]).await;
    let mut seen = 0;
    while seen < POST.len() + 100_000 {
        seen += visited.read().await.unwrap().len();
    }
    let since = Instant::now();
    let error = visited.read().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_about(since, limits::BODY_IDLE_TIMEOUT);
    assert_eq!(visited.verdicts.body_error(), Some(BodyError::Idle));
    assert_eq!(visited.verdicts.body_error().unwrap().status(), 408);
}

// R15
#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_cut_after_the_grace() {
    let mut visited = visited();
    visited.send(POST).await;
    assert_eq!(visited.read().await.unwrap(), POST);
    let since = Instant::now();
    let result = send_slowly(&mut visited, b"b", 1000, Duration::from_secs(1)).await;
    assert_eq!(result.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_about(since, limits::BODY_RATE_GRACE);
    assert_eq!(visited.verdicts.body_error(), Some(BodyError::TooSlow));
}

// R15
#[tokio::test(start_paused = true)]
async fn a_body_that_is_slow_but_steady_passes() {
    let mut visited = visited();
    visited.send(POST).await;
    assert_eq!(visited.read().await.unwrap(), POST);
    let enough = [b'b'; 120];
    let long = Duration::from_secs(1800);
    let cut = tokio::time::timeout(long, send_slowly(&mut visited, &enough, 10_000, Duration::from_secs(1))).await;
    assert!(cut.is_err());
    assert_eq!(visited.verdicts.body_error(), None);
}

// R15: a stalled upstream is not the visitor's fault.
#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_costs_the_visitor_nothing() {
    let mut visited = visited();
    visited.send(POST).await;
    assert_eq!(visited.read().await.unwrap(), POST);
    assert!(visited.waits().await);
    visited.send(vec![b'b'; 20_000]).await;
    tokio::time::advance(Duration::from_secs(600)).await;
    assert_eq!(visited.read().await.unwrap().len(), 8192);
    tokio::time::advance(Duration::from_secs(600)).await;
    assert_eq!(visited.read().await.unwrap().len(), 8192);
    assert_eq!(visited.read().await.unwrap().len(), 20_000 - 2 * 8192);
    assert!(visited.waits().await);
}

// R06
#[tokio::test(start_paused = true)]
async fn draining_ends_in_time_and_at_its_limit() {
    let mut silent = visited();
    silent.send(b"BAD\r\n\r\n").await;
    silent.read().await.unwrap();
    let since = Instant::now();
    silent.guard.shutdown().await.unwrap();
    assert_about(since, limits::DRAIN_BODY_TIMEOUT);

    let mut flood = visited();
    flood.send(b"BAD\r\n\r\n").await;
    flood.read().await.unwrap();
    flood.send(vec![0; 500_000]).await;
    let since = Instant::now();
    flood.guard.shutdown().await.unwrap();
    assert_eq!(since.elapsed(), Duration::ZERO);
    let left = 500_000 - usize::try_from(limits::DRAIN_BODY_BYTES_MAX).unwrap();
    let (mut io, _held) = flood.guard.into_parts();
    drop(flood.visitor);
    let mut rest = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut io, &mut rest).await.unwrap();
    assert_eq!(rest.len(), left);
}

#[tokio::test(start_paused = true)]
async fn closing_an_idle_connection_waits_for_nobody() {
    let mut visited = visited();
    visited.send(GET).await;
    assert_eq!(visited.read().await.unwrap(), GET);
    assert!(matches!(visited.verdict().0, Verdict::Accepted(_)));
    let since = Instant::now();
    visited.guard.shutdown().await.unwrap();
    assert_eq!(since.elapsed(), Duration::ZERO);
}
