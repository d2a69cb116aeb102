//! The Agent's settings, and the typed configuration read from them.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use http::Uri;
use ipnet::IpNet;
use octoporty_client::connect::CertificatePin;
use octoporty_core::host::Hostname;
use octoporty_core::limits::LANES_MAX;
use octoporty_core::secret::Secret;
use octoporty_shell::logging::{self, LoggingConfig};
use octoporty_shell::settings::{Layers, Loaded, Problem, Problems, Schema, Setting, Values, parse};
use octoporty_shell::tcp::{self, TcpOptions};
use octoporty_shell::{SHARDS_MAX, Shards, flags, process};
use octoporty_store::Location;

use crate::cli::Cli;
use crate::gateway_url;
use crate::link::{
    ALLOW_INSECURE_GATEWAY, API_KEY, GATEWAY_FQDN, GATEWAY_PIN, GATEWAY_URL, Link, NAME, UPSTREAM_DENY_LIST, read_link,
};
use crate::mapping::{self, MappingConfig};
use crate::observe::Recording;
use crate::password_hash::PasswordHash;

const TCP_CONGESTION: Setting = tcp::congestion("Agent__TcpCongestion");
const TCP_UNSENT_BYTES: Setting = tcp::unsent_bytes("Agent__TcpNotSentLowat");
const JWT_SECRET: Setting =
    Setting::new("Agent__JwtSecret", "signs the sessions of the web UI", "32 to 1024 visible ASCII characters")
        .hint(parse::SECRET_HINT)
        .secret();
const PASSWORD_HASH: Setting = Setting::new(
    "Agent__Auth__PasswordHash",
    "hash of the web UI's password",
    "a SHA-512 crypt hash ($6$…) with 1000 to 1000000 rounds, or ! to turn the login off",
)
.hint("make one with: openssl passwd -6 (in a compose file write each $ as $$, or use Agent__Auth__PasswordHash__File)")
.secret();
const PORT: Setting = Setting::new("Agent__Port", "port of the web UI and its API", "1 to 65535").default("17201");
const BIND_ADDRESS: Setting = Setting::new(
    "Agent__BindAddress",
    "address that the web UI listens on",
    "an IPv4 or IPv6 address, such as 0.0.0.0, :: or 127.0.0.1",
)
.default("0.0.0.0");
const TRUSTED_PROXIES: Setting = Setting::new(
    "Agent__TrustedProxies",
    "proxies in front of the web UI whose word on who asks is believed",
    "address ranges such as 127.0.0.1/32,10.0.0.0/8, comma-separated, or none",
)
.list()
.default("none");
const ALLOWED_HOSTS: Setting = Setting::new(
    "Agent__AllowedHosts",
    "names that the web UI answers to, besides localhost, IP addresses and the Agent's own name",
    "host names such as octoporty.example.com, comma-separated",
)
.list()
.default("none");
const REQUEST_LOG: Setting = Setting::new(
    "Agent__RequestLog",
    "what is kept of visitors' requests",
    "on: log and statistics; figures: statistics alone; off: nothing",
)
.default("on");
const LANES: Setting =
    Setting::new("Agent__Lanes", "connections to the Gateway, 0 for as many as it offers", "0 to 8").default("0");
const SHARDS: Setting =
    Setting::new("Agent__Shards", "threads of the data path, 0 for automatic", "0 to 64").default("0");
const DATABASE: Setting = Setting::new(
    "ConnectionStrings__DefaultConnection",
    "the database",
    "`Data Source=PATH` or a `sqlite:` URL, for example Data Source=/app/data/octoporty.db",
)
.default("Data Source=/app/data/octoporty.db");

/// Every setting that the Agent reads.
pub(crate) const SCHEMA: Schema = Schema {
    sections: &["Agent", "Logging", "ConnectionStrings", "Octoporty"],
    foreign: &["Gateway"],
    tables: &[mapping::TABLE],
    settings: &[
        &[
            GATEWAY_FQDN,
            GATEWAY_URL,
            ALLOW_INSECURE_GATEWAY,
            GATEWAY_PIN,
            API_KEY,
            JWT_SECRET,
            PASSWORD_HASH,
            PORT,
            BIND_ADDRESS,
            UPSTREAM_DENY_LIST,
            TRUSTED_PROXIES,
            ALLOWED_HOSTS,
            REQUEST_LOG,
            LANES,
            SHARDS,
            TCP_CONGESTION,
            TCP_UNSENT_BYTES,
            NAME,
            DATABASE,
        ],
        logging::SETTINGS,
        flags::SETTINGS,
    ],
    plain_variables: flags::PLAIN_VARIABLES,
};

