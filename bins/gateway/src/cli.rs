//! The Gateway's command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use octoporty_shell::flags::CommonFlags;

const AFTER_HELP: &str = "\
The most important settings, by environment variable:
  Gateway__ApiKey              key that an Agent must present, at least 32 characters (required);
                               make one with: openssl rand -hex 32
  Gateway__ApiKey__File        file to read that key from, such as a container secret
  Gateway__Port                port for visitors and Agents [17200]
  Gateway__Fqdn                this Gateway's own host name
  Gateway__CaddyAdminUrl       Caddy's admin API; empty turns Caddy off [http://localhost:2019]
  Gateway__CaddyUpstream       where Caddy finds this Gateway, as host:port [loopback]
  Gateway__TrustedProxies      address ranges whose X-Forwarded-For is believed [loopback]
  Gateway__AllowRemoteUpdate   may an Agent ask for an update of this Gateway [true]
  Gateway__MetricsAddress      counts for Prometheus, such as 127.0.0.1:17210 [none]
  Logging__MinimumLevel        Trace, Debug, Information, Warning, Error, Critical, None [Information]
  Logging__FilePath            daily log files; empty for none [/var/log/octoporty/gateway-.log]

Flags win over the environment, the environment over the file of --config, the file over the defaults.
Names are free of case. `octoporty-gateway check` lists every setting and where its value came from.

Examples:
  Gateway__ApiKey=$(openssl rand -hex 32) octoporty-gateway
  octoporty-gateway --config /etc/octoporty/gateway.toml --port 8080 check

All settings are explained in docs/configuration.md of the source.";

/// The public end of Octoporty: takes visitors' HTTP and WebSocket requests and sends each through the tunnel of an
/// Agent to a service in a private network, without a port open there.
#[derive(Debug, Parser)]
#[command(name = "octoporty-gateway", version, after_long_help = AFTER_HELP)]
#[command(after_help = "--help tells more: the settings, and examples.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) common: CommonFlags,

    /// Read the key that Agents must present from this file
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) api_key_file: Option<PathBuf>,
}

/// What to do instead of running.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Command {
    /// Check the configuration, and list what is in effect and where each value came from
    Check,
    /// Ask the Gateway that runs here how it is: prints one line, and exits with 0 when it is well, else with 1
    Health,
}
