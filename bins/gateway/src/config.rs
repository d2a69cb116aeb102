//! The Gateway's settings, and the typed configuration read from them.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;
use ipnet::IpNet;
use octoporty_core::host::Hostname;
use octoporty_core::secret::Secret;
use octoporty_shell::logging::{self, LoggingConfig};
use octoporty_shell::settings::{Loaded, Problems, Schema, Setting, Values, parse};
use octoporty_shell::{SHARDS_MAX, Shards, flags};

use crate::cli::Cli;

const API_KEY: Setting = Setting::new(
    "Gateway__ApiKey",
    "key that an Agent must present",
    "32 to 1024 visible ASCII characters, the same as the Agent's",
)
.hint(parse::SECRET_HINT)
.secret();
const PORT: Setting = Setting::new("Gateway__Port", "port for visitors and Agents", "1 to 65535")
    .aliases(&["Gateway__ListenPort"])
    .default("17200");
const BIND_ADDRESS: Setting = Setting::new(
    "Gateway__BindAddress",
    "address to listen on",
    "an IPv4 or IPv6 address, such as 0.0.0.0, :: or 127.0.0.1",
)
.default("0.0.0.0");
const FQDN: Setting =
    Setting::new("Gateway__Fqdn", "the Gateway's own host name", "a host name such as gateway.example.com");
const CADDY_ADMIN_URL: Setting = Setting::new(
    "Gateway__CaddyAdminUrl",
    "Caddy's admin API",
    "an http or https URL without a password, or empty to turn Caddy off",
)
.default("http://localhost:2019")
.may_be_empty();
const TRUSTED_PROXIES: Setting = Setting::new(
    "Gateway__TrustedProxies",
    "proxies whose X-Forwarded-For is believed",
    "address ranges such as 10.0.0.0/8,::1, comma-separated, or none",
)
.list()
.default("127.0.0.0/8,::1/128");
const ALLOW_REMOTE_UPDATE: Setting =
    Setting::new("Gateway__AllowRemoteUpdate", "may an Agent ask for a Gateway update", "true or false")
        .default("true");
const UPDATE_SIGNAL_PATH: Setting =
    Setting::new("Gateway__UpdateSignalPath", "file that tells the host to update", "a path")
        .default("/data/update-signal");
const REMOVE_ROUTES: Setting = Setting::new(
    "Gateway__RemoveRoutesOnTunnelUnavailable",
    "take routes out of Caddy when their tunnel is gone",
    "true or false",
)
.default("false");
const SHARDS: Setting =
    Setting::new("Gateway__Shards", "threads of the data path, 0 for automatic", "0 to 64").default("0");
const GRACE_PERIOD: Setting = Setting::new(
    "Gateway__GracePeriod",
    "how long requests wait for a lost tunnel",
    "a duration such as 10, 10s, 2m or 500ms",
)
.default("10s");
const STARTUP_HOLD: Setting = Setting::new(
    "Gateway__StartupHold",
    "how long requests for unknown hosts wait after the start",
    "a duration such as 10, 10s, 2m or 500ms",
)
.default("10s");
const DRAIN_PERIOD: Setting = Setting::new(
    "Gateway__DrainPeriod",
    "how long what is in flight may take at the end",
    "a duration such as 30, 30s, 2m or 500ms",
)
.default("30s");
const STATE_PATH: Setting =
    Setting::new("Gateway__StatePath", "small file that remembers the Agents of the last run", "a path")
        .default("/data/gateway-state.json");
const MAX_CONNECTIONS: Setting =
    Setting::new("Gateway__MaxConnections", "visitors' connections in all", "1 to 1000000").default("65536");
const MAX_CONNECTIONS_PER_ADDRESS: Setting =
    Setting::new("Gateway__MaxConnectionsPerAddress", "visitors' connections of one address", "1 to 1000000")
        .default("256");

/// Most connections that a setting allows: what a process may have of file descriptors on a large machine.
const CONNECTIONS_SETTING_MAX: usize = 1_000_000;

