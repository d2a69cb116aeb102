//! What a request is for: a mapping, one of the Gateway's own endpoints, or its landing page. Pure.

use http::Method;
use octoporty_core::host::Hostname;

use crate::routes::RouteTable;

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Destination<'a, R> {
    /// To this route, whatever its path and method.
    Mapped(&'a R),
    /// The Gateway's health, for `GET` and `HEAD`.
    Health,
    /// The door for Agents.
    Tunnel,
    /// The landing page.
    Landing {
        /// Whether the host is the Gateway's own; on any other the page comes with 404.
        own_host: bool,
    },
}

/// Finds where a request goes, by host, then path, then method, and by nothing else (R09).
///
/// `host` is in normal form and `path` has no query. A host with a mapping owns every path, `/health` and `/tunnel`
/// too (R11). `own_hosts` are the names that the Gateway itself goes by; they are few, and never routes.
#[must_use]
pub fn classify<'a, R>(
    routes: &'a RouteTable<R>,
    own_hosts: &[Hostname],
    host: &str,
    method: &Method,
    path: &str,
) -> Destination<'a, R> {
    if let Some(route) = routes.lookup(host) {
        return Destination::Mapped(route);
    }
    match path {
        "/health" if method == Method::GET || method == Method::HEAD => Destination::Health,
        "/tunnel" if method == Method::GET => Destination::Tunnel,
        _ => Destination::Landing { own_host: own_hosts.iter().any(|own| own.as_str() == host) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Destination<'static, u8> = Destination::Landing { own_host: true };
    const UNKNOWN: Destination<'static, u8> = Destination::Landing { own_host: false };

    #[expect(clippy::needless_pass_by_value, reason = "the expected value reads better without a reference")]
    fn check(host: &str, method: &Method, path: &str, expected: Destination<'_, u8>) {
        let routes = RouteTable::from_iter([
            ("app.example.com".parse().unwrap(), 1),
            ("*.apps.example.com".parse().unwrap(), 2),
        ]);
        let own = [Hostname::parse("gateway.example.com").unwrap()];
        assert_eq!(classify(&routes, &own, host, method, path), expected, "{method} {host} {path}");
    }

    // R11
    #[test]
    fn a_mapped_host_owns_every_path() {
        for path in ["/", "/health", "/tunnel", "*", "/health/x"] {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                check("app.example.com", &method, path, Destination::Mapped(&1));
                check("x.apps.example.com", &method, path, Destination::Mapped(&2));
            }
        }
    }

    #[test]
    fn the_gateways_endpoints_answer_on_hosts_without_a_mapping() {
        for host in ["gateway.example.com", "unknown.example", "127.0.0.1"] {
            check(host, &Method::GET, "/health", Destination::Health);
            check(host, &Method::HEAD, "/health", Destination::Health);
            check(host, &Method::GET, "/tunnel", Destination::Tunnel);
        }
    }

    // R10
    #[test]
    fn everything_else_is_the_landing_page() {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::POST, "/health"),
            (Method::POST, "/tunnel"),
            (Method::HEAD, "/tunnel"),
            (Method::GET, "/Health"),
            (Method::GET, "/health/"),
            (Method::GET, "/tunnel/x"),
            (Method::OPTIONS, "*"),
        ] {
            check("gateway.example.com", &method, path, OWN);
            check("unknown.example", &method, path, UNKNOWN);
            check("apps.example.com", &method, path, UNKNOWN);
        }
    }
}
