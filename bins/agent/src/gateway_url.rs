//! The Gateway's address: a domain or a whole WebSocket URL, and whether the way there is safe (R21).

use std::net::IpAddr;

use http::Uri;
use http::uri::Authority;
use octoporty_core::host::Hostname;
use octoporty_shell::settings::parse;

/// Where a Gateway takes Agents unless its URL says otherwise.
const TUNNEL_PATH: &str = "/tunnel";

/// The whole URL, `ws://` or `wss://`. Without a path it gets the usual one.
pub(crate) fn parse_url(text: &str) -> Result<Uri, String> {
    let uri = parse::url(text, &["wss", "ws"])?;
    if uri.query().is_some() {
        return Err("has a query, which logs on the way would keep".to_owned());
    }
    let Some(authority) = uri.authority() else {
        return Err("is not a URL".to_owned());
    };
    host_of(authority)?;
    if uri.path() != "/" {
        return Ok(uri);
    }
    build(uri.scheme_str().unwrap_or("wss"), authority.as_str())
}

/// The URL of a Gateway's domain, which may have a port.
pub(crate) fn parse_fqdn(text: &str) -> Result<Uri, String> {
    let text = text.trim();
    if text.contains('/') {
        return Err("is a URL or has a path".to_owned());
    }
    if text.contains('@') {
        return Err("holds a user name or password".to_owned());
    }
    let authority: Authority = text.parse().map_err(|_syntax| "is not a domain".to_owned())?;
    let host = host_of(&authority)?;
    let uri = match authority.as_str().rsplit_once(':') {
        Some((_, port)) if !authority.as_str().ends_with(']') => {
            let port = parse::port(port)?;
            build("wss", &format!("{host}:{port}"))
        }
        _ => build("wss", host.as_str()),
    };
    uri.map_err(|_wrong| "is not a domain".to_owned())
}

/// Whether the key and all traffic would cross a network unencrypted.
pub(crate) fn is_insecure(uri: &Uri) -> bool {
    uri.scheme_str() == Some("ws") && !uri.authority().is_some_and(is_loopback)
}

fn build(scheme: &str, authority: &str) -> Result<Uri, String> {
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(TUNNEL_PATH).build();
    uri.map_err(|_syntax| "is not a URL".to_owned())
}

fn host_of(authority: &Authority) -> Result<Hostname, String> {
    Hostname::parse(authority.host()).map_err(|error| format!("has no host: {error}"))
}

fn is_loopback(authority: &Authority) -> bool {
    let Ok(host) = host_of(authority) else {
        return false;
    };
    match host.address() {
        Some(IpAddr::V4(address)) => address.is_loopback(),
        Some(IpAddr::V6(address)) => address.to_canonical().is_loopback(),
        // RFC 6761 §6.3: these names are the loopback address wherever they are asked for.
        None => host.as_str() == "localhost" || host.as_str().ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_keep_their_path_or_get_the_usual_one() {
        for (text, url) in [
            ("wss://gw.example.com", "wss://gw.example.com/tunnel"),
            ("wss://gw.example.com:8443/", "wss://gw.example.com:8443/tunnel"),
            ("ws://[::1]:17200/tunnel", "ws://[::1]:17200/tunnel"),
            ("wss://gw.example.com/behind/it", "wss://gw.example.com/behind/it"),
        ] {
            assert_eq!(parse_url(text).unwrap(), url, "{text}");
        }
        for text in ["https://gw.example.com", "gw.example.com", "wss://gw/tunnel?key=x", "wss://u:p@gw/", "wss://a$b/"]
        {
            assert!(parse_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn domains_become_urls() {
        for (text, url) in [
            ("GW.example.com.", "wss://gw.example.com/tunnel"),
            ("gw.example.com:8443", "wss://gw.example.com:8443/tunnel"),
            ("[::1]", "wss://[::1]/tunnel"),
        ] {
            assert_eq!(parse_fqdn(text).unwrap(), url, "{text}");
        }
        for text in ["https://gw.example.com", "gw.example.com/tunnel", "gw:0", "gw:99999", "u@gw", "a b", ""] {
            assert!(parse_fqdn(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_loopback_is_safe_without_tls() {
        // R21
        let insecure = |text: &str| is_insecure(&text.parse().unwrap());
        for safe in [
            "wss://gw.example.com/",
            "ws://localhost/",
            "ws://a.localhost/",
            "ws://127.9.9.9/",
            "ws://[::1]/",
            "ws://[::ffff:127.0.0.1]/",
        ] {
            assert!(!insecure(safe), "{safe}");
        }
        for unsafe_ in ["ws://gw.example.com/", "ws://10.0.0.1/", "ws://localhost.example.com/", "ws://[fe80::1]/"] {
            assert!(insecure(unsafe_), "{unsafe_}");
        }
    }
}