/// Every setting that the Gateway reads.
pub(crate) const SCHEMA: Schema = Schema {
    sections: &["Gateway", "Logging", "Octoporty"],
    foreign: &["Agent", "ConnectionStrings", "mappings"],
    tables: &[],
    settings: &[
        &[
            API_KEY,
            PORT,
            BIND_ADDRESS,
            FQDN,
            CADDY_ADMIN_URL,
            TRUSTED_PROXIES,
            ALLOW_REMOTE_UPDATE,
            UPDATE_SIGNAL_PATH,
            REMOVE_ROUTES,
            SHARDS,
            GRACE_PERIOD,
            STARTUP_HOLD,
            DRAIN_PERIOD,
            STATE_PATH,
            MAX_CONNECTIONS,
            MAX_CONNECTIONS_PER_ADDRESS,
        ],
        logging::SETTINGS,
        flags::SETTINGS,
    ],
    plain_variables: flags::PLAIN_VARIABLES,
};

/// The Gateway's configuration, all of it good.
#[derive(Debug, Clone)]
pub(crate) struct GatewayConfig {
    /// The key that an Agent must present.
    pub(crate) api_key: Secret,
    /// Where visitors and Agents arrive.
    pub(crate) listen: SocketAddr,
    /// The Gateway's own host name.
    pub(crate) fqdn: Option<Hostname>,
    /// Caddy's admin API; `None` without Caddy.
    pub(crate) caddy_admin_url: Option<Uri>,
    /// Peers whose forwarding headers are believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// May an Agent ask for an update.
    pub(crate) allow_remote_update: bool,
    /// The file that tells the host's watcher to update.
    pub(crate) update_signal_path: PathBuf,
    /// Take routes out of Caddy when their tunnel is gone.
    #[cfg_attr(not(test), expect(dead_code, reason = "read where routes are written into Caddy"))]
    pub(crate) remove_routes_on_tunnel_unavailable: bool,
    /// Threads of the data path, automatic already resolved.
    pub(crate) shards: NonZeroUsize,
    /// How long requests for a known domain wait for a lost tunnel.
    pub(crate) grace_period: Duration,
    /// How long requests for unknown hosts wait after the start.
    pub(crate) startup_hold: Duration,
    /// How long what is in flight may take at the end.
    pub(crate) drain_period: Duration,
    /// The file that remembers the Agents of the last run.
    pub(crate) state_path: PathBuf,
    /// Visitors' connections in all.
    pub(crate) max_connections: usize,
    /// Visitors' connections of one address.
    pub(crate) max_connections_per_address: usize,
    /// What is logged, how and where to.
    pub(crate) logging: LoggingConfig,
    /// The environment's name.
    pub(crate) environment: String,
}

