//! Bodies that take their time: nothing is held back, nothing piles up, nobody waits for a stranger.

use std::time::Duration;

use octoporty_tests::{BodyEnd, BodyFault, HOST, ProcessFigures, TestUpstream, Visitor, World, pattern};
use tokio::time::{Instant, timeout};

use crate::SOON;

/// Added delay of one event that a busy machine may cause; the figure on an idle one is 20 ms.
const EVENT_DELAY_MAX: Duration = Duration::from_secs(2);

/// Time from a visitor's leaving to the upstream's noticing on a busy machine; the figure on an idle one is 1 s.
const ABORT_MAX: Duration = Duration::from_secs(3);

/// Bytes that one side may be ahead of the other: the figure, kernel buffers included.
const AHEAD_BYTES_MAX: u64 = 64 << 20;

/// Time without progress after which a transfer counts as stalled.
const STALLED: Duration = Duration::from_millis(500);

/// Receive buffer of a visitor that does not read.
const SMALL_BUFFER: u32 = 16 << 10;

/// A visitor that has asked for `path` and read the head, and now reads nothing.
async fn stalled_reader(world: &World, path: &str) -> Visitor {
    let address = world.gateway.address();
    let visitor = Visitor::connect_with_receive_buffer(SMALL_BUFFER, address, HOST).await;
    let mut visitor = visitor.expect("the gateway listens");
    visitor.sender().send_request("GET", path, &[], b"").await.expect("the gateway reads");
    assert_eq!(visitor.head("GET").await.expect("a head").status, 200);
    visitor
}

/// Waits until the answer of `tag` makes no progress, and says how many bytes of it the upstream could write.
async fn bytes_when_stalled(upstream: &TestUpstream, tag: &str) -> u64 {
    let sent = || upstream.tagged(tag).iter().map(|record| record.sent_bytes).sum();
    let mut before = sent();
    while upstream.wait_for(tag, |record| record.sent_bytes > before, STALLED).await.is_ok() {
        assert!(before < 4 * AHEAD_BYTES_MAX, "nothing holds the upstream back: {before} bytes");
        before = sent();
    }
    before
}

#[tokio::test]
async fn server_sent_events_arrive_as_they_are_sent() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor
        .sender()
        .send_request("GET", "/sse?n=5&ms=200&tag=sse", &[("Accept", "text/event-stream")], b"")
        .await
        .unwrap();
    let head = visitor.head("GET").await.unwrap();
    assert_eq!(head.fields.only("content-type"), Some("text/event-stream"));
    for index in 0..5 {
        let part = visitor.part().await.unwrap().expect("an event");
        let text = String::from_utf8(part.bytes.to_vec()).unwrap();
        let words: Vec<u64> = text.split_whitespace().skip(1).map(|word| word.parse().unwrap()).collect();
        assert_eq!((words.len(), words[0]), (2, index), "one event at a time: {text:?}");
        let sent = world.upstream.started() + Duration::from_micros(words[1]);
        assert!(part.at.saturating_duration_since(sent) < EVENT_DELAY_MAX, "event {index}");
        assert!(index > 3 || world.upstream.tagged("sse")[0].answered.is_none(), "the answer was held back");
    }
    assert!(visitor.part().await.unwrap().is_none());
}

#[tokio::test]
async fn slow_visitor_holds_the_upstream_back_and_loses_nothing() {
    let world = World::start().await;
    let mut visitor = stalled_reader(&world, "/big?n=300000000&tag=slow").await;
    let ahead = bytes_when_stalled(&world.upstream, "slow").await;
    assert!(ahead < AHEAD_BYTES_MAX, "{ahead} bytes ahead");
    // It goes on where it stopped.
    let mut read = 0;
    let block = pattern(64 << 10);
    while read < 2 * usize::try_from(ahead).unwrap() {
        let part = visitor.part().await.unwrap().expect("more");
        for piece in part.bytes.chunks(64 << 10) {
            let offset = read % 256;
            assert!(piece[..piece.len().min(256)] == block[offset..][..piece.len().min(256)], "at byte {read}");
            read += piece.len();
        }
    }
    assert!(world.upstream.tagged("slow")[0].sent_bytes > ahead);
}

#[tokio::test]
async fn slow_upstream_holds_the_visitor_back() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let fields = [("Content-Length", "1000000000")];
    visitor.sender().send_request("POST", "/slowread?bps=10000&sec=60", &fields, b"").await.unwrap();
    let block = vec![b'x'; 1 << 20];
    let mut blocks = 0;
    while let Ok(sent) = timeout(STALLED, visitor.sender().send(&block)).await {
        sent.unwrap();
        blocks += 1;
        assert!(blocks < 64, "nothing holds the visitor back");
    }
}

