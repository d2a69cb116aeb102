//! Counts of several shards add up, and the text is what Prometheus reads.

use std::{
    collections::{HashMap, HashSet},
    sync::atomic::Ordering::Relaxed,
    time::Duration,
};

use octoporty_core::id::MappingId;

use super::{Ended, Failure, RouteSlot, render};
use crate::Gateway;

fn gateway() -> Gateway {
    Gateway::builder().api_key("0123456789abcdef0123456789abcdef").build().unwrap()
}

fn ended(status: u16, elapsed_ms: u64) -> Ended {
    let elapsed = Duration::from_millis(elapsed_ms);
    Ended { status, elapsed, bytes_from_visitor: 10, bytes_to_visitor: 1000, failure: None }
}

/// Samples by name and labels, after a check of the format's rules.
fn samples(text: &str) -> HashMap<String, f64> {
    assert!(text.ends_with('\n'));
    let mut samples = HashMap::new();
    let mut family = String::new();
    let mut families = HashSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let words: Vec<&str> = rest.splitn(3, ' ').collect();
            match words[0] {
                "HELP" => assert!(families.insert(words[1].to_owned()), "twice: {line}"),
                "TYPE" => assert!(["counter", "gauge", "histogram"].contains(&words[2]), "{line}"),
                _ => panic!("{line}"),
            }
            words[1].clone_into(&mut family);
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with(&family), "{line} outside of its family");
        let before = samples.insert(name.to_owned(), value.parse().unwrap());
        assert_eq!(before, None, "twice: {line}");
    }
    samples
}

#[test]
fn shards_add_up() {
    let metrics = super::Metrics::new(2);
    let slot = metrics.routes.of(MappingId::from_u128(7));
    for (number, status, elapsed_ms) in [(0, 200, 1), (1, 204, 2), (0, 502, 40_000), (1, 101, 0)] {
        let shard = metrics.shard(number);
        shard.request_began();
        shard.request_ended(slot, &ended(status, elapsed_ms));
    }
    let shard = metrics.shard(1);
    shard.request_began();
    shard.request_began();
    let failed = Ended { failure: Some(Failure::Tunnel), ..ended(503, 10_000) };
    shard.request_ended(RouteSlot::OTHER, &failed);
    shard.upgrade_began();
    shard.upgrade_began();
    shard.upgrade_ended(slot, 5, 6);

    let mut out = super::exposition::Exposition::default();
    render::requests(&mut out, &metrics);
    render::routes(&mut out, &metrics);
    let samples = samples(&out.into_text());
    let expected = [
        ("octoporty_requests_in_flight", 1.0),
        ("octoporty_upgrades_open", 1.0),
        ("octoporty_requests_total{class=\"1xx\"}", 1.0),
        ("octoporty_requests_total{class=\"2xx\"}", 2.0),
        ("octoporty_requests_total{class=\"5xx\"}", 2.0),
        ("octoporty_request_failures_total{side=\"tunnel\"}", 1.0),
        ("octoporty_request_failures_total{side=\"visitor\"}", 0.0),
        ("octoporty_visitor_bytes_total{direction=\"from_visitors\"}", 55.0),
        ("octoporty_visitor_bytes_total{direction=\"to_visitors\"}", 5006.0),
        ("octoporty_request_duration_seconds_bucket{le=\"0.001\"}", 2.0),
        ("octoporty_request_duration_seconds_bucket{le=\"0.0025\"}", 3.0),
        ("octoporty_request_duration_seconds_bucket{le=\"10\"}", 4.0),
        ("octoporty_request_duration_seconds_bucket{le=\"30\"}", 4.0),
        ("octoporty_request_duration_seconds_bucket{le=\"+Inf\"}", 5.0),
        ("octoporty_request_duration_seconds_count", 5.0),
        ("octoporty_request_duration_seconds_sum", 50.003),
        ("octoporty_route_requests_total{mapping=\"other\",class=\"5xx\"}", 1.0),
        ("octoporty_route_requests_total{mapping=\"00000000000000000000000000000007\",class=\"2xx\"}", 2.0),
        ("octoporty_route_bytes_total{mapping=\"00000000000000000000000000000007\",direction=\"to_visitors\"}", 4006.0),
    ];
    for (name, value) in expected {
        assert_eq!(samples.get(name), Some(&value), "{name}");
    }
}

#[tokio::test]
async fn the_whole_text_keeps_the_rules_and_names_no_host() {
    // R61
    let gateway = gateway();
    gateway.inner.metrics.wrong_keys.fetch_add(3, Relaxed);
    let text = render::text(&gateway.inner);
    let samples = samples(&text);
    assert_eq!(samples["octoporty_agent_keys_wrong_total"], 3.0);
    assert_eq!(samples["octoporty_shards"], 1.0);
    assert_eq!(samples["octoporty_requests_waiting"], 0.0);
    assert!(!text.contains("host="));
}