/// Reads the configuration from all layers; `variables` is the process's environment.
pub(crate) fn load(
    cli: &Cli,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded<GatewayConfig>, Problems> {
    let defaults = [(&logging::FILE_PATH, LoggingConfig::default_file_path("gateway"))];
    let mut layers = cli.common.layers(&SCHEMA, "Gateway", &defaults, variables);
    if let Some(path) = &cli.api_key_file {
        layers.secret_file_flag("--api-key-file", &API_KEY, path);
    }
    let mut values = layers.into_values();
    let draft = read(&mut values);
    values.finish(draft)
}

fn read(values: &mut Values) -> Option<GatewayConfig> {
    let connections = |text: &str| parse::count(text, 1, CONNECTIONS_SETTING_MAX);
    // Everything is read before the first `?`, so that all problems are known.
    let api_key = values.required(&API_KEY, parse::key);
    let port = values.required(&PORT, parse::port);
    let address = values.required(&BIND_ADDRESS, parse::address);
    let fqdn = values.maybe(&FQDN, host_name);
    let caddy_admin_url = values.required(&CADDY_ADMIN_URL, caddy_url);
    let trusted_proxies = values.required(&TRUSTED_PROXIES, parse::networks);
    let allow_remote_update = values.required(&ALLOW_REMOTE_UPDATE, parse::switch);
    let update_signal_path = values.required(&UPDATE_SIGNAL_PATH, parse::path);
    let remove_routes = values.required(&REMOVE_ROUTES, parse::switch);
    let shards = values.required(&SHARDS, |text| parse::count(text, 0, SHARDS_MAX));
    let grace_period = values.required(&GRACE_PERIOD, parse::duration);
    let startup_hold = values.required(&STARTUP_HOLD, parse::duration);
    let drain_period = values.required(&DRAIN_PERIOD, parse::duration);
    let state_path = values.required(&STATE_PATH, parse::path);
    let max_connections = values.required(&MAX_CONNECTIONS, connections);
    let max_connections_per_address = values.required(&MAX_CONNECTIONS_PER_ADDRESS, connections);
    let logging = LoggingConfig::read(values);
    let environment = values.required(&flags::ENVIRONMENT, flags::environment_name);
    for (setting, path) in [(&STATE_PATH, &state_path), (&UPDATE_SIGNAL_PATH, &update_signal_path)] {
        warn_of_missing_directory(values, setting, path.as_deref());
    }
    Some(GatewayConfig {
        api_key: api_key?,
        listen: SocketAddr::new(address?, port?),
        fqdn: fqdn?,
        caddy_admin_url: caddy_admin_url?,
        trusted_proxies: trusted_proxies?,
        allow_remote_update: allow_remote_update?,
        update_signal_path: update_signal_path?,
        remove_routes_on_tunnel_unavailable: remove_routes?,
        shards: NonZeroUsize::new(shards?).unwrap_or_else(Shards::automatic_count),
        grace_period: grace_period?,
        startup_hold: startup_hold?,
        drain_period: drain_period?,
        state_path: state_path?,
        max_connections: max_connections?,
        max_connections_per_address: max_connections_per_address?,
        logging: logging?,
        environment: environment?,
    })
}

/// The Gateway works without these files, only less well, so a missing directory is no reason to stop.
fn warn_of_missing_directory(values: &mut Values, setting: &Setting, path: Option<&Path>) {
    if let Some(directory) = path.and_then(Path::parent)
        && !directory.as_os_str().is_empty()
        && !directory.is_dir()
    {
        values.warn(format!(
            "{}: the directory {} is missing, so this file cannot be written",
            setting.name(),
            directory.display()
        ));
    }
}

fn host_name(text: &str) -> Result<Hostname, String> {
    Hostname::parse(text.trim()).map_err(|error| format!("is not a host name: {error}"))
}

fn caddy_url(text: &str) -> Result<Option<Uri>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    parse::url(text, &["http", "https"]).map(Some)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use octoporty_core::limits;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn load_with(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Loaded<GatewayConfig>, Vec<String>> {
        let cli = Cli::parse_from(std::iter::once("octoporty-gateway").chain(arguments.iter().copied()));
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        load(&cli, variables).map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn config(arguments: &[&str], variables: &[(&str, &str)]) -> GatewayConfig {
        let mut all = vec![("Gateway__ApiKey", KEY)];
        all.extend_from_slice(variables);
        load_with(arguments, &all).expect("a good configuration").config
    }

    #[test]
    fn defaults_are_those_of_the_limits() {
        let config = config(&[], &[]);
        assert_eq!(config.api_key.expose(), KEY);
        assert_eq!(config.listen, "0.0.0.0:17200".parse().unwrap());
        assert_eq!(config.caddy_admin_url.unwrap(), "http://localhost:2019");
        assert_eq!((config.grace_period, config.drain_period), (limits::GRACE_PERIOD, limits::DRAIN_PERIOD));
        assert_eq!(config.startup_hold, Duration::from_secs(10));
        assert_eq!(config.max_connections, limits::CONNECTIONS_MAX);
        assert_eq!(config.max_connections_per_address, limits::CONNECTIONS_PER_ADDRESS_MAX);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert!(config.allow_remote_update && !config.remove_routes_on_tunnel_unavailable);
        assert_eq!(config.logging.file_path, Some("/var/log/octoporty/gateway-.log".into()));
        assert_eq!(config.environment, "Production");
    }

    #[test]
    fn values_of_all_kinds() {
        let config = config(
            &["--bind", "[::]", "--port", "8080", "--set", "Gateway__Shards=3"],
            &[
                ("GATEWAY__CADDYADMINURL", ""),
                ("Gateway__ListenPort", "9000"),
                ("Gateway__TrustedProxies__0", "10.0.0.0/8"),
                ("Gateway__GracePeriod", "500ms"),
                ("Gateway__Fqdn", "Gateway.Example.com."),
                ("Agent__Nonsense", "x"),
            ],
        );
        assert_eq!(config.listen, "[::]:8080".parse().unwrap());
        assert_eq!(config.shards.get(), 3);
        assert_eq!(config.caddy_admin_url, None);
        assert_eq!(config.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(config.grace_period, Duration::from_millis(500));
        assert_eq!(config.fqdn.unwrap().as_str(), "gateway.example.com");
    }

    /// Setting, bad value, and what the message says behind setting and origin.
    const BAD_VALUES: &[(&str, &str, &str)] = &[
        (
            "Gateway__ApiKey",
            "short-topsecret",
            "has fewer than 32 characters; allowed: 32 to 1024 visible ASCII characters, the same as the Agent's; make one with: openssl rand -hex 32",
        ),
        ("Gateway__Port", "0", "`0` is not a port; allowed: 1 to 65535"),
        (
            "Gateway__BindAddress",
            "localhost",
            "`localhost` is not an IP address; allowed: an IPv4 or IPv6 address, such as 0.0.0.0, :: or 127.0.0.1",
        ),
        (
            "Gateway__CaddyAdminUrl",
            "caddy:2019",
            "`caddy:2019` is not an absolute URL; allowed: an http or https URL without a password, or empty to turn Caddy off",
        ),
        (
            "Gateway__CaddyAdminUrl",
            "http://u:hunter2@caddy",
            "the value (not shown, it may hold a secret) holds a user name or password; allowed: an http or https URL without a password, or empty to turn Caddy off",
        ),
        (
            "Gateway__TrustedProxies",
            "10.0.0.0/99",
            "`10.0.0.0/99` has an entry (number 1) that is not an address range; allowed: address ranges such as 10.0.0.0/8,::1, comma-separated, or none",
        ),
        ("Gateway__AllowRemoteUpdate", "perhaps", "`perhaps` is neither true nor false; allowed: true or false"),
        ("Gateway__Shards", "65", "`65` is too large; allowed: 0 to 64"),
        (
            "Gateway__GracePeriod",
            "10 parsecs",
            "`10 parsecs` is not a duration; allowed: a duration such as 10, 10s, 2m or 500ms",
        ),
        ("Gateway__MaxConnections", "0", "`0` is too small; allowed: 1 to 1000000"),
        (
            "Logging__MinimumLevel",
            "loud",
            "`loud` is not a level; allowed: Trace, Debug, Information, Warning, Error, Critical or None",
        ),
        ("Logging__Format", "xml", "`xml` is not a form of log lines; allowed: human or json"),
        (
            "Logging__FilePath",
            "/var/log/",
            "`/var/log/` names no file; allowed: a path such as /var/log/octoporty/agent-.log; empty for no file",
        ),
    ];

    #[test]
    fn each_bad_value_has_its_message() {
        for &(name, value, message) in BAD_VALUES {
            let mut variables = vec![(name, value)];
            if name != "Gateway__ApiKey" {
                variables.push(("Gateway__ApiKey", KEY));
            }
            let problems = load_with(&[], &variables).map(|loaded| loaded.config).unwrap_err();
            assert_eq!(problems, [format!("{name}: (environment) {message}")], "{value}");
        }
    }

    #[test]
    fn missing_state_directory_is_a_warning_only() {
        let loaded = load_with(
            &[],
            &[
                ("Gateway__ApiKey", KEY),
                ("Gateway__StatePath", "/nowhere/state.json"),
                ("Gateway__UpdateSignalPath", "/update"),
            ],
        )
        .unwrap();
        assert_eq!(
            loaded.warnings,
            ["Gateway__StatePath: the directory /nowhere is missing, so this file cannot be written"]
        );
    }
}
