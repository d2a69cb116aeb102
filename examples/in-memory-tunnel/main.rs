//! An application and its tests through a whole tunnel, in memory: Gateway, Agent, and visitor in one process, no socket.
//! The tests at the end of this file are the point; the program shows the same at a terminal.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use clap::Parser;
use octoporty_client::testkit::World;
use octoporty_examples::say;
use tokio::time::Instant;

/// Runs Gateway, Agent and visitor in memory.
#[derive(Debug, Parser)]
struct Args {
    /// As in the other examples; this one never needs anything else
    #[arg(long)]
    self_contained: bool,
}

/// The application: it counts.
fn app() -> Router {
    Router::new().route("/count", get(read).post(count)).route("/slow", post(slow)).with_state(Arc::default())
}

async fn read(State(counter): State<Arc<AtomicU64>>) -> String {
    counter.load(Ordering::Relaxed).to_string()
}

async fn count(State(counter): State<Arc<AtomicU64>>) -> String {
    (counter.fetch_add(1, Ordering::Relaxed) + 1).to_string()
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(60)).await;
    "done"
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Args { self_contained: _ } = Args::parse();
    let begin = Instant::now();
    let world = World::new();
    let tunnel = world.tunnel().await?;
    tunnel.serve("app.test", app()).await?;
    let visitor = world.visitor();
    for _ in 0..3 {
        let answer = visitor.post("http://app.test/count", "").await?;
        say(format_args!("visitor: {} {}", answer.status(), answer.text()))?;
    }
    say(format_args!("all of it took {:?}", begin.elapsed()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn visits_are_counted() {
        let world = World::new();
        let tunnel = world.tunnel().await.unwrap();
        tunnel.serve("app.test", app()).await.unwrap();
        for count in ["1", "2", "3"] {
            assert_eq!(world.visitor().post("http://app.test/count", "").await.unwrap().text(), count);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_tunnel_is_not_noticed_by_readers() {
        let world = World::new();
        let tunnel = world.tunnel().await.unwrap();
        tunnel.serve("app.test", app()).await.unwrap();
        world.visitor().post("http://app.test/count", "").await.unwrap();
        world.faults().cut();
        assert_eq!(world.visitor().get("http://app.test/count").await.unwrap().text(), "1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_takes_no_time() {
        let world = World::new();
        let tunnel = world.tunnel().await.unwrap();
        tunnel.serve("app.test", app()).await.unwrap();
        let begin = Instant::now();
        assert_eq!(world.visitor().post("http://app.test/slow", "").await.unwrap().text(), "done");
        assert!(begin.elapsed() >= Duration::from_secs(60), "by the paused clock");
    }
}
