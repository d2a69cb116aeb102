//! What a person may call a local service: `3000`, `nas.lan:8080`, `https://localhost:8443`.

use std::sync::Arc;

use octoporty_client::upstream::{Scheme, TlsVerify, UpstreamTarget};

/// The forms that are understood, for messages.
const ALLOWED: &str =
    "a port such as 3000, a host and a port such as nas.lan:8080, or a URL such as https://localhost:8443";

/// Reads a target.
pub(super) fn parse(text: &str, allow_invalid_certificates: bool) -> Result<Arc<UpstreamTarget>, String> {
    let text = text.trim();
    let wrong = |why: &str| format!("{text:?} {why}; allowed: {ALLOWED}");
    let (scheme, rest) = match text.split_once("://") {
        Some(("http", rest)) => (Scheme::Http, rest),
        Some(("https", rest)) => (Scheme::Https, rest),
        Some(_) => return Err(wrong("has another scheme than http or https")),
        None => (Scheme::Http, text),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#', '@']) {
        return Err(wrong("has a path, a query or a user; a share has them all"));
    }
    let (host, port) = match rest.rsplit_once(':') {
        _ if !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()) => ("localhost", Some(rest)),
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let port = match port {
        Some(port) => {
            port.parse().ok().filter(|port| *port != 0).ok_or_else(|| wrong("has no port from 1 to 65535"))?
        }
        None if text.contains("://") => {
            if scheme == Scheme::Https {
                443
            } else {
                80
            }
        }
        None => return Err(wrong("has no port")),
    };
    let tls = if allow_invalid_certificates { TlsVerify::AcceptAny } else { TlsVerify::Verify };
    UpstreamTarget::builder(scheme, host, port)
        .tls(tls)
        .build()
        .map_err(|error| wrong(&format!("is no target: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_that_people_type() {
        for (text, shown) in [
            ("3000", "http://localhost:3000"),
            ("localhost:80", "http://localhost"),
            ("nas.lan:8080", "http://nas.lan:8080"),
            ("http://127.0.0.1:5000/", "http://127.0.0.1:5000"),
            ("https://localhost", "https://localhost"),
            ("[::1]:3000", "http://[::1]:3000"),
            (" https://[::1]:8443 ", "https://[::1]:8443"),
        ] {
            assert_eq!(parse(text, false).map(|target| target.to_string()), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_target_is_told_what_is() {
        for text in ["", "0", "70000", "localhost", "ftp://localhost", "http://a/b", "http://u:p@a", "a b:80", "::1"] {
            let error = parse(text, false).unwrap_err();
            assert!(error.contains("allowed: a port such as 3000"), "{text}: {error}");
        }
    }
}
