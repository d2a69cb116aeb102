//! Mappings as people write them, right and wrong.

use std::time::Duration;

use super::config::{HostHeader, MappingConfig, UpstreamProtocol, UpstreamScheme};
use crate::config::tests::{GOOD, load_file};

fn read(file: &str, flags: &[&str]) -> Result<Vec<MappingConfig>, Vec<String>> {
    let arguments: Vec<&str> = flags.iter().flat_map(|flag| ["--map", *flag]).collect();
    load_file(file, &arguments, GOOD).map(|loaded| loaded.config.mappings)
}

#[test]
fn row_with_everything() {
    let mappings = read(
        r#"
        [[mappings]]
        domain = "*.Example.com"
        upstream = "https://nas_1:8443/"
        Protocol = "http1"
        allow-invalid-certificates = true
        pinned_certificate = "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
        host = { fixed = "intern.local:8443" }
        set_request_headers = { X-Key = "topsecret", "X-Number" = 7 }
        remove_request_headers = ["Cookie"]
        set_response_headers = { X-Frame-Options = "DENY" }
        remove_response_headers = ["Server", "X-Powered-By"]
        connect_timeout = 5
        head_timeout = "2m"
        body_idle_timeout = "500ms"
        upgrade_idle_timeout = "1h"
        "#,
        &[],
    );
    let [mapping] = &mappings.expect("a good mapping")[..] else { panic!("one mapping") };
    assert_eq!((mapping.domain.as_str(), mapping.pattern.to_string()), ("*.Example.com", "*.example.com".to_owned()));
    let upstream = &mapping.upstream;
    assert_eq!((upstream.scheme, upstream.host.as_str(), upstream.port), (UpstreamScheme::Https, "nas_1", 8443));
    assert_eq!(mapping.protocol, UpstreamProtocol::Http1);
    assert!(mapping.allow_invalid_certificates);
    assert_eq!(mapping.pinned_certificate, Some(std::array::from_fn(|byte| u8::try_from(byte).unwrap())));
    assert_eq!(mapping.host, HostHeader::Fixed("intern.local:8443".to_owned()));
    assert_eq!(mapping.request_headers.set.len(), 2);
    assert_eq!(mapping.request_headers.remove, ["cookie"]);
    assert_eq!(mapping.response_headers.set, [("x-frame-options".parse().unwrap(), "DENY".parse().unwrap())]);
    assert_eq!(mapping.response_headers.remove, ["server", "x-powered-by"]);
    let timeouts =
        [mapping.connect_timeout, mapping.head_timeout, mapping.body_idle_timeout, mapping.upgrade_idle_timeout];
    assert_eq!(timeouts.map(|timeout| timeout.unwrap().as_millis()), [5_000, 120_000, 500, 3_600_000]);
    assert!(!format!("{mapping:?}").contains("topsecret"));
}

#[test]
fn flags_are_short_mappings() {
    let mappings = read("", &["app.example.com=http://localhost:3000", "b.example.com=https://[::1]"]).unwrap();
    let upstreams: Vec<_> = mappings.iter().map(|m| (m.upstream.host.as_str(), m.upstream.port)).collect();
    assert_eq!(upstreams, [("localhost", 3000), ("[::1]", 443)]);
    assert_eq!(mappings[0].protocol, UpstreamProtocol::Auto);
    assert_eq!((mappings[0].host.clone(), mappings[0].connect_timeout), (HostHeader::Keep, None::<Duration>));
}

#[test]
fn flag_takes_the_place_of_the_row_for_its_domain() {
    let file = "[[mappings]]\ndomain = 'APP.example.com'\nupstream = 'http://old'\n\
                [[mappings]]\ndomain = 'b.example.com'\nupstream = 'http://b'\n";
    let mappings = read(file, &["app.example.com=http://new"]).unwrap();
    let hosts: Vec<_> = mappings.iter().map(|m| m.upstream.host.as_str()).collect();
    assert_eq!(hosts, ["b", "new"]);
}

#[test]
fn wrong_flag_is_told_the_right_form() {
    const FORM: &str = "; allowed: DOMAIN=URL, for example --map app.example.com=http://localhost:3000";
    for (flag, wrong) in [
        ("app.example.com", "--map: `app.example.com` has no `=`"),
        ("app.example.com=localhost:3000", "--map: `localhost:3000` is not an absolute URL"),
        ("app.example.com=3000", "--map: `3000` is not an absolute URL"),
        ("app.example.com=ftp://a", "--map: `ftp://a` has the scheme ftp"),
        ("app.example.com=http://a/path", "--map: `http://a/path` has a path, but a mapping is for a whole host"),
        (
            "app.example.com=http://u:hunter2@a",
            "--map: the value (not shown, it may hold a secret) holds a user name or password",
        ),
        ("10.0.0.1=http://a", "--map: `10.0.0.1` is not a domain: "),
        ("http://app=http://a", "--map: `http://app` is not a domain: "),
    ] {
        let problems = read("", &[flag]).unwrap_err();
        let [line] = &problems[..] else { panic!("one problem for {flag}: {problems:?}") };
        assert!(line.starts_with(wrong) && line.ends_with(FORM), "{line}");
        assert!(!line.contains("hunter2"));
    }
}

