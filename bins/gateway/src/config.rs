//! The Gateway's settings, and the typed configuration read from them.

use std::ffi::OsString;
use std::net::{AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::uri::Authority;
use ipnet::IpNet;
use octoporty_core::host::{HostPattern, Hostname};
use octoporty_core::secret::Secret;
use octoporty_server::edge::caddy::AdminAddress;
use octoporty_shell::logging::{self, LoggingConfig};
use octoporty_shell::settings::{Loaded, Problems, Schema, Setting, Values, parse};
use octoporty_shell::tcp::{self, TcpOptions};
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
    "a URL such as http://localhost:2019, a socket such as unix//run/caddy.sock, or empty to turn Caddy off",
)
.default("http://localhost:2019")
.may_be_empty();
const CADDY_UPSTREAM: Setting = Setting::new(
    "Gateway__CaddyUpstream",
    "where Caddy finds this Gateway; loopback and this Gateway's port unless given",
    "a host and a port, such as gateway:17200",
);
const CADDY_SERVER: Setting = Setting::new(
    "Gateway__CaddyServer",
    "name of Caddy's server block for the routes; the one that serves HTTPS unless given",
    "a name from Caddy's configuration, such as srv0",
);
const CADDY_ASK_ADDRESS: Setting = Setting::new(
    "Gateway__CaddyAskAddress",
    "where Caddy asks whether a domain is mapped, before it fetches a certificate",
    "an address and a port such as 127.0.0.1:17204, or empty to answer nobody",
)
.default("127.0.0.1:17204")
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
const METRICS_ADDRESS: Setting = Setting::new(
    "Gateway__MetricsAddress",
    "where counts for Prometheus and health for probes are served",
    "an address with a port, such as 127.0.0.1:17210, or empty for none",
)
.default("")
.may_be_empty();
const SHARE_DOMAIN: Setting = Setting::new(
    "Gateway__ShareDomain",
    "wildcard under which Agents may take names that they made up",
    "a wildcard such as *.share.example.com, or empty for none",
)
.default("")
.may_be_empty();
const MAX_CONNECTIONS: Setting =
    Setting::new("Gateway__MaxConnections", "visitors' connections in all", "1 to 1000000").default("65536");
const MAX_CONNECTIONS_PER_ADDRESS: Setting =
    Setting::new("Gateway__MaxConnectionsPerAddress", "visitors' connections of one address", "1 to 1000000")
        .default("256");

const MAX_EXCHANGES_PER_MAPPING: Setting = Setting::new(
    "Gateway__MaxExchangesPerMapping",
    "requests and WebSockets of one mapping that are open at once",
    "1 to 1000000",
)
.default("32768");

const TCP_CONGESTION: Setting = tcp::congestion("Gateway__TcpCongestion");
const TCP_UNSENT_BYTES: Setting = tcp::unsent_bytes("Gateway__TcpNotSentLowat");

/// Most connections that a setting allows: what a process may have of file descriptors on a large machine.
const CONNECTIONS_SETTING_MAX: usize = 1_000_000;

/// Longest name of a server block of Caddy, in bytes; Caddy itself makes short ones.
const SERVER_NAME_BYTES_MAX: usize = 256;

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
            CADDY_UPSTREAM,
            CADDY_SERVER,
            CADDY_ASK_ADDRESS,
            TRUSTED_PROXIES,
            ALLOW_REMOTE_UPDATE,
            UPDATE_SIGNAL_PATH,
            REMOVE_ROUTES,
            SHARDS,
            GRACE_PERIOD,
            STARTUP_HOLD,
            DRAIN_PERIOD,
            STATE_PATH,
            METRICS_ADDRESS,
            SHARE_DOMAIN,
            MAX_CONNECTIONS,
            MAX_CONNECTIONS_PER_ADDRESS,
            MAX_EXCHANGES_PER_MAPPING,
            TCP_CONGESTION,
            TCP_UNSENT_BYTES,
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
    /// Caddy, if it is to be configured.
    pub(crate) caddy: Option<CaddyConfig>,
    /// Peers whose forwarding headers are believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// May an Agent ask for an update.
    pub(crate) allow_remote_update: bool,
    /// The file that tells the host's watcher to update.
    pub(crate) update_signal_path: PathBuf,
    /// Take routes out of Caddy when their tunnel is gone.
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
    /// Where counts and health for probes are served; `None` for nowhere.
    pub(crate) metrics_address: Option<SocketAddr>,
    /// The wildcard of made-up names.
    pub(crate) share_domain: Option<HostPattern>,
    /// Visitors' connections in all.
    pub(crate) max_connections: usize,
    /// Visitors' connections of one address.
    pub(crate) max_connections_per_address: usize,
    /// Exchanges of one mapping that may be open at once.
    pub(crate) max_exchanges_per_mapping: usize,
    /// What the system is told about TCP connections.
    pub(crate) tcp: TcpOptions,
    /// What is logged, how and where to.
    pub(crate) logging: LoggingConfig,
    /// The environment's name.
    pub(crate) environment: String,
}

