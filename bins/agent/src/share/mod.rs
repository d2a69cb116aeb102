//! The quick share: `octoporty-agent http 3000` and `octoporty-agent serve ./folder`. No database, no web UI, nothing kept:
//! a tunnel with one endpoint, a public address, and a line for each request until Ctrl-C.

mod config;
mod options;
mod show;
mod target;
mod what;

use std::{process::ExitCode, sync::Arc, time::Duration};

use clap::{CommandFactory, error::ErrorKind};
use futures::StreamExt;
use octoporty_client::{ConnectError, Endpoint, EndpointError, Event, Tunnel, connect::DialTargetBuilder};
use octoporty_shell::{logging, output, settings::Loaded};
use tower_http::services::ServeDir;

pub(crate) use options::{HttpShare, ServeShare, ShareOptions};
pub(crate) use what::What;

use crate::{PROGRAM, cli::Cli};
use config::ShareConfig;
use show::{Lines, Show, harmless};

/// How long requests have to end after Ctrl-C: somebody sits there and waits.
const DRAIN_PERIOD: Duration = Duration::from_secs(10);

/// The exit status for a command line that cannot be, as everywhere.
const USAGE: u8 = 2;

/// Why the share ended.
#[derive(Debug, thiserror::Error)]
enum ShareError {
    #[error("{}", harmless(.0))]
    Connect(#[from] ConnectError),
    #[error("{}", harmless(.0))]
    Endpoint(#[from] EndpointError),
}

/// Shares until a signal asks for the end.
pub(crate) fn run(cli: &Cli, what: Result<What, String>, options: &ShareOptions) -> ExitCode {
    if let Some(flag) = cli.useless_for_shares() {
        let message = format!(
            "{flag} is for an Agent with a web UI; a share has neither that nor other mappings, so leave it out"
        );
        let _printed = Cli::command().error(ErrorKind::ArgumentConflict, message).print();
        return ExitCode::from(USAGE);
    }
    let Loaded { config, warnings, .. } = match config::load(cli, std::env::vars_os(), what, options) {
        Ok(loaded) => loaded,
        Err(problems) => return output::refuse(PROGRAM, &problems),
    };
    let _log = match logging::init(&config.logging, "agent") {
        Ok(guard) => guard,
        Err(error) => return output::refuse_start(PROGRAM, &error),
    };
    for warning in &warnings {
        output::print_error(&format!("warning: {warning}\n"));
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::refuse_start(PROGRAM, &error),
    };
    match runtime.block_on(share(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::refuse_start(PROGRAM, &error),
    }
}

async fn share(config: ShareConfig) -> Result<(), ShareError> {
    // Polled once, so that a signal during the start is not the end of it.
    let mut told = Box::pin(octoporty_shell::shutdown_signal());
    let _not_yet = futures::poll!(&mut told);
    let show = Show::new(config.form);
    let (observer, lines) = Lines::new();
    show.begin(&config.gateway.to_string());
    let opening = async {
        let mut builder = Tunnel::builder()
            .gateway(config.gateway.to_string())
            .api_key(config.api_key.clone())
            .name(&config.name)
            .observer(Arc::new(observer));
        let policy = octoporty_client::upstream::AddressPolicy::new(config.deny_list.clone());
        builder = builder.agent(move |agent| agent.address_policy(policy));
        if let Some(pin) = config.gateway_pin {
            builder = builder.dial(move |dial| dial.pin(pin));
        }
        if config.allow_insecure_gateway {
            builder = builder.dial(DialTargetBuilder::allow_insecure);
        }
        let tunnel = builder.connect().await?;
        Ok::<_, ShareError>((open(&tunnel, &config).await?, tunnel))
    };
    let (endpoint, tunnel) = tokio::select! {
        opened = opening => opened?,
        _signal = &mut told => return Ok(()),
    };
    show.online(&endpoint.url(), &config.what);
    let mut events = tunnel.events();
    let following = async {
        while let Some(event) = events.next().await {
            match event {
                Event::SessionDown { failure } => show.lost(&failure.to_string()),
                Event::SessionUp { .. } => show.back(),
                _ => {}
            }
        }
    };
    tokio::select! {
        _signal = told => {}
        () = following => {}
        () = show.requests(lines) => {}
    }
    let report = tunnel.drain(DRAIN_PERIOD).await;
    show.end(report.finished, report.aborted);
    Ok(())
}

async fn open(tunnel: &Tunnel, config: &ShareConfig) -> Result<Endpoint, EndpointError> {
    let builder = tunnel.http(config.host.clone());
    match &config.what {
        What::Service(upstream) => builder.forward(upstream.upstream()).await,
        What::Folder(folder) => builder.serve(ServeDir::new(folder)).await,
    }
}
