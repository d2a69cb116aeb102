//! A Gateway with a key for each Agent: stored as hashes, bound to domains, withdrawn while it runs.

mod keys;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context as _;
use axum::{Router, routing::get};
use clap::{ArgGroup, Parser};
use octoporty_client::Tunnel;
use octoporty_examples::{say, stop_signal};
use octoporty_server::{AgentScope, Attempt, Authenticator, Denied, Gateway};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::keys::Keys;

/// Runs a Gateway with a key for each Agent.
#[derive(Debug, Parser)]
#[command(group(ArgGroup::new("source").required(true).args(["keys", "self_contained"])))]
struct Args {
    /// A file with a line for each key: identity sha256-in-hex domain,domain
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Where to listen; port 0 lets the system choose one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Makes two keys up, and runs an Agent with each in this program
    #[arg(long)]
    self_contained: bool,
}

/// The Gateway and this program hold the same keys.
struct Shared(Arc<Keys>);

impl Authenticator for Shared {
    async fn authenticate(&self, attempt: &Attempt<'_>) -> Result<AgentScope, Denied> {
        self.0.authenticate(attempt).await
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let stop = stop_signal()?;
    let mut hangup = Hangup::new()?;
    let keys = Arc::new(Keys::default());
    let gateway = Gateway::builder().authenticator(Shared(Arc::clone(&keys))).build()?;
    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    TaskTracker::new().spawn(async move { gateway.serve(listener, 0).await });
    say(format_args!("listening on {address}"))?;

    let made_up = if args.self_contained { Some(MadeUp::new(&keys, address).await?) } else { None };
    let read = || match (&args.keys, &made_up) {
        (Some(path), _) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display())),
        // The second key is withdrawn, as if its line had been deleted.
        (None, Some(made_up)) => Ok(made_up.first_line.clone()),
        (None, None) => Ok(String::new()),
    };
    if args.keys.is_some() {
        keys.replace(&read()?)?;
    }
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = hangup.recv() => match read().and_then(|text| keys.replace(&text)) {
                Ok(withdrawn) => say(format_args!("keys read again; withdrawn: {withdrawn:?}"))?,
                // A mistake in the file locks nobody out.
                Err(error) => say(format_args!("keys not read: {error:#}"))?,
            }
        }
    }
}

/// Two Agents in this program, for those who have none.
struct MadeUp {
    first_line: String,
    /// They stay online as long as they are held.
    _tunnels: [Tunnel; 2],
}

impl MadeUp {
    async fn new(keys: &Keys, gateway: SocketAddr) -> anyhow::Result<Self> {
        let secrets: [String; 2] = std::array::from_fn(|_| format!("{:032x}", rand::random::<u128>()));
        let [alpha, beta] = &secrets;
        let first_line = format!("alpha {} alpha.localhost,*.alpha.localhost", sha256_hex(alpha));
        keys.replace(&format!("{first_line}\nbeta {} beta.localhost", sha256_hex(beta)))?;

        let connect = |key: &str| Tunnel::builder().gateway(format!("ws://{gateway}/tunnel")).api_key(key).connect();
        let tunnels = [connect(alpha).await?, connect(beta).await?];
        for (tunnel, host) in tunnels.iter().zip(["alpha.localhost", "beta.localhost"]) {
            let app = Router::new().route("/", get(move || async move { format!("hello from {host}\n") }));
            say(format_args!("online at {}", tunnel.serve(host, app).await?.url()))?;
        }
        let app = Router::new();
        if let Err(error) = tunnels[1].serve("not-betas.localhost", app).await {
            say(format_args!("refused, as it should be ({}): {error}", error.code()))?;
        }
        Ok(Self { first_line, _tunnels: tunnels })
    }
}

fn sha256_hex(key: &str) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SIGHUP, where there is one.
#[cfg(unix)]
struct Hangup(tokio::signal::unix::Signal);

#[cfg(unix)]
impl Hangup {
    fn new() -> io::Result<Self> {
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).map(Self)
    }

    async fn recv(&mut self) {
        self.0.recv().await;
    }
}

#[cfg(not(unix))]
struct Hangup;

#[cfg(not(unix))]
impl Hangup {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn recv(&mut self) {
        std::future::pending::<()>().await;
    }
}