/// How Caddy is configured.
#[derive(Debug, Clone)]
pub(crate) struct CaddyConfig {
    /// Its admin API.
    pub(crate) admin: AdminAddress,
    /// Where it finds this Gateway, as `host:port`.
    pub(crate) upstream: String,
    /// The server block of the routes, if not the one that serves HTTPS.
    pub(crate) server: Option<String>,
    /// Where it asks whether a domain is mapped.
    pub(crate) ask: Option<SocketAddr>,
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
    let caddy_admin = values.required(&CADDY_ADMIN_URL, |text| or_empty(text, admin_address));
    let caddy_upstream = values.maybe(&CADDY_UPSTREAM, host_and_port);
    let caddy_server = values.maybe(&CADDY_SERVER, server_name);
    let caddy_ask = values.required(&CADDY_ASK_ADDRESS, |text| or_empty(text, socket_address));
    let trusted_proxies = values.required(&TRUSTED_PROXIES, parse::networks);
    let allow_remote_update = values.required(&ALLOW_REMOTE_UPDATE, parse::switch);
    let update_signal_path = values.required(&UPDATE_SIGNAL_PATH, parse::path);
    let remove_routes = values.required(&REMOVE_ROUTES, parse::switch);
    let shards = values.required(&SHARDS, |text| parse::count(text, 0, SHARDS_MAX));
    let grace_period = values.required(&GRACE_PERIOD, parse::duration);
    let startup_hold = values.required(&STARTUP_HOLD, parse::duration);
    let drain_period = values.required(&DRAIN_PERIOD, parse::duration);
    let state_path = values.required(&STATE_PATH, parse::path);
    let metrics_address = values.required(&METRICS_ADDRESS, |text| or_empty(text, metrics_address));
    let share_domain = values.required(&SHARE_DOMAIN, |text| or_empty(text, wildcard));
    let max_connections = values.required(&MAX_CONNECTIONS, connections);
    let max_connections_per_address = values.required(&MAX_CONNECTIONS_PER_ADDRESS, connections);
    let max_exchanges_per_mapping = values.required(&MAX_EXCHANGES_PER_MAPPING, connections);
    let tcp = tcp::read(values, &TCP_CONGESTION, &TCP_UNSENT_BYTES);
    let logging = LoggingConfig::read(values);
    let environment = values.required(&flags::ENVIRONMENT, flags::environment_name);
    if let Some(address) = metrics_address.flatten().filter(|address| !address.ip().is_loopback()) {
        // Whoever reaches it learns how much there is to do here, and for how many.
        values.warn(format!(
            "{}: {address} can be reached from other machines, and asks for no key",
            METRICS_ADDRESS.name()
        ));
    }
    for (setting, path) in [(&STATE_PATH, &state_path), (&UPDATE_SIGNAL_PATH, &update_signal_path)] {
        warn_of_missing_directory(values, setting, path.as_deref());
    }
    let listen = SocketAddr::new(address?, port?);
    let (caddy_upstream, server, ask) = (caddy_upstream?, caddy_server?, caddy_ask?);
    let caddy = caddy_admin?.map(|admin| {
        let upstream = caddy_upstream.unwrap_or_else(|| loopback(listen).to_string());
        CaddyConfig { admin, upstream, server, ask }
    });
    Some(GatewayConfig {
        api_key: api_key?,
        listen,
        fqdn: fqdn?,
        caddy,
        trusted_proxies: trusted_proxies?,
        allow_remote_update: allow_remote_update?,
        update_signal_path: update_signal_path?,
        remove_routes_on_tunnel_unavailable: remove_routes?,
        shards: NonZeroUsize::new(shards?).unwrap_or_else(Shards::automatic_count),
        grace_period: grace_period?,
        startup_hold: startup_hold?,
        drain_period: drain_period?,
        state_path: state_path?,
        metrics_address: metrics_address?,
        share_domain: share_domain?,
        max_connections: max_connections?,
        max_connections_per_address: max_connections_per_address?,
        max_exchanges_per_mapping: max_exchanges_per_mapping?,
        tcp: tcp?,
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

/// What `parse` makes of a text, `None` for an empty one.
fn or_empty<T>(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.trim().is_empty() { Ok(None) } else { parse(text.trim()).map(Some) }
}

fn admin_address(text: &str) -> Result<AdminAddress, String> {
    AdminAddress::parse(text).map_err(|error| error.to_string())
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_syntax: AddrParseError| "is not an address and a port".to_owned())
}

fn metrics_address(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse().ok().filter(|address: &SocketAddr| address.port() != 0);
    address.ok_or_else(|| "is not an address with a port".to_owned())
}

fn wildcard(text: &str) -> Result<HostPattern, String> {
    match HostPattern::parse(text) {
        Ok(pattern) if pattern.is_wildcard() => Ok(pattern),
        Ok(_) => Err("is no wildcard".to_owned()),
        Err(error) => Err(format!("is no wildcard: {error}")),
    }
}

fn host_and_port(text: &str) -> Result<String, String> {
    let wrong = || "is not a host and a port".to_owned();
    let authority: Authority = text.trim().parse().map_err(|_syntax: http::uri::InvalidUri| wrong())?;
    let has_port = authority.port_u16().is_some_and(|port| port > 0);
    if authority.host().is_empty() || authority.as_str().contains('@') || !has_port {
        return Err(wrong());
    }
    Ok(authority.as_str().to_owned())
}

fn server_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.len() > SERVER_NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err("is not the name of a server block".to_owned());
    }
    Ok(name.to_owned())
}

