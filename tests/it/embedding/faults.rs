//! What the testkit can do to a line, and what becomes of requests then.

use std::time::Duration;

use octoporty_client::{ConnectionState, testkit::World};
use tokio::time::Instant;

use super::{in_background, naming};

#[tokio::test(start_paused = true)]
async fn a_cut_line_comes_back_with_its_endpoints() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    tunnel.serve("app.test", naming("still here")).await.unwrap();
    for _ in 0..3 {
        world.faults().cut();
        assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "still here");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stalled_line_is_noticed_within_fifteen_seconds() {
    // R30
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    tunnel.serve("app.test", naming("back")).await.unwrap();
    let mut status = tunnel.status();
    world.faults().stall();
    let since = Instant::now();
    status.wait_for(|status| status.state != ConnectionState::Connected).await.unwrap();
    assert!(since.elapsed() <= Duration::from_secs(16), "{:?}", since.elapsed());
    world.faults().resume();
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "back");
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_seen_in_both_directions() {
    let world = World::new();
    let tunnel = world.tunnel().await.unwrap();
    tunnel.serve("app.test", naming("far")).await.unwrap();
    world.faults().delay(Duration::from_millis(150));
    let since = Instant::now();
    assert_eq!(world.visitor().get("http://app.test/").await.unwrap().text(), "far");
    let took = since.elapsed();
    assert!((Duration::from_millis(300)..Duration::from_millis(400)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_refuses_is_tried_again() {
    let world = World::new();
    world.faults().refuse();
    let given_up = world.builder().give_up_after(Duration::from_secs(30)).connect().await.err().unwrap();
    assert_eq!((given_up.code(), given_up.is_retryable()), ("timed-out", true));
    assert!(given_up.to_string().contains("no transport"), "{given_up}");
    let connecting = in_background(world.builder().connect());
    tokio::time::sleep(Duration::from_secs(5)).await;
    world.faults().accept();
    connecting.await.unwrap().unwrap();
}
