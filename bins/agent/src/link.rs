//! What a tunnel needs of the configuration, with or without all the rest of an Agent: the Gateway's address and key, a
//! name, and what may not be reached.

use http::Uri;
use ipnet::IpNet;
use octoporty_client::connect::{CertificatePin, PinError};
use octoporty_core::secret::Secret;
use octoporty_shell::settings::{Problem, Setting, Values, parse};

use crate::gateway_url;

pub(crate) const GATEWAY_FQDN: Setting = Setting::new(
    "Agent__GatewayFqdn",
    "the Gateway's domain",
    "a host name such as gateway.example.com; for a whole URL use Agent__GatewayUrl",
);
pub(crate) const GATEWAY_URL: Setting = Setting::new(
    "Agent__GatewayUrl",
    "the Gateway's WebSocket URL",
    "a URL such as wss://gateway.example.com/tunnel, without user, password or query",
);
pub(crate) const ALLOW_INSECURE_GATEWAY: Setting =
    Setting::new("Agent__AllowInsecureGateway", "dial a Gateway without TLS over a network", "true or false")
        .default("false");
pub(crate) const GATEWAY_PIN: Setting = Setting::new(
    "Agent__GatewayPin",
    "the only certificate, or key of one, that the Gateway may show",
    "a SHA-256 in hexadecimal, of the certificate or of its public key",
);
pub(crate) const API_KEY: Setting = Setting::new(
    "Agent__ApiKey",
    "the Gateway's key",
    "32 to 1024 visible ASCII characters, the same as the Gateway's",
)
.hint(parse::SECRET_HINT)
.secret();
pub(crate) const UPSTREAM_DENY_LIST: Setting = Setting::new(
    "Agent__UpstreamDenyList",
    "address ranges that no mapping may reach",
    "address ranges such as 169.254.0.0/16,fe80::/10, comma-separated, or none",
)
.list()
// R33: cloud metadata, link-local, unspecified, multicast.
.default(
    "169.254.0.0/16,100.100.100.200/32,fe80::/10,fec0::/10,fd00:ec2::254/128,fd20:ce::254/128,0.0.0.0/8,::/128,224.0.0.0/4,255.255.255.255/32,ff00::/8",
);
pub(crate) const NAME: Setting = Setting::new(
    "Agent__Name",
    "this Agent's name, as the Gateway shows it",
    "1 to 253 characters, none of them a control character",
);

/// Most characters of an Agent's name: those of a host name, which it is by default.
const NAME_CHARACTERS_MAX: usize = 253;

/// What a tunnel needs, with or without all the rest of an Agent.
#[derive(Debug)]
pub(crate) struct Link {
    /// The Gateway's WebSocket URL, with its path.
    pub(crate) gateway_url: Uri,
    /// Dial it although key and traffic cross a network unencrypted. The user was warned (R21).
    pub(crate) allow_insecure_gateway: bool,
    /// The only certificate or key of the Gateway that is taken, if one was named.
    pub(crate) gateway_pin: Option<CertificatePin>,
    /// The Gateway's key.
    pub(crate) api_key: Secret,
    /// This Agent's name.
    pub(crate) name: String,
    /// Addresses that no mapping may reach (R33).
    pub(crate) upstream_deny_list: Vec<IpNet>,
}

/// Reads what a tunnel needs; `None` if something is bad, which `values` then knows.
pub(crate) fn read_link(values: &mut Values) -> Option<Link> {
    let allow_insecure_gateway = values.required(&ALLOW_INSECURE_GATEWAY, parse::switch);
    let gateway_url = gateway(values, allow_insecure_gateway.unwrap_or(false));
    let gateway_pin = pin(values, gateway_url.as_ref());
    let api_key = values.required(&API_KEY, parse::key);
    let name = values.required(&NAME, agent_name);
    let upstream_deny_list = values.required(&UPSTREAM_DENY_LIST, parse::networks);
    Some(Link {
        gateway_url: gateway_url?,
        allow_insecure_gateway: allow_insecure_gateway?,
        gateway_pin: gateway_pin?,
        api_key: api_key?,
        name: name?,
        upstream_deny_list: upstream_deny_list?,
    })
}

/// The Gateway's URL; the whole one wins over the domain.
fn gateway(values: &mut Values, allow_insecure: bool) -> Option<Uri> {
    let from_fqdn = values.maybe(&GATEWAY_FQDN, gateway_url::parse_fqdn);
    let from_url = values.maybe(&GATEWAY_URL, gateway_url::parse_url);
    let (from_url, from_fqdn) = (from_url?, from_fqdn?);
    let Some(uri) = from_url.or(from_fqdn) else {
        let message = "is missing, and so is Agent__GatewayUrl; allowed: one of the two, a host name such as \
                       gateway.example.com or a URL such as wss://gateway.example.com/tunnel";
        values.problem(Problem::new(GATEWAY_FQDN.name(), message));
        return None;
    };
    if gateway_url::is_insecure(&uri) {
        if !allow_insecure {
            let message = "would send the key over a network without encryption; allowed: wss://, or ws:// to this \
                           machine; at your own risk, Agent__AllowInsecureGateway=true";
            values.problem(Problem::new(GATEWAY_URL.name(), message));
            return None;
        }
        values.warn(
            "Agent__AllowInsecureGateway: the key and all traffic go to the Gateway without encryption".to_owned(),
        );
    }
    Some(uri)
}

/// The pin of the Gateway's certificate, which a `ws://` URL has none of.
fn pin(values: &mut Values, gateway: Option<&Uri>) -> Option<Option<CertificatePin>> {
    let pin = values.maybe(&GATEWAY_PIN, |text| text.trim().parse().map_err(|error: PinError| error.to_string()))?;
    if pin.is_some() && gateway.is_some_and(|uri| uri.scheme_str() == Some("ws")) {
        let message = "has no use without TLS; allowed: a wss:// URL, or no pin";
        values.problem(Problem::new(GATEWAY_PIN.name(), message));
        return None;
    }
    Some(pin)
}

fn agent_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err("has a control character".to_owned());
    }
    match text.chars().count() {
        0 => Err("is empty".to_owned()),
        1..=NAME_CHARACTERS_MAX => Ok(text.to_owned()),
        _ => Err(format!("has more than {NAME_CHARACTERS_MAX} characters")),
    }
}
