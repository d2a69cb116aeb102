//! Which names the management port answers to (R47): a page that makes a name of its own point here gets nothing.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use octoporty_core::host::Hostname;

use super::{error::Problem, state::ApiState};

/// The names, besides `localhost` and every IP address.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedHosts {
    names: Vec<Hostname>,
}

impl AllowedHosts {
    pub(crate) const fn new(names: Vec<Hostname>) -> Self {
        Self { names }
    }

    /// Whether a `Host` field is one of ours. A name that nobody else can make point here is safe: an address is no
    /// name, and `localhost` never leaves the machine (RFC 6761 §6.3).
    fn allow(&self, host: &[u8]) -> bool {
        let Ok((host, _port)) = Hostname::parse_host_header(host) else {
            return false;
        };
        let name = host.as_str();
        host.address().is_some() || name == "localhost" || name.ends_with(".localhost") || self.names.contains(&host)
    }
}

/// Refuses a request for another name. `/health` is for probes, which call a machine what they like.
pub(crate) async fn layer(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let allowed = match (hosts.next(), hosts.next()) {
        (Some(host), None) => state.config.allowed_hosts.allow(host.as_bytes()),
        _ => false,
    };
    if allowed || request.uri().path() == super::router::HEALTH {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "host-not-allowed",
        "The Agent does not answer to this name. Use its address, or add the name to Agent__AllowedHosts.",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nobody_else_can_point_here() {
        // R47
        let hosts = AllowedHosts::new(vec![Hostname::parse("ui.example.com").unwrap()]);
        for good in ["localhost", "LOCALHOST:17201", "a.localhost", "127.0.0.1:1", "192.168.1.5", "[::1]:17201"] {
            assert!(hosts.allow(good.as_bytes()), "{good}");
        }
        assert!(hosts.allow(b"UI.example.com:443"));
        for bad in ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "x.ui.example.com", "", "a b", "[::1"] {
            assert!(!hosts.allow(bad.as_bytes()), "{bad}");
        }
    }
}
