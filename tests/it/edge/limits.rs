//! One mapping's visitors do not take the places of all (R20).

use std::cell::RefCell;

use http::Method;
use octoporty_tests::{HOST, TestAgentBuilder, TestUpstream, World, eventually_async, mapping};

use crate::SOON;

const OTHER: &str = "other.example.test";

// R20
#[tokio::test]
async fn exchanges_of_one_mapping_are_bounded_and_the_others_not_disturbed() {
    let service = TestUpstream::start().unwrap();
    let and_other = |agent: TestAgentBuilder| agent.map(OTHER, service.address());
    let world = World::start_with(|gateway| gateway.exchanges_per_mapping_max(3), and_other).await;
    let arrived = |tag| world.upstream.wait_for(tag, |_| true, SOON);

    // One of each kind, as each is counted at a place of its own.
    let websocket = world.websocket("/ws").await.unwrap();
    let mut plain = world.visitor().await;
    plain.send(format!("GET /hang?tag=plain HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await.unwrap();
    arrived("plain").await.unwrap();
    let mut h2 = world.visitor_h2().await;
    let hanging = h2.open(Method::GET, "/hang?tag=h2", &[]).unwrap();
    arrived("h2").await.unwrap();

    let mut visitor = world.visitor().await;
    let full = visitor.get("/echo").await.unwrap();
    assert_eq!((full.status(), full.fields().only("retry-after")), (503, Some("5")), "{full:?}");
    assert_eq!(h2.get("/echo").await.unwrap().status, 503);
    assert!(world.websocket("/ws").await.is_err());
    assert_eq!(world.visitor_of(OTHER).await.get("/echo").await.unwrap().status(), 200);

    // Mappings that are told again are the same mappings.
    let agent = world.agent.agent();
    agent.replace_mappings(vec![
        mapping(HOST, world.upstream.address()),
        mapping("third.example.test", service.address()),
    ]);
    eventually_async(SOON, "the new mapping is there", || async {
        world.visitor_of("third.example.test").await.get("/echo").await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    assert_eq!(visitor.get("/echo").await.unwrap().status(), 503);

    // Each gives its place back, which the next one takes.
    let let_go: [Box<dyn FnOnce()>; 3] =
        [Box::new(move || drop(websocket)), Box::new(move || drop(plain)), Box::new(move || drop(hanging))];
    let taken = RefCell::new(Vec::new());
    for let_one_go in let_go {
        let_one_go();
        eventually_async(SOON, "a place comes back", || async {
            let Ok(websocket) = world.websocket("/ws").await else { return false };
            taken.borrow_mut().push(websocket);
            true
        })
        .await;
        assert_eq!(visitor.get("/echo").await.unwrap().status(), 503);
    }
}
