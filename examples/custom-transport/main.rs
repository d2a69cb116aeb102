//! A tunnel over a Unix socket in place of WebSocket: both ends of an own transport. Whoever may open the socket's file is
//! let in, so there is no key.

#[cfg(unix)]
mod ends;

use std::path::PathBuf;

use clap::{ArgGroup, Parser, ValueEnum};

/// Runs the ends of a tunnel over a Unix socket.
#[derive(Debug, Parser)]
#[command(group(ArgGroup::new("source").required(true).args(["socket", "self_contained"])))]
struct Args {
    /// The socket's file; one is made up if both ends are here
    #[arg(long)]
    socket: Option<PathBuf>,
    /// Which end this is
    #[arg(long, value_enum, default_value_t = End::Agent)]
    end: End,
    /// The public name that the Agent's end puts online
    #[arg(long, default_value = "app.localhost")]
    host: String,
    /// Runs both ends in this program
    #[arg(long)]
    self_contained: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum End {
    Gateway,
    Agent,
}

#[cfg(unix)]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    use octoporty_examples::{say, stop_signal};

    let args = Args::parse();
    let stop = stop_signal()?;
    let own = std::env::temp_dir().join(format!("octoporty-lanes-{}.sock", std::process::id()));
    let socket = args.socket.clone().unwrap_or(own);
    let gateway = if args.self_contained || args.end == End::Gateway {
        let gateway = ends::gateway(&socket).await?;
        say(format_args!("visitors at http://{}/, lanes at {}", gateway.visitors, socket.display()))?;
        Some(gateway)
    } else {
        None
    };
    if args.self_contained || args.end == End::Agent {
        let endpoint = ends::agent(&socket, &args.host).await?;
        say(format_args!("online: {}", endpoint.host()))?;
        stop.await;
        endpoint.tunnel().drain(octoporty_examples::DRAIN_PERIOD).await;
    } else {
        stop.await;
    }
    drop(gateway);
    Ok(())
}

#[cfg(not(unix))]
fn main() -> anyhow::Result<()> {
    let Args { .. } = Args::parse();
    anyhow::bail!("this example needs Unix sockets")
}
