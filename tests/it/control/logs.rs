//! The Gateway's log lines at the Agent: pages, filters, counts, and the live stream.

use std::time::Duration;

use futures::future;
use octoporty_client::control::{ControlError, LogTail};
use octoporty_core::message::{LogEntry, LogFilter, LogLevel, LogsRead};
use octoporty_tests::{TestAgent, World, within};
use tokio::time::Instant;

use super::Site;
use crate::SOON;

/// Waits for a line that satisfies `wanted`.
async fn line(tail: &mut LogTail, what: &str, wanted: impl Fn(&LogEntry) -> bool) -> LogEntry {
    let waiting = async {
        loop {
            let batch = tail.next().await.expect("the tunnel is up").expect("nobody leaves");
            if let Some(found) = batch.entries.into_iter().find(|entry| wanted(entry)) {
                return found;
            }
        }
    };
    within(SOON, what, waiting).await
}

#[tokio::test]
async fn pages_go_back_through_the_gateways_lines() {
    let site = Site::start("Information").await;
    let gateway = site.control();
    let all = gateway.logs(LogsRead::newest(1000)).await.unwrap();
    assert!(!all.has_more);
    let (first, last) = (all.entries.last().unwrap(), &all.entries[0]);
    assert_eq!(first.id + u64::try_from(all.entries.len()).unwrap() - 1, last.id, "no id is missing");
    let listening = all.entries.iter().find(|entry| entry.message == "listening").unwrap();
    assert_eq!((listening.level, &*listening.fields["shards"]), (LogLevel::Info, "2"));
    assert_eq!(listening.target, "octoporty_gateway::run");

    let newest = gateway.logs(LogsRead::newest(1)).await.unwrap();
    assert!(newest.has_more && newest.entries.len() == 1);
    let before = LogsRead { before: Some(newest.entries[0].id), ..LogsRead::newest(1000) };
    let older = gateway.logs(before).await.unwrap();
    assert!(older.entries.iter().all(|entry| entry.id < newest.entries[0].id));

    let histogram = gateway.log_histogram().await.unwrap();
    let counted: u32 = histogram.minutes.iter().map(|minute| minute.info + minute.warn + minute.error).sum();
    assert_eq!(histogram.minutes.len(), 60);
    assert!(usize::try_from(counted).unwrap() >= all.entries.len());
}

#[tokio::test]
async fn a_requests_lines_are_found_by_its_id() {
    let site = Site::start("Debug").await;
    let gateway = site.control();
    let mut visitor = site.visitor().await;
    drop(site.upstream);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = visitor.get("/").await.unwrap();
        assert_eq!(answer.status(), 502);
        ids.push(answer.fields().only("x-octoporty-request-id").unwrap().to_owned());
    }
    for id in &ids {
        let filter = LogFilter { request: id.parse().ok(), ..LogFilter::default() };
        let page = gateway.logs(LogsRead { before: None, count: 100, filter }).await.unwrap();
        assert!(!page.entries.is_empty(), "{id}");
        assert!(page.entries.iter().all(|entry| entry.request == id.parse().ok()));
        assert!(page.entries.iter().any(|entry| entry.message == "exchange failed"), "{page:?}");
    }
}

#[tokio::test]
async fn lines_come_as_they_are_written() {
    let site = Site::start("Information").await;
    let gateway = site.control();
    let mut tail = gateway.follow_logs(None, LogFilter::default()).await.unwrap();
    let hostile = "evil\u{1b}[2J\nagent";
    let other = TestAgent::builder(site.gateway_at).with(|agent| agent.name(hostile)).connect().await;
    let connected = line(&mut tail, "the other agent connects", |entry| entry.message == "agent connected").await;
    // R36, R50
    assert_eq!(connected.fields["name"], r"evil\u{1b}[2J\nagent");
    drop(other);
    line(&mut tail, "the other agent is lost", |entry| entry.message == "agent disconnected").await;

    // What was written while nobody followed is there too.
    let mut again = gateway.follow_logs(Some(connected.id - 1), LogFilter::default()).await.unwrap();
    assert_eq!(line(&mut again, "the line again", |_| true).await, connected);
}

