//! URLs and keys that are refused before anything is dialled.

use octoporty_core::secret::Secret;

use super::harness::{KEY, key, target};
use crate::connect::{DialError, DialTarget};

// R21
#[test]
fn plain_text_goes_to_this_machine_alone() {
    for allowed in [
        "ws://127.0.0.1:17200/tunnel",
        "ws://[::1]/tunnel",
        "ws://localhost/tunnel",
        "ws://LOCALHOST:1/tunnel",
        "ws://gw.localhost/tunnel",
        "ws://[::ffff:127.0.0.1]/tunnel",
    ] {
        assert!(target(allowed).is_ok(), "{allowed}");
    }
    for refused in ["ws://10.0.0.1/tunnel", "ws://gateway.example.com/tunnel", "ws://localhost.example.com/"] {
        let error = target(refused).unwrap_err();
        assert!(matches!(error, DialError::Insecure { .. }) && error.is_fatal(), "{refused}: {error}");
        assert!(DialTarget::builder(refused, &key()).allow_insecure().build().is_ok(), "{refused}");
    }
}

#[test]
fn url_is_checked() {
    for url in [
        "",
        "gateway.example.com",
        "gateway.example.com/tunnel",
        "https://gateway.example.com/tunnel",
        "wss://",
        "wss:///tunnel",
        "wss://user:secret@gateway.example.com/tunnel",
        "wss://user:secret#more@gateway.example.com/tunnel",
        "wss://gateway.example.com:0/tunnel",
        "wss://gateway.example.com:99999/tunnel",
    ] {
        let error = target(url).unwrap_err();
        assert!(matches!(error, DialError::Url { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn address_shows_port_and_no_query() {
    let target = target("wss://gateway.example.com/tunnel?token=secret").unwrap();
    assert_eq!(target.address(), "wss://gateway.example.com:443/tunnel");
    assert!(!format!("{target:?}").contains(KEY));
    assert!(!format!("{target:?}").contains("secret"));
}

#[test]
fn key_must_fit_into_a_header() {
    for bad in ["", "with\nnewline", "\u{0}"] {
        let error = DialTarget::builder("ws://localhost/", &Secret::new(bad.to_owned())).build().unwrap_err();
        assert!(matches!(error, DialError::Key), "{error}");
        assert!(error.to_string().contains("Agent__ApiKey"));
    }
    let builder = DialTarget::builder("ws://localhost/", &key());
    assert!(!format!("{builder:?}").contains(KEY));
}

#[test]
fn proxy_url_is_checked() {
    for url in [
        "",
        "proxy:3128",
        "https://proxy:3128",
        "socks4://proxy",
        "socks5://:pw@proxy",
        "http://proxy:0",
        "http://:3128",
    ] {
        let error =
            DialTarget::builder("ws://localhost/", &key()).proxy(&Secret::new(url.to_owned())).build().unwrap_err();
        assert!(matches!(error, DialError::ProxyUrl { .. }), "{url}: {error}");
    }
    for url in ["ftp://user:secret@proxy", "http://user:secret?more@proxy", "user:secret#more@proxy"] {
        let bad = Secret::new(url.to_owned());
        let error = DialTarget::builder("ws://localhost/", &key()).proxy(&bad).build().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
