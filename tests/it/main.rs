//! End-to-end tests: one binary, everything in one process with real sockets, but for `programs`.

mod caddy;
mod control;
mod edge;
mod embedding;
mod examples;
mod faults;
mod h2;
mod harness;
mod http1;
mod lanes;
mod observe;
mod programs;
mod routing;
mod share;
mod streaming;
mod tidy;
mod websocket;

use std::time::Duration;

/// A deadline for what should take milliseconds, on a machine that is busy with other things.
const SOON: Duration = Duration::from_secs(20);

/// Says of a JSON echo which values a field had, in order.
fn echoed(echo: &serde_json::Value, name: &str) -> Vec<String> {
    let lines = echo["fields"].as_array().expect("an echo lists the fields");
    let text = |value: &serde_json::Value| value.as_str().expect("names and values are text").to_owned();
    let named = lines.iter().filter(|line| text(&line[0]).eq_ignore_ascii_case(name));
    named.map(|line| text(&line[1])).collect()
}
