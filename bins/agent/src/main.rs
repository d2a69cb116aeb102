//! The Octoporty Agent program: dials out to a Gateway and forwards visitors' requests to private services.

mod api;
mod catalogue;
mod cli;
mod clock;
mod config;
mod fingerprint;
mod gateway_url;
mod link;
mod management;
mod mapping;
mod observe;
mod password_hash;
mod run;
mod share;
mod storage;
mod wiring;

use std::process::ExitCode;

use clap::Parser;
use octoporty_shell::banner::Banner;
use octoporty_shell::{
    data_dir, health,
    logging::{self, LogRing},
    output, process,
    settings::Loaded,
};

use cli::{Cli, Command};
use config::AgentConfig;
use share::What;

const PROGRAM: &str = "octoporty-agent";

fn main() -> ExitCode {
    let cli = Cli::parse();
    match &cli.command {
        Some(Command::Http(http)) => return share::run(&cli, What::service(http), &http.options),
        Some(Command::Serve(serve)) => return share::run(&cli, What::folder(serve), &serve.options),
        Some(Command::Check | Command::Health) | None => {}
    }
    let loaded = match config::load(&cli, std::env::vars_os()) {
        Ok(loaded) => loaded,
        Err(problems) => return output::refuse(PROGRAM, &problems),
    };
    match cli.command {
        Some(Command::Check) => check(&loaded),
        Some(Command::Health) => health::report(PROGRAM, loaded.config.listen),
        // Shares ended above.
        Some(Command::Http(_) | Command::Serve(_)) | None => start(loaded),
    }
}

fn check(loaded: &Loaded<AgentConfig>) -> ExitCode {
    if let Some(directory) = loaded.config.database.directory()
        && let Err(error) = data_dir::check(directory)
    {
        return output::refuse_start(PROGRAM, &error);
    }
    output::print_check(PROGRAM, loaded);
    ExitCode::SUCCESS
}

fn start(loaded: Loaded<AgentConfig>) -> ExitCode {
    let Loaded { config, effective, warnings } = loaded;
    Banner {
        role: "Octoporty Agent",
        version: env!("CARGO_PKG_VERSION"),
        environment: &config.environment,
        user: process::uid_gid().as_deref(),
        effective: &effective,
    }
    .print();
    if let Some(directory) = config.database.directory()
        && let Err(error) = data_dir::prepare(directory)
    {
        return output::refuse_start(PROGRAM, &error);
    }
    let ring = LogRing::new();
    let _log = match logging::init_with_layers(&config.logging, "agent", vec![ring.layer()]) {
        Ok(guard) => guard,
        Err(error) => return output::refuse_start(PROGRAM, &error),
    };
    for warning in &warnings {
        tracing::warn!(warning, "configuration");
    }
    let runtime = match octoporty_shell::background_runtime() {
        Ok(runtime) => runtime,
        Err(error) => return output::refuse_start(PROGRAM, &error),
    };
    match runtime.block_on(run::run(config, ring)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the agent ended");
            ExitCode::FAILURE
        }
    }
}