/// The Agent's configuration, all of it good.
#[derive(Debug, Clone)]
pub(crate) struct AgentConfig {
    /// The Gateway's WebSocket URL, with its path.
    pub(crate) gateway_url: Uri,
    /// Dial it although key and traffic cross a network unencrypted. The user was warned (R21).
    pub(crate) allow_insecure_gateway: bool,
    /// The only certificate, or key of one, that the Gateway may show.
    pub(crate) gateway_pin: Option<CertificatePin>,
    /// The Gateway's key.
    pub(crate) api_key: Secret,
    /// Signs the sessions of the web UI.
    pub(crate) jwt_secret: Secret,
    /// What the web UI's password is checked against.
    pub(crate) password_hash: PasswordHash,
    /// Where the web UI listens.
    pub(crate) listen: SocketAddr,
    /// Addresses that no mapping may reach (R33).
    pub(crate) upstream_deny_list: Vec<IpNet>,
    /// Proxies in front of the web UI whose word on who asks is believed (R40).
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Names that the web UI answers to (R47).
    pub(crate) allowed_hosts: Vec<Hostname>,
    /// What is kept of visitors' requests.
    pub(crate) recording: Recording,
    /// Connections to the Gateway; `None` for as many as it offers.
    pub(crate) lanes: Option<NonZeroUsize>,
    /// Threads of the data path, automatic already resolved.
    pub(crate) shards: NonZeroUsize,
    /// What the system is told about TCP connections.
    pub(crate) tcp: TcpOptions,
    /// This Agent's name.
    pub(crate) name: String,
    /// The database.
    pub(crate) database: Location,
    /// Mappings of the file and of `--map`.
    pub(crate) mappings: Vec<MappingConfig>,
    /// What is logged, how and where to.
    pub(crate) logging: LoggingConfig,
    /// The environment's name.
    pub(crate) environment: String,
}