/// Where this machine finds a listener: loopback for one at all addresses.
fn loopback(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
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
        let caddy = config.caddy.unwrap();
        assert_eq!(caddy.admin.to_string(), "http://localhost:2019");
        assert_eq!((caddy.upstream.as_str(), caddy.server), ("127.0.0.1:17200", None));
        assert_eq!(caddy.ask, Some("127.0.0.1:17204".parse().unwrap()));
        assert_eq!((config.grace_period, config.drain_period), (limits::GRACE_PERIOD, limits::DRAIN_PERIOD));
        assert_eq!(config.startup_hold, Duration::from_secs(10));
        assert_eq!(config.metrics_address, None);
        assert_eq!(config.max_connections, limits::CONNECTIONS_MAX);
        assert_eq!(config.max_connections_per_address, limits::CONNECTIONS_PER_ADDRESS_MAX);
        assert_eq!(config.max_exchanges_per_mapping, limits::EXCHANGES_PER_MAPPING_MAX);
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
        assert!(config.caddy.is_none());
        assert_eq!(config.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(config.grace_period, Duration::from_millis(500));
        assert_eq!(config.fqdn.unwrap().as_str(), "gateway.example.com");
    }

    #[test]
    fn caddy_is_told_where_the_gateway_is() {
        let caddy = |variables: &[(&str, &str)]| config(&[], variables).caddy.unwrap();
        assert_eq!(caddy(&[("Gateway__BindAddress", "::"), ("Gateway__Port", "80")]).upstream, "[::1]:80");
        assert_eq!(caddy(&[("Gateway__BindAddress", "10.0.0.7")]).upstream, "10.0.0.7:17200");
        let caddy = caddy(&[
            ("Gateway__CaddyAdminUrl", "unix//run/caddy/admin.sock"),
            ("Gateway__CaddyUpstream", "gateway:17200"),
            ("Gateway__CaddyServer", "srv1"),
            ("Gateway__CaddyAskAddress", ""),
        ]);
        assert_eq!(caddy.admin, AdminAddress::Unix("/run/caddy/admin.sock".into()));
        assert_eq!((caddy.upstream.as_str(), caddy.server.as_deref()), ("gateway:17200", Some("srv1")));
        assert_eq!(caddy.ask, None);
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
            "`caddy:2019` is not an absolute URL; allowed: a URL such as http://localhost:2019, a socket such as unix//run/caddy.sock, or empty to turn Caddy off",
        ),
        (
            "Gateway__CaddyAdminUrl",
            "http://u:hunter2@caddy",
            "the value (not shown, it may hold a secret) holds a user name or password; allowed: a URL such as http://localhost:2019, a socket such as unix//run/caddy.sock, or empty to turn Caddy off",
        ),
        (
            "Gateway__CaddyUpstream",
            "gateway",
            "`gateway` is not a host and a port; allowed: a host and a port, such as gateway:17200",
        ),
        (
            "Gateway__CaddyAskAddress",
            "localhost",
            "`localhost` is not an address and a port; allowed: an address and a port such as 127.0.0.1:17204, or empty to answer nobody",
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
        (
            "Gateway__MetricsAddress",
            "17210",
            "`17210` is not an address with a port; allowed: an address with a port, such as 127.0.0.1:17210, or empty for none",
        ),
        ("Gateway__MaxConnections", "0", "`0` is too small; allowed: 1 to 1000000"),
        (
            "Gateway__TcpCongestion",
            "no such",
            "`no such` cannot be used: `no such` is not the name of a congestion control; allowed: a name that the system offers, such as cubic or bbr, or empty",
        ),
        ("Gateway__TcpNotSentLowat", "1", "`1` is too small; allowed: 0, or 16384 to 1073741824"),
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
    fn metrics_that_others_can_reach_are_a_warning() {
        // R61
        for (address, warnings) in [("127.0.0.1:17210", 0), ("[::1]:17210", 0), ("0.0.0.0:17210", 1)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("state").display().to_string();
            let loaded = load_with(
                &[],
                &[
                    ("Gateway__ApiKey", KEY),
                    ("Gateway__MetricsAddress", address),
                    ("Gateway__StatePath", &path),
                    ("Gateway__UpdateSignalPath", &path),
                ],
            )
            .unwrap();
            assert_eq!(loaded.config.metrics_address, Some(address.parse().unwrap()));
            assert_eq!(loaded.warnings.len(), warnings, "{:?}", loaded.warnings);
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
