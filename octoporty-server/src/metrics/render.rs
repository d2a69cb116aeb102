//! From counts to text.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use octoporty_core::version::VERSION;

use super::{
    Metrics, RouteSlot, ShardMetrics,
    exposition::Exposition,
    shard::{BUCKETS_US, CLASSES, Failure, RouteCounts},
};
use crate::gateway::{Inner, WAITING_MAX};

/// Microseconds of a second.
const SECOND_US: f64 = 1e6;

/// All families. Host names are in none of them (R61).
pub(super) fn text(gateway: &Inner) -> String {
    let mut out = Exposition::default();
    program(&mut out, gateway);
    visitors(&mut out, gateway);
    requests(&mut out, &gateway.metrics);
    routes(&mut out, &gateway.metrics);
    tunnel(&mut out, gateway);
    out.into_text()
}

fn program(out: &mut Exposition, gateway: &Inner) {
    out.gauge("octoporty_info", "The version, in a label").labelled(format_args!("version=\"{VERSION}\""), 1);
    out.gauge("octoporty_uptime_seconds", "Time since the start").value(gateway.started.elapsed().as_secs());
    out.gauge("octoporty_shards", "Threads of the data path").value(gateway.metrics.shards.len());
    out.counter("octoporty_log_lines_skipped_total", "Log lines that live streams left out")
        .value(gateway.control.lines_skipped.load(Relaxed));
}

fn visitors(out: &mut Exposition, gateway: &Inner) {
    let metrics = &gateway.metrics;
    out.counter("octoporty_connections_total", "Connections that were taken, of visitors and Agents")
        .value(sum(metrics, |shard| &shard.connections));
    out.counter("octoporty_connections_refused_total", "Connections over a limit")
        .value(sum(metrics, |shard| &shard.connections_refused));
    out.gauge("octoporty_connections_open", "Connections of visitors that are open").value(gateway.limiter.held());
    out.gauge("octoporty_requests_waiting", "Requests that wait for a tunnel")
        .value(WAITING_MAX - gateway.waiting.available_permits());
}

pub(super) fn requests(out: &mut Exposition, metrics: &Metrics) {
    let open = |began: fn(&ShardMetrics) -> &AtomicU64, ended: fn(&ShardMetrics) -> &AtomicU64| {
        // Ended first: what ends in between is then not missing twice.
        let ended = sum(metrics, ended);
        sum(metrics, began).saturating_sub(ended)
    };
    out.gauge("octoporty_requests_in_flight", "Requests that are not answered to the end")
        .value(open(|shard| &shard.began, |shard| &shard.ended));
    out.gauge("octoporty_upgrades_open", "Upgraded connections, such as WebSockets, that are open")
        .value(open(|shard| &shard.upgrades_began, |shard| &shard.upgrades_ended));
    out.counter("octoporty_requests_total", "Requests by class of the answer's status");
    for class in 0..CLASSES {
        let label = format_args!("class=\"{}xx\"", class + 1).to_string();
        out.labelled(label, sum(metrics, |shard| &shard.all.classes[class]));
    }
    out.counter("octoporty_request_failures_total", "Requests that failed, by whose doing it was");
    for (index, (_, side)) in Failure::ALL.iter().enumerate() {
        out.labelled(format_args!("side=\"{side}\""), sum(metrics, |shard| &shard.failures[index]));
    }
    out.counter("octoporty_visitor_bytes_total", "Bytes of bodies and upgraded connections");
    out.labelled("direction=\"from_visitors\"", sum(metrics, |shard| &shard.all.from_visitors));
    out.labelled("direction=\"to_visitors\"", sum(metrics, |shard| &shard.all.to_visitors));
    latency(out, metrics);
}

fn latency(out: &mut Exposition, metrics: &Metrics) {
    out.histogram("octoporty_request_duration_seconds", "From the head of a request to the end of its answer");
    let mut count = 0;
    for (index, bound) in BUCKETS_US.iter().enumerate() {
        count += sum(metrics, |shard| &shard.buckets[index]);
        out.part("_bucket", &format!("{{le=\"{}\"}}", seconds(*bound)), count);
    }
    count += sum(metrics, |shard| &shard.buckets[BUCKETS_US.len()]);
    out.part("_bucket", "{le=\"+Inf\"}", count);
    out.part("_sum", "", seconds(sum(metrics, |shard| &shard.elapsed_us)));
    out.part("_count", "", count);
}

