//! Caddy's routes follow the mappings, and nothing else of Caddy changes.

use octoporty_core::id::AgentId;
use octoporty_server::edge::EdgeOptions;
use octoporty_tests::{TestAgent, TestCaddy, TestUpstream, eventually, eventually_async, free_address};
use serde_json::{Value, json};

use super::{Front, catch_all, has_routes, mapping, quick, route_id, routes, site};
use crate::SOON;

#[tokio::test]
async fn routes_follow_the_mappings_and_everything_else_stays() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    caddy.start(&caddy.config_with_routes(&json!([site("own.test"), site("*.w.test"), catch_all()]))).await.unwrap();
    let before = caddy.config().await.unwrap();
    let front = Front::start(caddy.admin());
    let builder = TestAgent::builder(front.gateway.address());
    let mappings = [mapping(1, "a.test", &upstream), mapping(2, "b.w.test", &upstream)];
    let agent = mappings.into_iter().fold(builder, octoporty_tests::TestAgentBuilder::mapping).connect().await;
    has_routes(&caddy, &["own.test", "ours b.w.test", "*.w.test", "ours a.test", "*"]).await;

    // An edited domain keeps its id.
    agent.agent().replace_mappings(vec![mapping(1, "edited.test", &upstream), mapping(2, "b.w.test", &upstream)]);
    has_routes(&caddy, &["own.test", "ours b.w.test", "*.w.test", "ours edited.test", "*"]).await;
    let route = caddy.ask("GET", &format!("/id/{}", route_id(1)), None).await.unwrap();
    assert!(route.contains("edited.test"), "{route}");

    agent.agent().replace_mappings(Vec::new());
    has_routes(&caddy, &["own.test", "*.w.test", "*"]).await;
    assert_eq!(caddy.config().await.unwrap(), before);
}

#[tokio::test]
async fn what_somebody_changed_is_repaired() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    caddy.start(&caddy.config_with_routes(&json!([catch_all()]))).await.unwrap();
    let front = Front::start(caddy.admin());
    let builder = TestAgent::builder(front.gateway.address()).mapping(mapping(1, "a.test", &upstream));
    let _agent = builder.connect().await;
    has_routes(&caddy, &["ours a.test", "*"]).await;
    let good = caddy.config().await.unwrap();

    let id = route_id(1);
    caddy.ask("DELETE", &format!("/id/{id}"), None).await.unwrap();
    has_routes(&caddy, &["ours a.test", "*"]).await;
    caddy.ask("PATCH", &format!("/id/{id}/match/0/host"), Some(&json!(["wrong.test"]))).await.unwrap();
    has_routes(&caddy, &["ours a.test", "*"]).await;
    let mut turned = good.pointer("/apps/http/servers/srv0/routes").unwrap().clone();
    turned.as_array_mut().unwrap().reverse();
    caddy.ask("PATCH", "/config/apps/http/servers/srv0/routes", Some(&turned)).await.unwrap();
    has_routes(&caddy, &["ours a.test", "*"]).await;
    assert_eq!(caddy.config().await.unwrap(), good);
}

#[tokio::test]
async fn sites_that_others_add_meanwhile_are_kept() {
    const ROUNDS: u32 = 12;
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    let front = Front::start(caddy.admin());
    let agent = TestAgent::builder(front.gateway.address()).mapping(mapping(1, "a.test", &upstream)).connect().await;
    for round in 0..ROUNDS {
        agent.agent().replace_mappings(vec![mapping(1, &format!("a{round}.test"), &upstream)]);
        let host = format!("site{round}.test");
        // A change of ours restarts the admin API, which may cut this one off, before or after it was made.
        while caddy.ask("POST", "/config/apps/http/servers/srv0/routes", Some(&site(&host))).await.is_err() {
            eventually_async(SOON, "caddy answers", || async { caddy.config().await.is_ok() }).await;
            if routes(&caddy, "srv0").await.contains(&host) {
                break;
            }
        }
    }
    let last = format!("ours a{}.test", ROUNDS - 1);
    eventually_async(SOON, "the last domain is there", || async { routes(&caddy, "srv0").await.contains(&last) }).await;
    let mut found = routes(&caddy, "srv0").await;
    found.retain(|route| *route != last);
    assert_eq!(found, (0..ROUNDS).map(|round| format!("site{round}.test")).collect::<Vec<_>>());
}

#[tokio::test]
async fn routes_stay_while_a_tunnel_is_away() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    let front = Front::start(caddy.admin());
    let away = front.agent("a.test", &upstream).await;
    drop(away);
    eventually(SOON, "it is noticed", || front.gateway.gateway().agents().iter().all(|agent| agent.lanes == 0)).await;
    // A pass with another change shows what it does to the route of the one that is away.
    let _here = front.agent("b.test", &upstream).await;
    has_routes(&caddy, &["ours a.test", "ours b.test"]).await;
}

#[tokio::test]
async fn routes_go_with_their_tunnel_where_that_is_wanted() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    // Without repairs, so that the grace period alone can wake it.
    let options = EdgeOptions::new().remove_routes_on_tunnel_unavailable();
    let grace = std::time::Duration::from_millis(300);
    let at = free_address().unwrap();
    let front = Front::start_with(at, caddy.admin(), options, |gateway| gateway.grace_period(grace));
    let agent = |domain: &str, id| {
        let builder = TestAgent::builder(front.gateway.address()).map(domain, upstream.address());
        builder.with(move |agent| agent.id(AgentId::from_u128(id))).connect()
    };
    let (away, _here) = (agent("a.test", 1).await, agent("b.test", 2).await);
    has_routes(&caddy, &["ours a.test", "ours b.test"]).await;
    drop(away);
    has_routes(&caddy, &["ours b.test"]).await;
    let _back = agent("a.test", 1).await;
    has_routes(&caddy, &["ours b.test", "ours a.test"]).await;
}

// R63
#[tokio::test]
async fn configuration_is_shown_without_its_secrets() {
    const HASH: &str = "$2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG";
    let Some(mut caddy) = TestCaddy::find() else { return };
    let mut config = caddy.config_with_routes(&json!([{
        "match": [{ "host": ["private.test"] }],
        "handle": [
            { "handler": "authentication", "providers": { "http_basic": {
                "accounts": [{ "username": "owner", "password": HASH }],
            } } },
            { "handler": "headers", "request": { "set": { "Authorization": ["Bearer hunter2"] } } },
            { "handler": "static_response", "body": "private" },
        ],
    }]));
    let policies = config.pointer_mut("/apps/tls/automation/policies").and_then(Value::as_array_mut).unwrap();
    let account = json!({ "module": "acme", "email": "owner@private.test", "account_key": "hunter2" });
    policies.insert(0, json!({ "subjects": ["unused.test"], "issuers": [account] }));
    caddy.start(&config).await.unwrap();
    let front = Front::start_with(free_address().unwrap(), caddy.admin(), quick(), |gateway| gateway);
    let shown = front.gateway.gateway().edge().unwrap().caddy_config().await.unwrap();
    let text = shown.to_string();
    for secret in [HASH, "hunter2", "owner@private.test"] {
        assert!(!text.contains(secret), "{text}");
    }
    let hosts = shown.pointer("/apps/http/servers/srv0/routes/0/match/0/host");
    assert_eq!(hosts, Some(&json!(["private.test"])));
}