#[tokio::test]
async fn only_wanted_lines_come() {
    let site = Site::start("Information").await;
    let filter = LogFilter { level: Some(LogLevel::Warn), ..LogFilter::default() };
    let mut tail = site.control().follow_logs(None, filter).await.unwrap();
    let _other = TestAgent::builder(site.gateway_at).connect().await;
    let wrong = "ffffffffffffffffffffffffffffffff";
    let _refused = TestAgent::builder_with_key(site.gateway_at, wrong).start().unwrap();
    let first = line(&mut tail, "a warning", |_| true).await;
    assert_eq!(first.message, "an agent presented a wrong key");
}

#[tokio::test]
async fn a_flood_of_lines_is_cut_and_counted() {
    // R36: each of these requests makes a line, many times more in a second than pass.
    let site = Site::start("Debug").await;
    let control = site.control();
    let mut tail = control.follow_logs(None, LogFilter::default()).await.unwrap();
    let visitors: Vec<_> = future::join_all((0..8).map(|_| site.visitor())).await;
    drop(site.upstream);
    let requests = visitors.into_iter().map(|mut visitor| async move {
        for _ in 0..200 {
            assert_eq!(visitor.get("/").await.unwrap().status(), 502);
        }
    });
    let begin = Instant::now();
    let (mut lines, mut skipped) = (0, 0);
    let reading = async {
        while skipped == 0 || lines == 0 {
            let batch = tail.next().await.unwrap().unwrap();
            lines += batch.entries.len();
            skipped += batch.skipped;
        }
    };
    within(SOON, "some lines are skipped", future::join(future::join_all(requests), reading)).await;
    let seconds = begin.elapsed().as_secs() + 2;
    assert!(u64::try_from(lines).unwrap() <= 200 * seconds, "{lines} in {seconds} s");
    assert!(control.status().await.unwrap().log_lines_skipped > 0);
}

#[tokio::test]
async fn a_tail_ends_with_its_tunnel() {
    let site = Site::start("Information").await;
    let gateway = site.control();
    let mut tail = gateway.follow_logs(None, LogFilter::default()).await.unwrap();
    drop(site.gateway);
    let ended = async {
        loop {
            match tail.next().await {
                Ok(Some(_)) => {}
                ended => return ended,
            }
        }
    };
    assert_eq!(within(SOON, "the tail ends", ended).await, Err(ControlError::TunnelDown));
    site.agent.lost(SOON).await;
    assert_eq!(gateway.logs(LogsRead::newest(1)).await, Err(ControlError::TunnelDown));
}

#[tokio::test]
async fn a_tail_holds_nobody_up() {
    let mut site = Site::start("Information").await;
    let mut tail = site.control().follow_logs(None, LogFilter::default()).await.unwrap();
    // A new session takes over; the old lanes end although the tail is open on one of them.
    let second = TestAgent::builder(site.gateway_at).connect().await;
    let mut tail_of_second = second.agent().control().follow_logs(None, LogFilter::default()).await.unwrap();
    let long = Duration::from_secs(600);
    assert_eq!(within(SOON, "the agent stops", second.agent().shutdown(long)).await, 0);
    assert_eq!(tail_of_second.next().await, Ok(None));
    line(&mut tail, "the gateway says so", |entry| entry.message == "agent disconnected").await;
    let stopped = site.gateway.stop(SOON).await.unwrap();
    assert_eq!(stopped.code(), Some(0));
}

#[tokio::test]
async fn a_gateway_without_lines_says_so() {
    let world = World::start().await;
    let gateway = world.agent.agent().control();
    let refused = gateway.logs(LogsRead::newest(1)).await.unwrap_err();
    assert_eq!((refused.code(), refused.to_string().as_str()), ("unavailable", "this gateway keeps no log lines"));
    assert_eq!(gateway.follow_logs(None, LogFilter::default()).await.unwrap_err(), refused);
    assert_eq!(gateway.log_histogram().await.unwrap_err(), refused);
}

#[tokio::test]
async fn live_views_are_bounded_and_give_their_places_back() {
    let site = Site::start("Information").await;
    let gateway = site.control();
    let mut tails = Vec::new();
    let refused = loop {
        match gateway.follow_logs(None, LogFilter::default()).await {
            Ok(tail) => tails.push(tail),
            Err(error) => break error,
        }
    };
    assert_eq!((tails.len(), refused.code()), (32, "unavailable"));
    tails.pop();
    octoporty_tests::eventually_async(SOON, "the place is free", || async {
        gateway.follow_logs(None, LogFilter::default()).await.is_ok()
    })
    .await;
}
