//! The landing page on its way from an Agent's user to visitors (R49).

use octoporty_client::control::{Landing, LandingOutcome};
use octoporty_tests::{TestAgent, TestFolder, TestGateway, World};

fn shown(gateway: &TestGateway) -> Option<String> {
    gateway.gateway().landing_page().html().map(|html| String::from_utf8_lossy(&html).into_owned())
}

#[tokio::test]
async fn a_page_reaches_the_gateway_and_outlives_its_restart() {
    let folder = TestFolder::new().unwrap();
    let path = folder.file("landing.json");
    let html = format!("<h1>Ours</h1>{}", "x".repeat((1 << 20) - 13));
    let page = Landing::custom(html.clone(), 1000).unwrap();
    let world = World::start_with(|gateway| gateway.landing_path(&path), |agent| agent).await;
    let gateway = world.agent.agent().control();
    assert_eq!(gateway.sync_landing(&page).await, Ok(LandingOutcome::Taken { replaced: None }));
    assert_eq!(gateway.sync_landing(&page).await, Ok(LandingOutcome::Current));
    assert!(shown(&world.gateway).as_deref() == Some(html.as_str()));
    let owner = gateway.status().await.unwrap().landing.unwrap();
    assert_eq!((owner.digest, owner.by.as_str(), owner.changed_at_ms), (page.digest(), "test-agent", 1000));
    drop(world);

    let world = World::start_with(|gateway| gateway.landing_path(&path), |agent| agent).await;
    assert!(shown(&world.gateway).as_deref() == Some(html.as_str()));
    let reset = world.agent.agent().control().sync_landing(&Landing::reset(2000)).await.unwrap();
    // An Agent of another identity: it is told whose page it took away.
    assert!(matches!(reset, LandingOutcome::Taken { replaced: Some(owner) } if owner.by == "test-agent"));
    assert_eq!(shown(&world.gateway), None);
}

#[tokio::test]
async fn the_last_change_wins_whoever_connects_last() {
    let world = World::start().await;
    let late = TestAgent::builder(world.gateway.address()).with(|agent| agent.name("late")).connect().await;
    let (first, second) = (world.agent.agent().control(), late.agent().control());
    let old = Landing::custom("old", 1000).unwrap();
    second.sync_landing(&Landing::custom("new", 2000).unwrap()).await.unwrap();
    match first.sync_landing(&old).await.unwrap() {
        LandingOutcome::Superseded { by } => assert_eq!((by.by.as_str(), by.changed_at_ms), ("late", 2000)),
        other => panic!("{other:?}"),
    }
    assert_eq!(shown(&world.gateway).as_deref(), Some("new"));
}

#[tokio::test]
async fn visitors_see_the_page_in_a_sandbox() {
    // R49
    let world =
        World::start_with(|gateway| gateway.own_host("gate.example.test".parse().unwrap()), |agent| agent).await;
    let page = Landing::custom("<h1>Ours</h1>", 1000).unwrap();
    world.agent.agent().control().sync_landing(&page).await.unwrap();
    for (host, status) in [("gate.example.test", 200), ("unknown.example.test", 404)] {
        let mut visitor = world.visitor_of(host).await;
        let answer = visitor.request("GET", "/", &[("accept", "text/html")], b"").await.unwrap();
        assert_eq!((answer.status(), answer.text()), (status, "<h1>Ours</h1>".to_owned()));
        assert_eq!(answer.fields().only("content-security-policy"), Some("sandbox allow-popups"));
    }
    let mapped = world.visitor().await.get("/status/404").await.unwrap();
    assert_eq!(mapped.fields().only("content-security-policy"), None, "a mapped host owns every path");
}

#[tokio::test]
async fn the_default_page_can_be_previewed() {
    let world = World::start().await;
    let html = world.agent.agent().control().default_landing().await.unwrap();
    assert!(html.starts_with(b"<!doctype html>"));
}
