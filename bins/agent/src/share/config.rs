//! The configuration of a quick share: the layers that the Agent has, of which it needs few.

use std::ffi::OsString;

use http::Uri;
use ipnet::IpNet;
use octoporty_client::{Host, HostPattern, connect::CertificatePin};
use octoporty_core::secret::Secret;
use octoporty_shell::{
    logging::LoggingConfig,
    settings::{Loaded, Problem, Problems},
};

use super::{ShareOptions, show::Form, what::What};
use crate::{cli::Cli, config, link};

/// What a share runs with.
#[derive(Debug)]
pub(super) struct ShareConfig {
    pub(super) gateway: Uri,
    pub(super) allow_insecure_gateway: bool,
    pub(super) gateway_pin: Option<CertificatePin>,
    pub(super) api_key: Secret,
    pub(super) name: String,
    pub(super) deny_list: Vec<IpNet>,
    pub(super) host: Host,
    pub(super) what: What,
    pub(super) form: Form,
    pub(super) logging: LoggingConfig,
}

/// Reads all layers, and names all problems at once.
pub(super) fn load(
    cli: &Cli,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    what: Result<What, String>,
    options: &ShareOptions,
) -> Result<Loaded<ShareConfig>, Problems> {
    let mut values = config::layers(cli, variables).into_values();
    let needed = link::read_link(&mut values);
    let what = what.map_err(|wrong| values.problem(Problem::new("TARGET", &wrong))).ok();
    let host = host(options, what.as_ref(), needed.as_ref().map_or("", |link| link.name.as_str()));
    let host = host.map_err(|wrong| values.problem(Problem::new("--domain", &wrong))).ok();
    let logging = LoggingConfig::read(&mut values).map(|logging| for_a_terminal(&logging, cli));
    let draft = (|| {
        let link::Link { gateway_url, allow_insecure_gateway, gateway_pin, api_key, name, upstream_deny_list } =
            needed?;
        Some(ShareConfig {
            gateway: gateway_url,
            allow_insecure_gateway,
            gateway_pin,
            api_key,
            name,
            deny_list: upstream_deny_list,
            host: host?,
            what: what?,
            form: Form::of(options),
            logging: logging?,
        })
    })();
    values.finish(draft)
}

fn host(options: &ShareOptions, what: Option<&What>, machine: &str) -> Result<Host, String> {
    if let Some(domain) = &options.domain {
        let pattern = HostPattern::parse(domain).map_err(|error| {
            format!("{domain:?} cannot be used: {error}; allowed: a domain such as app.example.com")
        })?;
        return Ok(Host::Domain(pattern));
    }
    if options.random {
        return Ok(Host::Random);
    }
    let word = options
        .share_as
        .clone()
        .unwrap_or_else(|| format!("{machine} {}", what.map_or(String::new(), What::to_string)));
    Ok(Host::Shared(word))
}

/// The requests are what a person wants to see: of the log only what went wrong, unless more was asked for, and no file.
fn for_a_terminal(logging: &LoggingConfig, cli: &Cli) -> LoggingConfig {
    let level = if cli.common.log_level.is_some() { logging.level } else { octoporty_shell::logging::Level::Error };
    LoggingConfig { file_path: None, level, format: logging.format }
}
