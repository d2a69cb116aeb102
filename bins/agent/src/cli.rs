//! The Agent's command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use octoporty_shell::flags::CommonFlags;

use crate::share::{HttpShare, ServeShare};

const AFTER_HELP: &str = "\
The most important settings, by environment variable:
  Agent__GatewayFqdn           the Gateway's domain (this or the next is required)
  Agent__GatewayUrl            the Gateway's whole URL, such as wss://gateway.example.com/tunnel
  Agent__ApiKey                the Gateway's key (required)
  Agent__JwtSecret             signs the sessions of the web UI, at least 32 characters (required);
                               make one with: openssl rand -hex 32
  Agent__Auth__PasswordHash    hash of the web UI's password (required); make one with: openssl passwd -6
  Agent__Port                  port of the web UI and its API [17201]
  Agent__UpstreamDenyList      address ranges that no mapping may reach [cloud metadata, link-local, …]
  Logging__MinimumLevel        Trace, Debug, Information, Warning, Error, Critical, None [Information]
  Logging__FilePath            daily log files; empty for none [/var/log/octoporty/agent-.log]
  ConnectionStrings__DefaultConnection
                               the database [Data Source=/app/data/octoporty.db]

Each secret can come from a file instead, as containers have it: Agent__ApiKey__File=/run/secrets/api-key.
Flags win over the environment, the environment over the file of --config, the file over the defaults.
Names are free of case. `octoporty-agent check` lists every setting and where its value came from.

Examples:
  octoporty-agent --config /etc/octoporty/agent.toml
  octoporty-agent --gateway gateway.example.com --map app.example.com=http://localhost:3000
  octoporty-agent http 3000 --gateway gateway.example.com --api-key-file api-key
  octoporty-agent serve ./site --domain docs.example.com --gateway gateway.example.com --api-key-file api-key

All settings are explained in docs/configuration.md of the source.";

/// The private end of Octoporty: dials out to a Gateway and forwards visitors' requests to services that only this
/// machine can reach. Mappings are managed in its web UI, in a file, or with --map.
#[derive(Debug, Parser)]
#[command(name = "octoporty-agent", version, after_long_help = AFTER_HELP)]
#[command(after_help = "--help tells more: the settings, and examples.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) common: CommonFlags,

    /// The Gateway's domain, or its whole WebSocket URL
    #[arg(long, value_name = "GATEWAY", global = true)]
    pub(crate) gateway: Option<String>,

    /// Forward a public domain to a service, as in app.example.com=http://localhost:3000; may be repeated
    #[arg(long, value_name = "DOMAIN=URL", global = true)]
    pub(crate) map: Vec<String>,

    /// Read the Gateway's key from this file
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) api_key_file: Option<PathBuf>,

    /// Read the secret that signs the web UI's sessions from this file
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) jwt_secret_file: Option<PathBuf>,

    /// Read the hash of the web UI's password from this file
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) password_hash_file: Option<PathBuf>,
}

impl Cli {
    /// The first flag that was given although a share has no use for it: it has neither web UI nor other mappings.
    pub(crate) fn useless_for_shares(&self) -> Option<&'static str> {
        let given = [
            ("--map", !self.map.is_empty()),
            ("--port", self.common.port.is_some()),
            ("--bind", self.common.bind.is_some()),
            ("--jwt-secret-file", self.jwt_secret_file.is_some()),
            ("--password-hash-file", self.password_hash_file.is_some()),
        ];
        given.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag))
    }
}

/// What to do instead of running.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Check the configuration, and list what is in effect and where each value came from
    Check,
    /// Share a local HTTP service until Ctrl-C: no database, no web UI, a public address at once
    Http(HttpShare),
    /// Share the files of a folder until Ctrl-C
    Serve(ServeShare),
    /// Ask the Agent that runs here how it is: prints one line, and exits with 0 when it is well, else with 1
    Health,
}
