//! One mapping as a route of Caddy.
//!
//! gRPC goes to the Gateway over HTTP/2 without TLS, everything else over HTTP/1.1: Caddy answers 502 to a WebSocket
//! upgrade whose upstream speaks HTTP/2 alone.

use octoporty_core::{host::HostPattern, id::MappingId};
use serde_json::{Value, json};

/// What the id of each of our routes begins with.
const ID_PREFIX: &str = "octoporty-";

/// How long bytes of an answer may wait for more. Of events and of answers without a length Caddy holds back nothing; this
/// is for the others. Not -1, which means no wait at all: some versions then go on with a request whose visitor has left.
const FLUSH_INTERVAL: &str = "1ms";

/// How long streams go on after Caddy loaded another configuration: each change of a mapping is one, and a WebSocket
/// should outlive it. What has ended by then costs nothing.
const STREAM_CLOSE_DELAY: &str = "24h";

/// The field that says so. Caddy has it since 2.7.
const STREAM_CLOSE_DELAY_FIELD: &str = "stream_close_delay";

/// How long Caddy keeps an idle connection to the Gateway. The Gateway closes it after 75 s, and a request that meets the
/// end of its connection may fail.
const IDLE_TIMEOUT: &str = "60s";

/// For how long Caddy tries again to connect to a Gateway that restarts: as long as requests wait for a lost tunnel.
const CONNECT_PATIENCE: &str = "10s";

/// Pause between two of those tries.
const CONNECT_INTERVAL: &str = "250ms";

/// What becomes of streams when Caddy loads another configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Streams {
    /// They go on for [`STREAM_CLOSE_DELAY`].
    Kept,
    /// Caddy cuts them, and refuses to be told otherwise.
    Cut,
}

/// Whether a Caddy that said this refused a configuration because it cannot keep streams.
pub(super) fn is_refusal_to_keep_streams(message: &str) -> bool {
    message.contains(&format!("unknown field \"{STREAM_CLOSE_DELAY_FIELD}\""))
}

/// The id of the route of a mapping.
pub(super) fn route_id(mapping: MappingId) -> String {
    format!("{ID_PREFIX}{mapping}")
}

/// The mapping whose route this is; `None` for routes of others.
pub(super) fn mapping_of(route: &Value) -> Option<MappingId> {
    let digits = route.get("@id")?.as_str()?.strip_prefix(ID_PREFIX)?;
    let is_id = digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    digits.parse().ok().filter(|_| is_id)
}

/// The route of a mapping with these domains. `upstream` is where Caddy finds the Gateway, as `host:port`.
pub(super) fn route(mapping: MappingId, domains: &[HostPattern], upstream: &str, streams: Streams) -> Value {
    json!({
        "@id": route_id(mapping),
        "match": matchers(domains),
        "handle": [{
            "handler": "subroute",
            "routes": [
                { "match": [{ "protocol": "grpc" }], "handle": [grpc(upstream, streams)], "terminal": true },
                { "handle": [http(upstream, streams)] },
            ],
        }],
        "terminal": true,
    })
}

fn matchers(domains: &[HostPattern]) -> Value {
    let hosts: Vec<String> = domains.iter().map(ToString::to_string).collect();
    let mut sets = vec![json!({ "host": hosts })];
    for domain in domains {
        if let HostPattern::Wildcard(suffix) = domain {
            // Caddy's wildcard stands for one label, ours for one or more.
            let pattern = format!("(?i)^.+\\.{}(:[0-9]+)?$", suffix.as_str().replace('.', "\\."));
            sets.push(json!({ "header_regexp": { "Host": { "pattern": pattern } } }));
        }
    }
    Value::Array(sets)
}

fn grpc(upstream: &str, streams: Streams) -> Value {
    proxy(upstream, streams, json!({ "protocol": "http", "versions": ["h2c"] }))
}

fn http(upstream: &str, streams: Streams) -> Value {
    let transport = json!({ "protocol": "http", "versions": ["1.1"], "keep_alive": { "idle_timeout": IDLE_TIMEOUT } });
    proxy(upstream, streams, transport)
}

#[expect(clippy::needless_pass_by_value, reason = "json! takes it by reference, and a made value reads better here")]
fn proxy(upstream: &str, streams: Streams, transport: Value) -> Value {
    let mut handler = json!({
        "handler": "reverse_proxy",
        "transport": transport,
        "upstreams": [{ "dial": upstream }],
        "flush_interval": FLUSH_INTERVAL,
        "load_balancing": { "try_duration": CONNECT_PATIENCE, "try_interval": CONNECT_INTERVAL },
    });
    if streams == Streams::Kept {
        handler[STREAM_CLOSE_DELAY_FIELD] = STREAM_CLOSE_DELAY.into();
    }
    handler
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_those_of_others() {
        let id = MappingId::from_u128(0xab);
        assert_eq!(mapping_of(&json!({ "@id": route_id(id) })), Some(id));
        assert_eq!(route_id(id), "octoporty-000000000000000000000000000000ab");
        for other in [
            json!({}),
            json!({ "@id": 7 }),
            json!({ "@id": "octoporty" }),
            json!({ "@id": "octoporty-landing" }),
            json!({ "@id": "octoporty-000000000000000000000000000000AB" }),
            json!({ "@id": "octoporty-00000000-0000-0000-0000-0000000000ab" }),
            json!({ "@id": "octoporty-000000000000000000000000000000ab-old" }),
            json!({ "@id": "my-octoporty-000000000000000000000000000000ab" }),
        ] {
            assert_eq!(mapping_of(&other), None, "{other}");
        }
    }

    #[test]
    fn caddy_that_cannot_keep_streams_is_not_told_to() {
        let domains: [HostPattern; 1] = ["app.example.com".parse().unwrap()];
        let text = |streams| route(MappingId::from_u128(1), &domains, "127.0.0.1:17200", streams).to_string();
        assert_eq!(text(Streams::Kept).matches(STREAM_CLOSE_DELAY_FIELD).count(), 2);
        assert_eq!(text(Streams::Cut).matches(STREAM_CLOSE_DELAY_FIELD).count(), 0);
        assert!(is_refusal_to_keep_streams("http.handlers.reverse_proxy: json: unknown field \"stream_close_delay\""));
        assert!(!is_refusal_to_keep_streams("http.handlers.reverse_proxy: json: unknown field \"flush\""));
    }

    #[test]
    fn ten_thousand_routes_are_within_what_is_read() {
        let domain = "a-domain-of-some-length.apps.example.com".parse().unwrap();
        let mapping = MappingId::from_u128(u128::MAX);
        let bytes = route(mapping, &[domain], "gateway.internal:17200", Streams::Kept).to_string().len();
        assert!(bytes * 10_000 < 8 << 20, "{bytes}");
    }
}
