//! The Octoporty Gateway program: the public server that sends visitors' requests through tunnels.

mod cli;
mod config;
mod listen;
mod logs;
mod run;

use std::process::ExitCode;

use clap::Parser;
use octoporty_shell::banner::Banner;
use octoporty_shell::{health, logging, output, settings::Loaded};

use cli::{Cli, Command};
use config::GatewayConfig;

const PROGRAM: &str = "octoporty-gateway";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let loaded = match config::load(&cli, std::env::vars_os()) {
        Ok(loaded) => loaded,
        Err(problems) => return output::refuse(PROGRAM, &problems),
    };
    match cli.command {
        Some(Command::Check) => {
            output::print_check(PROGRAM, &loaded);
            ExitCode::SUCCESS
        }
        Some(Command::Health) => health::report(PROGRAM, loaded.config.listen),
        None => start(loaded),
    }
}

fn start(loaded: Loaded<GatewayConfig>) -> ExitCode {
    let Loaded { config, effective, warnings } = loaded;
    Banner {
        role: "Octoporty Gateway",
        version: env!("CARGO_PKG_VERSION"),
        environment: &config.environment,
        user: None,
        effective: &effective,
    }
    .print();
    let ring = logging::LogRing::new();
    let _log = match logging::init_with_layers(&config.logging, "gateway", vec![ring.layer()]) {
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
            tracing::error!(error = format!("{error:#}"), "the gateway ended");
            ExitCode::FAILURE
        }
    }
}