/// Only mappings that had requests are listed.
pub(super) fn routes(out: &mut Exposition, metrics: &Metrics) {
    let named = metrics.routes.all().into_iter().map(|(mapping, slot)| (mapping.to_string(), slot));
    let counted: Vec<_> = std::iter::once(("other".to_owned(), RouteSlot::OTHER))
        .chain(named)
        .map(|(name, slot)| (name, RouteSums::of(metrics, slot)))
        .filter(|(_, sums)| sums.classes.iter().any(|count| *count > 0))
        .collect();
    out.counter("octoporty_route_requests_total", "Requests by mapping and class of the answer's status");
    for (name, sums) in &counted {
        for (class, count) in sums.classes.iter().enumerate().filter(|(_, count)| **count > 0) {
            out.labelled(format_args!("mapping=\"{name}\",class=\"{}xx\"", class + 1), count);
        }
    }
    out.counter("octoporty_route_bytes_total", "Bytes of bodies and upgraded connections by mapping");
    for (name, sums) in &counted {
        out.labelled(format_args!("mapping=\"{name}\",direction=\"from_visitors\""), sums.from_visitors);
        out.labelled(format_args!("mapping=\"{name}\",direction=\"to_visitors\""), sums.to_visitors);
    }
}

#[derive(Default)]
struct RouteSums {
    classes: [u64; CLASSES],
    from_visitors: u64,
    to_visitors: u64,
}

impl RouteSums {
    fn of(metrics: &Metrics, slot: RouteSlot) -> Self {
        let mut sums = Self::default();
        for RouteCounts { classes, from_visitors, to_visitors } in
            metrics.shards.iter().filter_map(|shard| shard.route(slot))
        {
            for (sum, count) in sums.classes.iter_mut().zip(classes) {
                *sum += count.load(Relaxed);
            }
            sums.from_visitors += from_visitors.load(Relaxed);
            sums.to_visitors += to_visitors.load(Relaxed);
        }
        sums
    }
}

fn tunnel(out: &mut Exposition, gateway: &Inner) {
    let metrics = &gateway.metrics;
    let here = gateway.registry.statuses().iter().filter(|agent| agent.lanes > 0).count();
    out.gauge("octoporty_agents", "Agents that are connected").value(here);
    out.gauge("octoporty_routes", "Hosts that have a route").value(gateway.registry.table().len());
    out.counter("octoporty_sessions_total", "Sessions that Agents began").value(metrics.sessions.load(Relaxed));
    out.counter("octoporty_agent_reconnects_total", "Sessions of Agents that had been here before")
        .value(metrics.reconnects.load(Relaxed));
    out.counter("octoporty_lanes_refused_total", "Lanes that were not opened")
        .value(metrics.lanes_refused.load(Relaxed));
    out.counter("octoporty_agent_keys_wrong_total", "Attempts to open a tunnel with a wrong key")
        .value(metrics.wrong_keys.load(Relaxed));
    let sums = metrics.lanes.sums();
    out.gauge("octoporty_lanes", "Lanes of all Agents").value(sums.lanes);
    out.gauge("octoporty_streams_open", "Streams that the Gateway opened and that are open").value(sums.streams_open);
    out.counter("octoporty_streams_total", "Streams that were opened by either side").value(sums.streams);
    out.counter("octoporty_tunnel_bytes_total", "Bytes of the tunnel's messages");
    out.labelled("direction=\"from_agents\"", sums.bytes_in).labelled("direction=\"to_agents\"", sums.bytes_out);
    out.counter("octoporty_credit_stalls_total", "Times that a stream had bytes and no credit")
        .value(sums.credit_stalls);
    if let Some(max) = sums.round_trip_max {
        out.gauge("octoporty_lane_round_trip_max_seconds", "The slowest lane's last round trip")
            .value(max.as_secs_f64());
        let mean = sums.round_trip_sum / sums.round_trips.max(1);
        out.gauge("octoporty_lane_round_trip_mean_seconds", "The mean of all lanes' last round trips")
            .value(mean.as_secs_f64());
    }
}

fn sum(metrics: &Metrics, of: impl Fn(&ShardMetrics) -> &AtomicU64) -> u64 {
    metrics.shards.iter().map(|shard| of(shard).load(Relaxed)).sum()
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit")]
fn seconds(us: u64) -> f64 {
    us as f64 / SECOND_US
}
