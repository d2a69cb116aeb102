//! A small service to see through the tunnel: a page with a WebSocket clock, server-sent events, uploads and downloads,
//! and plain endpoints for curl. It listens on loopback and knows nothing of Octoporty.

mod app;
mod clock;
mod events;
mod files;
mod page;
mod plain;
#[cfg(test)]
mod tests;

use std::{
    io::{self, Write as _},
    net::IpAddr,
};

use anyhow::Context as _;
use clap::Parser;
use tokio::net::TcpListener;

use crate::app::App;

/// A small service to see through an Octoporty tunnel.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Port to listen on; 0 lets the system choose one.
    #[arg(long, default_value_t = 17203)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let stop = stop_signal().context("cannot listen for signals")?;
    let listener = TcpListener::bind((args.bind, args.port))
        .await
        .with_context(|| format!("cannot listen on {}:{}", args.bind, args.port))?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "demo-service listens on http://{address}/")?;

    let app = App::default();
    tokio::select! {
        served = app::serve(listener, app.clone()) => served?,
        () = stop => {}
    }
    // Nothing here is worth a wait: what is in flight ends with the program.
    app.stop.cancel();
    Ok(())
}

/// Ends on Ctrl-C or SIGTERM. The handlers are in place when this returns, before the future is first polled.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends on Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