#[tokio::test]
async fn visitor_that_leaves_is_noticed_by_the_upstream() {
    let world = World::start().await;
    for path in ["/hang", "/stream", "/stream?fast&size=65536"] {
        for is_reset in [false, true] {
            let tag = format!("leaves-{is_reset}");
            let mut visitor = world.visitor().await;
            visitor.sender().send_request("GET", path, &[("X-Tag", &tag)], b"").await.unwrap();
            let before = world.upstream.requests();
            world
                .upstream
                .wait_for(&tag, |record| record.gone.is_none() && record.number >= before, SOON)
                .await
                .unwrap();
            let begin = Instant::now();
            if is_reset {
                visitor.reset().unwrap();
            } else {
                drop(visitor);
            }
            let all_gone = |upstream: &TestUpstream| upstream.tagged(&tag).iter().all(|record| record.gone.is_some());
            octoporty_tests::eventually(SOON, path, || all_gone(&world.upstream)).await;
            assert!(begin.elapsed() < ABORT_MAX, "{path} reset {is_reset}: {:?}", begin.elapsed());
        }
    }
}

#[tokio::test]
async fn visitor_that_leaves_in_the_middle_of_its_upload_is_noticed() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let fields = [("Content-Length", "1000000")];
    visitor.sender().send_request("POST", "/echo?tag=upload", &fields, b"").await.unwrap();
    visitor.send(vec![b'x'; 100_000]).await.unwrap();
    world.upstream.wait_for("upload", |record| record.body_bytes == 100_000, SOON).await.unwrap();
    let begin = Instant::now();
    drop(visitor);
    world.upstream.wait_for("upload", |record| record.gone.is_some(), SOON).await.unwrap();
    assert!(begin.elapsed() < ABORT_MAX, "{:?}", begin.elapsed());
}

// R16
#[tokio::test]
async fn upstream_that_breaks_off_cuts_the_answer() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.sender().send_request("GET", "/stream?tag=breaks", &[], b"").await.unwrap();
    assert_eq!(visitor.head("GET").await.unwrap().status, 200);
    visitor.part().await.unwrap().expect("a chunk");
    world.upstream.close_connections();
    let summary = visitor.summary().await;
    assert!(matches!(summary.end, BodyEnd::Bad(BodyFault::Cut(_))), "{summary:?}");
}

// R28, R29
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_readers_hold_nobody_up_and_take_little_memory() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    visitor.get("/echo").await.unwrap();
    let memory_before = ProcessFigures::of_self().unwrap().resident_bytes;
    let mut stalled = Vec::new();
    for index in 0..20 {
        stalled.push(stalled_reader(&world, &format!("/stream?fast&size=65536&tag=stalled-{index}")).await);
    }
    for index in 0..20 {
        let ahead = bytes_when_stalled(&world.upstream, &format!("stalled-{index}")).await;
        assert!(ahead < AHEAD_BYTES_MAX, "{ahead} bytes ahead");
    }
    let mut upload = world.visitor().await;
    let fields = [("Content-Length", "1000000000")];
    upload.sender().send_request("POST", "/slowread?bps=1000&sec=60", &fields, b"").await.unwrap();
    while timeout(STALLED, upload.sender().send(vec![b'x'; 1 << 20])).await.is_ok() {}

    let mut times = Vec::new();
    for _ in 0..200 {
        let begin = Instant::now();
        assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    // The figure is 50 ms, in a release build with two idle cores.
    assert!(times[197] < Duration::from_secs(1), "p99 {:?}, median {:?}", times[197], times[100]);
    let grown = ProcessFigures::of_self().unwrap().resident_bytes.saturating_sub(memory_before);
    assert!(grown < 128 << 20, "{grown} bytes for 21 stalled streams");
}

// R15
#[tokio::test]
async fn pausing_answer_is_cut_only_where_the_mapping_says_so() {
    let upstream = TestUpstream::start().unwrap();
    let gateway = octoporty_tests::TestGateway::start().unwrap();
    let patient = octoporty_tests::mapping("patient.example.test", upstream.address());
    let impatient = octoporty_tests::mapping(HOST, upstream.address()).body_idle_timeout(Duration::from_millis(300));
    let _agent =
        octoporty_tests::TestAgent::builder(gateway.address()).mapping(patient).mapping(impatient).connect().await;
    let ask = async |host: &str, path: &str| {
        let mut visitor = Visitor::connect(gateway.address(), host).await.unwrap();
        visitor.sender().send_request("GET", path, &[], b"").await.unwrap();
        assert_eq!(visitor.head("GET").await.unwrap().status, 200);
        visitor
    };
    let mut waiting = ask("patient.example.test", "/steps?n=1&tag=patient").await;
    let mut cut = ask(HOST, "/steps?n=1&tag=impatient").await;
    assert!(matches!(cut.summary().await.end, BodyEnd::Bad(_)));
    upstream.wait_for("impatient", |record| record.gone.is_some(), SOON).await.unwrap();
    upstream.step("patient");
    assert_eq!(waiting.summary().await.end, BodyEnd::Complete);
}
