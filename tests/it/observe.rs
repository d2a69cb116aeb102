//! What an observer is told of exchanges, whichever way they took through the Agent.

use std::sync::Arc;

use http::Version;
use octoporty_client::observe::{ExchangeKind, ExchangeObserver, ExchangeRecord};
use octoporty_core::frame::Side;
use octoporty_tests::{HOST, World, free_address, mapping, within};
use tokio::sync::mpsc;

use crate::SOON;

/// Hands records to a test.
struct Told(mpsc::Sender<ExchangeRecord>);

impl ExchangeObserver for Told {
    fn exchange(&self, record: ExchangeRecord) {
        self.0.try_send(record).expect("a test asks for fewer");
    }
}

const BROKEN_HOST: &str = "broken.example.test";

async fn observed() -> (World, mpsc::Receiver<ExchangeRecord>) {
    let (tell, told) = mpsc::channel(16);
    let nobody = free_address().expect("a free port");
    let world = World::start_with(
        |gateway| gateway,
        |agent| agent.mapping(mapping(BROKEN_HOST, nobody)).with(|agent| agent.observer(Arc::new(Told(tell)))),
    )
    .await;
    (world, told)
}

async fn next(told: &mut mpsc::Receiver<ExchangeRecord>) -> ExchangeRecord {
    within(SOON, "an exchange is told of", told.recv()).await.expect("the agent lives")
}

#[tokio::test]
async fn each_way_of_forwarding_is_told_of_alike() {
    let (world, mut told) = observed().await;
    let mut visitor = world.visitor().await;
    // Without a body it goes past hyper, with one through it.
    for (method, body) in [("GET", &b""[..]), ("POST", b"twelve bytes")] {
        let answer = visitor.request(method, "/echo?q=1", &[("User-Agent", "tester")], body).await.unwrap();
        let record = next(&mut told).await;
        assert_eq!((record.kind, record.status, &record.failure), (ExchangeKind::Http, Some(200), &None));
        assert_eq!(record.request_bytes, body.len() as u64, "{method}");
        assert_eq!(record.response_bytes, answer.body.len() as u64, "{method}");
        let head = record.request().unwrap();
        assert_eq!((head.method, head.target, head.version), (method, &b"/echo?q=1"[..], Some(Version::HTTP_11)));
        let field = |name: &str| {
            head.fields.into_iter().find(|(found, _value)| *found == name.as_bytes()).map(|(_, value)| value)
        };
        assert_eq!((field("host"), field("user-agent")), (Some(HOST.as_bytes()), Some(&b"tester"[..])));
        let id = answer.fields().only("x-octoporty-request-id").map(str::to_owned);
        assert_eq!(id, Some(record.id.to_string()));
        assert_eq!(record.answer().unwrap().status, 200);
        let phases = record.phases;
        assert!(phases.gateway.is_some() && phases.wait.is_some() && phases.answer.is_some(), "{phases:?}");
        let parts = phases.connect.unwrap_or_default() + phases.wait.unwrap() + phases.answer.unwrap();
        assert_eq!(parts, record.duration);
    }
    world.visitor_h2().await.get("/echo").await.unwrap();
    let record = next(&mut told).await;
    assert_eq!(record.request().unwrap().version, Some(Version::HTTP_2));
}

#[tokio::test]
async fn only_the_first_exchange_on_a_connection_had_to_connect() {
    let (world, mut told) = observed().await;
    let mut visitor = world.visitor().await;
    for first in [true, false] {
        visitor.get("/echo").await.unwrap();
        assert_eq!(next(&mut told).await.phases.connect.is_some(), first);
    }
}

#[tokio::test]
async fn failures_are_told_with_their_side() {
    let (world, mut told) = observed().await;
    for (method, body) in [("GET", &b""[..]), ("POST", b"x")] {
        let mut visitor = world.visitor_of(BROKEN_HOST).await;
        assert_eq!(visitor.request(method, "/", &[], body).await.unwrap().status(), 502);
        let record = next(&mut told).await;
        let failure = record.failure.expect("nothing listens there");
        assert_eq!((record.status, failure.side), (None, Side::Upstream));
        assert!(failure.message.contains("refused the connection"), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_visitor_who_leaves_is_told_as_the_one_who_did() {
    let (world, mut told) = observed().await;
    let mut visitor = world.visitor().await;
    visitor.sender().send_request("GET", "/gate?tag=left", &[], b"").await.unwrap();
    world.upstream.wait_for("left", |_record| true, SOON).await.unwrap();
    drop(visitor);
    let record = next(&mut told).await;
    assert_eq!(record.failure.map(|failure| failure.side), Some(Side::Visitor));
}