#[test]
fn everything_wrong_in_a_row_is_told_at_once() {
    let problems = read(
        r#"
        [[mappings]]
        domain = "a.*.com"
        upstream = "localhost"
        protocol = "h3"
        pinned_certificate = "ab"
        host = "kep"
        set_request_headers = { Host = "a", "X y" = "topsecret" }
        remove_response_headers = "Server"
        connect_timeout = "0s"
        head_timeout = [1]
        upstrem = "x"
        colour = "red"
        [[mappings]]
        domain = "a.example.com"
        [[mappings]]
        domain = "b.example.com"
        upstream = "http://b"
        pinned_certificate = "abababababababababababababababababababababababababababababababab"
        "#,
        &[],
    )
    .unwrap_err();
    let starts = [
        "mappings[0].domain: (file test.toml) `a.*.com` is not a domain: ",
        "mappings[0].upstream: (file test.toml) `localhost` is not an absolute URL; allowed: a URL such as ",
        "mappings[0].protocol: (file test.toml) `h3` is not a protocol; allowed: auto, http1 or h2c",
        "mappings[0].pinned_certificate: (file test.toml) `ab` is no fingerprint; allowed: a SHA-256 of 64 hex digits",
        "mappings[0].host: (file test.toml) is none of the known forms; allowed: \"keep\", \"upstream\" or { fixed",
        "mappings[0].set_request_headers: (file test.toml) `Host` is a header that framing or routing needs",
        "mappings[0].set_request_headers: (file test.toml) `X y` is not a header name; allowed: header names",
        "mappings[0].remove_response_headers: (file test.toml) is not a list; allowed: [\"Name\"]",
        "mappings[0].connect_timeout: (file test.toml) `0s` is zero; allowed: a duration above zero",
        "mappings[0].head_timeout: (file test.toml) is a list or table; allowed: a duration",
        "mappings[0].colour: (file test.toml) is not a setting; allowed: domain, upstream, ",
        "mappings[0].upstrem: (file test.toml) is not a setting; did you mean upstream?",
        "mappings[1].upstream: (file test.toml) is missing; allowed: a URL such as http://localhost:3000",
        "mappings[2].pinned_certificate: (file test.toml) `abababab",
    ];
    assert_eq!(problems.len(), starts.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(starts) {
        assert!(problem.starts_with(start), "{problem}");
        assert!(!problem.contains("topsecret"));
    }
}

#[test]
fn headers_are_no_more_than_a_start_takes() {
    let row = |key: &str, names: &[String]| {
        let file = format!("[[mappings]]\ndomain = 'a.example.com'\nupstream = 'http://a'\n{key} = {names:?}\n");
        read(&file, &[])
    };
    let names = |count: usize| (0..count).map(|number| format!("X-{number}")).collect::<Vec<_>>();
    for key in ["remove_request_headers", "remove_response_headers"] {
        assert_eq!(row(key, &names(32)).map(|mappings| mappings.len()), Ok(1));
        let told = format!("mappings[0].{key}: (file test.toml) has 33 entries; allowed: at most 32");
        assert_eq!(row(key, &names(33)).unwrap_err(), [told]);
        let problems = row(key, &["Proxy-Authorization".to_owned()]).unwrap_err();
        assert!(
            problems[0].contains("`Proxy-Authorization` is a header that framing or routing needs"),
            "{problems:?}"
        );
    }
}

#[test]
fn two_mappings_for_one_domain_are_refused() {
    let problems = read("", &["a.example.com=http://a", "A.example.com.=http://b"]).unwrap_err();
    assert_eq!(problems, ["--map: has `A.example.com.` twice; allowed: one mapping a domain"]);
}

#[test]
fn h2c_needs_plain_http() {
    let file = "[[mappings]]\ndomain = 'a.b'\nupstream = 'https://a'\nprotocol = 'h2c'";
    let problems = read(file, &[]).unwrap_err();
    assert!(problems[0].contains("`h2c` is HTTP/2 without TLS, but the upstream is https"), "{problems:?}");
}