/// Reads the configuration from all layers; `variables` is the process's environment.
pub(crate) fn load(
    cli: &Cli,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Loaded<AgentConfig>, Problems> {
    let mut values = layers(cli, variables).into_values();
    let draft = read(&mut values, &cli.map);
    values.finish(draft)
}

/// All layers of the Agent's configuration, not read yet.
pub(crate) fn layers(cli: &Cli, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Layers {
    let defaults = [(&logging::FILE_PATH, LoggingConfig::default_file_path("agent")), (&NAME, process::host_name())];
    let mut layers = cli.common.layers(&SCHEMA, "Agent", &defaults, variables);
    if let Some(gateway) = &cli.gateway {
        // As a URL it wins over both settings of the layers below, as a flag should.
        if gateway.contains("://") {
            layers.flag("--gateway", GATEWAY_URL.name(), gateway);
        } else {
            match gateway_url::parse_fqdn(gateway) {
                Ok(url) => layers.flag("--gateway", GATEWAY_URL.name(), &url.to_string()),
                Err(wrong) => {
                    let message = format!("{wrong}; allowed: gateway.example.com or wss://gateway.example.com/tunnel");
                    layers.problem(Problem::new("--gateway", &message));
                }
            }
        }
    }
    for (flag, setting, path) in [
        ("--api-key-file", &API_KEY, &cli.api_key_file),
        ("--jwt-secret-file", &JWT_SECRET, &cli.jwt_secret_file),
        ("--password-hash-file", &PASSWORD_HASH, &cli.password_hash_file),
    ] {
        if let Some(path) = path {
            layers.secret_file_flag(flag, setting, path);
        }
    }
    layers
}

fn read(values: &mut Values, maps: &[String]) -> Option<AgentConfig> {
    // Everything is read before the first `?`, so that all problems are known.
    let link = read_link(values);
    let jwt_secret = values.required(&JWT_SECRET, parse::key);
    let password_hash = values.required(&PASSWORD_HASH, PasswordHash::parse);
    let port = values.required(&PORT, parse::port);
    let address = values.required(&BIND_ADDRESS, parse::address);
    let trusted_proxies = values.required(&TRUSTED_PROXIES, parse::networks);
    let allowed_hosts = values.required(&ALLOWED_HOSTS, host_names);
    let recording = values.required(&REQUEST_LOG, Recording::parse);
    let lanes = values.required(&LANES, |text| parse::count(text, 0, usize::from(LANES_MAX)));
    let shards = values.required(&SHARDS, |text| parse::count(text, 0, SHARDS_MAX));
    let tcp = tcp::read(values, &TCP_CONGESTION, &TCP_UNSENT_BYTES);
    let database = values
        .required(&DATABASE, |text| text.parse().map_err(|error: octoporty_store::LocationError| error.to_string()));
    let mappings = mapping::read(values, maps);
    let logging = LoggingConfig::read(values);
    let environment = values.required(&flags::ENVIRONMENT, flags::environment_name);
    if let (Some(Link { api_key, .. }), Some(secret)) = (&link, &jwt_secret)
        && api_key.ct_eq(secret.expose().as_bytes())
    {
        // A Gateway knows the key, and could then sign itself into the web UI (R36).
        values.warn("Agent__JwtSecret is the same as Agent__ApiKey; give it a value of its own".to_owned());
    }
    let Link { gateway_url, allow_insecure_gateway, gateway_pin, api_key, name, upstream_deny_list } = link?;
    Some(AgentConfig {
        gateway_url,
        allow_insecure_gateway,
        gateway_pin,
        api_key,
        jwt_secret: jwt_secret?,
        password_hash: password_hash?,
        listen: SocketAddr::new(address?, port?),
        upstream_deny_list,
        trusted_proxies: trusted_proxies?,
        allowed_hosts: allowed_hosts?,
        recording: recording?,
        lanes: NonZeroUsize::new(lanes?),
        shards: NonZeroUsize::new(shards?).unwrap_or_else(Shards::automatic_count),
        tcp: tcp?,
        name,
        database: database?,
        mappings,
        logging: logging?,
        environment: environment?,
    })
}

fn host_names(text: &str) -> Result<Vec<Hostname>, String> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "none");
    let parse = |(at, name)| {
        Hostname::parse(name).map_err(|error| format!("has an entry (number {}) that is no name: {error}", at + 1))
    };
    names.enumerate().map(parse).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::*;

    pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";
    const JWT: &str = "fedcba9876543210fedcba9876543210";
    const HASH: &str =
        "$6$saltsalt$abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ./abcdefghijklmnopqrstuv";

    /// What an Agent cannot do without.
    pub(crate) const GOOD: &[(&str, &str)] = &[
        ("Agent__GatewayFqdn", "gateway.example.com"),
        ("Agent__ApiKey", KEY),
        ("Agent__JwtSecret", JWT),
        ("Agent__Auth__PasswordHash", HASH),
    ];

    fn load_with(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Loaded<AgentConfig>, Vec<String>> {
        let cli = Cli::parse_from(std::iter::once("octoporty-agent").chain(arguments.iter().copied()));
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        load(&cli, variables).map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    /// Loads with the text of a file that messages call `test.toml`.
    pub(crate) fn load_file(
        file: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Loaded<AgentConfig>, Vec<String>> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("test.toml");
        std::fs::write(&path, file).expect("a file");
        let mut all = vec!["--config", path.to_str().expect("UTF-8")];
        all.extend_from_slice(arguments);
        let short = |line: String| line.replace(&directory_prefix(directory.path()), "");
        load_with(&all, variables).map_err(|lines| lines.into_iter().map(short).collect())
    }

    fn directory_prefix(path: &Path) -> String {
        format!("{}/", path.display())
    }

    /// The good variables with one more, or with one changed.
    fn good_with(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
        let mut variables: Vec<_> = GOOD.iter().copied().filter(|(other, _)| *other != name).collect();
        variables.push((name, value));
        variables
    }

    #[test]
    fn defaults() {
        let loaded = load_with(&[], GOOD).unwrap();
        let config = loaded.config;
        assert_eq!(config.gateway_url, "wss://gateway.example.com/tunnel");
        assert_eq!(config.listen, "0.0.0.0:17201".parse().unwrap());
        assert_eq!(config.database, Location::file("/app/data/octoporty.db"));
        assert_eq!((config.lanes, config.name.is_empty(), config.mappings.len()), (None, false, 0));
        assert_eq!(config.recording, Recording::On);
        assert!(matches!(config.password_hash, PasswordHash::Sha512(_)));
        assert_eq!(config.logging.file_path, Some("/var/log/octoporty/agent-.log".into()));
        assert_eq!(loaded.warnings, Vec::<String>::new());
    }

    #[test]
    fn deny_list_covers_metadata_link_local_multicast_and_unspecified() {
        // R33
        let ranges = load_with(&[], GOOD).unwrap().config.upstream_deny_list;
        let denied = |text: &str| ranges.iter().any(|range| range.contains(&text.parse::<std::net::IpAddr>().unwrap()));
        for address in ["169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1", "ff02::1"] {
            assert!(denied(address), "{address}");
        }
        for address in ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd00::1"] {
            assert!(!denied(address), "{address}");
        }
    }

    #[test]
    fn url_wins_over_domain_and_flag_over_both() {
        let variables = good_with("Agent__GatewayUrl", "wss://other.example.com");
        let url = |arguments: &[&str]| load_with(arguments, &variables).unwrap().config.gateway_url;
        assert_eq!(url(&[]), "wss://other.example.com/tunnel");
        assert_eq!(url(&["--gateway", "third.example.com"]), "wss://third.example.com/tunnel");
        assert_eq!(url(&["--gateway", "ws://localhost:17200/tunnel"]), "ws://localhost:17200/tunnel");
    }

    #[test]
    fn insecure_gateway_needs_a_word_and_warns() {
        // R21
        let mut variables = good_with("Agent__GatewayUrl", "ws://gateway.lan/tunnel");
        let problems = load_with(&[], &variables).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("Agent__GatewayUrl: would send the key over a network without encryption"));
        variables.push(("Agent__AllowInsecureGateway", "true"));
        let loaded = load_with(&[], &variables).unwrap();
        assert!(loaded.warnings[0].contains("without encryption"));
    }

    #[test]
    fn pin_is_a_fingerprint_and_needs_tls() {
        // R21
        let pin = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
        let mut variables = good_with("Agent__GatewayPin", pin);
        assert_eq!(load_with(&[], &variables).unwrap().config.gateway_pin.unwrap().to_string(), pin);
        variables.push(("Agent__GatewayUrl", "ws://localhost:17200"));
        let problems = load_with(&[], &variables).unwrap_err();
        assert_eq!(problems, ["Agent__GatewayPin: has no use without TLS; allowed: a wss:// URL, or no pin"]);
    }

    #[test]
    fn missing_values_are_told_together() {
        assert_eq!(
            load_with(&[], &[]).unwrap_err(),
            [
                "Agent__GatewayFqdn: is missing, and so is Agent__GatewayUrl; allowed: one of the two, a host name such as gateway.example.com or a URL such as wss://gateway.example.com/tunnel",
                "Agent__ApiKey: is missing; allowed: 32 to 1024 visible ASCII characters, the same as the Gateway's; make one with: openssl rand -hex 32",
                "Agent__JwtSecret: is missing; allowed: 32 to 1024 visible ASCII characters; make one with: openssl rand -hex 32",
                "Agent__Auth__PasswordHash: is missing; allowed: a SHA-512 crypt hash ($6$…) with 1000 to 1000000 rounds, or ! to turn the login off; make one with: openssl passwd -6 (in a compose file write each $ as $$, or use Agent__Auth__PasswordHash__File)",
            ]
        );
    }

    /// Setting, bad value, and what the message says behind setting and origin.
    const BAD_VALUES: &[(&str, &str, &str)] = &[
        (
            "Agent__GatewayFqdn",
            "https://gw/",
            "`https://gw/` is a URL or has a path; allowed: a host name such as gateway.example.com; for a whole URL use Agent__GatewayUrl",
        ),
        (
            "Agent__GatewayUrl",
            "https://gw/",
            "`https://gw/` has the scheme https; allowed: a URL such as wss://gateway.example.com/tunnel, without user, password or query",
        ),
        (
            "Agent__ApiKey",
            "topsecret",
            "has fewer than 32 characters; allowed: 32 to 1024 visible ASCII characters, the same as the Gateway's; make one with: openssl rand -hex 32",
        ),
        (
            "Agent__JwtSecret",
            "topsecret topsecret topsecret topsecret",
            "has a space, a control character or a letter outside ASCII; allowed: 32 to 1024 visible ASCII characters; make one with: openssl rand -hex 32",
        ),
        ("Agent__Port", "http", "`http` is not a port; allowed: 1 to 65535"),
        (
            "Agent__BindAddress",
            "::g",
            "`::g` is not an IP address; allowed: an IPv4 or IPv6 address, such as 0.0.0.0, :: or 127.0.0.1",
        ),
        (
            "Agent__UpstreamDenyList",
            "metadata",
            "`metadata` has an entry (number 1) that is not an address range; allowed: address ranges such as 169.254.0.0/16,fe80::/10, comma-separated, or none",
        ),
        (
            "Agent__TrustedProxies",
            "proxy",
            "`proxy` has an entry (number 1) that is not an address range; allowed: address ranges such as 127.0.0.1/32,10.0.0.0/8, comma-separated, or none",
        ),
        (
            "Agent__AllowedHosts",
            "ui.example.com,a b",
            "`ui.example.com,a b` has an entry (number 2) that is no name: the host name contains ' '; letters, digits, hyphens, underscores and dots between parts are allowed; allowed: host names such as octoporty.example.com, comma-separated",
        ),
        (
            "Agent__RequestLog",
            "some",
            "`some` is none of on, figures and off; allowed: on: log and statistics; figures: statistics alone; off: nothing",
        ),
        ("Agent__Lanes", "9", "`9` is too large; allowed: 0 to 8"),
        ("Agent__Shards", "-1", "`-1` is not a whole number; allowed: 0 to 64"),
        (
            "Agent__Name",
            "a\nb",
            "`a\\nb` has a control character; allowed: 1 to 253 characters, none of them a control character",
        ),
        (
            "Agent__GatewayPin",
            "abc",
            "`abc` is not a SHA-256 in hexadecimal (64 digits, with or without colons); allowed: a SHA-256 in hexadecimal, of the certificate or of its public key",
        ),
        ("Agent__TcpNotSentLowat", "100", "`100` is too small; allowed: 0, or 16384 to 1073741824"),
        ("Agent__AllowInsecureGateway", "no way", "`no way` is neither true nor false; allowed: true or false"),
        (
            "ConnectionStrings__DefaultConnection",
            "Server=db",
            "`Server=db` has the unknown key `Server`; allowed: `Data Source=PATH` or a `sqlite:` URL, for example Data Source=/app/data/octoporty.db",
        ),
        (
            "ConnectionStrings__DefaultConnection",
            "Data Source=x;Password=hunter2",
            "the value (not shown, it may hold a secret) has the key `Password`, which is not supported; allowed: `Data Source=PATH` or a `sqlite:` URL, for example Data Source=/app/data/octoporty.db",
        ),
    ];

    #[test]
    fn each_bad_value_has_its_message() {
        for &(name, value, message) in BAD_VALUES {
            let problems = load_with(&[], &good_with(name, value)).map(|loaded| loaded.config).unwrap_err();
            assert_eq!(problems, [format!("{name}: (environment) {message}")], "{value}");
        }
    }

    #[test]
    fn hash_that_compose_has_eaten_gets_the_hint() {
        let problems = load_with(&[], &good_with("Agent__Auth__PasswordHash", "$$6$$salt$$x")).unwrap_err();
        assert!(problems[0].contains("still has its `$` doubled"), "{problems:?}");
        assert!(problems[0].contains("write each $ as $$, or use Agent__Auth__PasswordHash__File"), "{problems:?}");
    }

    #[test]
    fn same_secret_for_two_purposes_is_a_warning() {
        // R36
        let loaded = load_with(&[], &good_with("Agent__JwtSecret", KEY)).unwrap();
        assert_eq!(loaded.warnings, ["Agent__JwtSecret is the same as Agent__ApiKey; give it a value of its own"]);
    }

    #[test]
    fn file_and_flags_together() {
        let loaded = load_file(
            "[agent]\nlanes = 2\nport = 1\n[agent.auth]\npassword_hash = '!'\n[gateway]\nanything = 1\n",
            &["--port", "8081", "--bind", "::1", "--log-level", "debug"],
            &GOOD[..3],
        )
        .unwrap();
        let config = loaded.config;
        assert_eq!(config.listen, "[::1]:8081".parse().unwrap());
        assert_eq!(config.lanes.map(NonZeroUsize::get), Some(2));
        assert!(matches!(config.password_hash, PasswordHash::LoginOff));
        assert_eq!(config.logging.level, logging::Level::Debug);
    }
}
