//! Which server block of Caddy the routes belong to.
//!
//! Visitors expect `https://DOMAIN` to work, so it is the block that serves HTTPS: Caddy then fetches a certificate for
//! each host in its routes, and redirects plain HTTP. Where nobody listens for HTTPS, a block of our own does, since a
//! domain that is mapped and does not answer is of no use. Where the operator turned Caddy's HTTPS off, because something
//! before it ends TLS, the block on the HTTP port is the one.

use serde_json::{Map, Value};

/// The name of the block that is made where there is none.
const OWN_SERVER: &str = "octoporty";

/// Caddy's ports unless it is told otherwise.
const HTTP_PORT_DEFAULT: u16 = 80;
const HTTPS_PORT_DEFAULT: u16 = 443;

/// Where the routes belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) name: String,
    pub(super) is_there: bool,
}

/// The server block of the routes: the one of that name, or the best of those in `servers`, or one to be made.
pub(super) fn home(config: &Value, servers: &Map<String, Value>, name: Option<&str>) -> Home {
    let best = || {
        let https = https_port(config);
        let http = port(config, "/apps/http/http_port", HTTP_PORT_DEFAULT);
        let find = |suits: &dyn Fn(&Value) -> bool| {
            servers.iter().find(|(_, server)| suits(server)).map(|(name, _)| name.clone())
        };
        find(&|server| listens_on(server, https))
            .or_else(|| find(&|server| has_tls(server)))
            .or_else(|| find(&|server| listens_on(server, http) && has_no_automatic_https(server)))
    };
    let name = name.map(str::to_owned).or_else(best).unwrap_or_else(|| OWN_SERVER.to_owned());
    Home { is_there: servers.contains_key(&name), name }
}

/// Where a block that is made listens.
pub(super) fn https_port(config: &Value) -> u16 {
    port(config, "/apps/http/https_port", HTTPS_PORT_DEFAULT)
}

fn port(config: &Value, pointer: &str, default: u16) -> u16 {
    let port = config.pointer(pointer).and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    port.filter(|port| *port > 0).unwrap_or(default)
}

fn listens_on(server: &Value, port: u16) -> bool {
    let listen = server.get("listen").and_then(Value::as_array);
    listen.into_iter().flatten().filter_map(Value::as_str).any(|address| has_port(address, port))
}

/// Whether an address of Caddy, `[NETWORK/]HOST:PORT[-PORT]`, has this port and carries HTTP over TCP.
fn has_port(address: &str, port: u16) -> bool {
    let address = match address.split_once('/') {
        Some(("tcp" | "tcp4" | "tcp6", rest)) => rest,
        Some(_) => return false,
        None => address,
    };
    let Some((_, ports)) = address.rsplit_once(':') else {
        return false;
    };
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) => (first..=last).contains(&port),
        _ => false,
    }
}

fn has_tls(server: &Value) -> bool {
    server.get("tls_connection_policies").and_then(Value::as_array).is_some_and(|policies| !policies.is_empty())
}

fn has_no_automatic_https(server: &Value) -> bool {
    server.pointer("/automatic_https/disable").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn block_that_serves_https_is_the_home() {
        let check = |http: Value, name: Option<&str>, expected: (&str, bool)| {
            let config = json!({ "apps": { "http": http } });
            let servers = config["apps"]["http"]["servers"].as_object().cloned().unwrap_or_default();
            let home = home(&config, &servers, name);
            assert_eq!((home.name.as_str(), home.is_there), expected, "{config}");
        };
        let plain = json!({ "listen": [":80"] });
        let tls = json!({ "listen": ["tcp/[::]:443"] });
        let off = json!({ "listen": [":80"], "automatic_https": { "disable": true } });
        let odd = json!({ "listen": [":8443"], "tls_connection_policies": [{}] });
        check(json!(null), None, ("octoporty", false));
        check(json!({ "servers": { "srv0": plain } }), None, ("octoporty", false));
        check(json!({ "servers": { "srv0": plain, "srv1": tls } }), None, ("srv1", true));
        check(json!({ "servers": { "a": odd, "b": tls } }), None, ("b", true));
        check(json!({ "servers": { "a": off, "b": odd } }), None, ("b", true));
        check(json!({ "servers": { "a": plain, "b": off } }), None, ("b", true));
        check(json!({ "https_port": 8443, "servers": { "a": { "listen": ["127.0.0.1:8443"] } } }), None, ("a", true));
        check(json!({ "servers": { "srv0": plain, "srv1": tls } }), Some("srv0"), ("srv0", true));
        check(json!({ "servers": { "srv1": tls } }), Some("mine"), ("mine", false));
    }

    #[test]
    fn listener_addresses_of_caddy() {
        for (address, expected) in [
            (":443", true),
            ("127.0.0.1:443", true),
            ("[::1]:443", true),
            ("tcp4/0.0.0.0:443", true),
            (":400-500", true),
            (":4430", false),
            ("udp/:443", false),
            ("unix//run/caddy:443", false),
            (":{env.PORT}", false),
            ("443", false),
        ] {
            assert_eq!(has_port(address, 443), expected, "{address}");
        }
    }
}
