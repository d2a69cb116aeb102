//! `octoporty-gateway check` as a person runs it.

use std::process::{Command, Output};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Runs the program with these variables and no others.
fn gateway(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_octoporty-gateway"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output();
    let Output { status, stdout, stderr } = output.expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn good_configuration_is_listed_with_its_origins() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.toml");
    std::fs::write(&file, "[gateway]\nfqdn = 'gateway.example.com'\n[agent]\nother = 1\n").unwrap();
    let arguments = ["--config", file.to_str().unwrap(), "check", "--port", "8080"];
    let (code, out, err) = gateway(&arguments, &[("GATEWAY__APIKEY", KEY)]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let line = |name: &str| {
        let line = out.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("Gateway__ApiKey"), "Gateway__ApiKey 01****ef (environment)");
    assert_eq!(line("Gateway__Port"), "Gateway__Port 8080 (flag --port)");
    assert_eq!(line("Gateway__Fqdn"), format!("Gateway__Fqdn gateway.example.com (file {})", file.display()));
    assert_eq!(line("Gateway__GracePeriod"), "Gateway__GracePeriod 10s (default)");
    assert!(!out.contains(KEY));
}

#[test]
fn bad_configuration_lists_all_problems_at_once() {
    // R56
    let (code, out, err) = gateway(
        &["check", "--set", "Gateway__Shards=many"],
        &[("Gateway__ApiKey", "topsecret"), ("Gateway__Port", "0"), ("Gateway__ApiKei", "topsecret")],
    );
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let lines: Vec<_> = err.lines().collect();
    assert_eq!(lines[0], "octoporty-gateway: the configuration has 4 problems");
    for (line, start) in lines[1..].iter().zip([
        "  Gateway__ApiKei: (environment) is not a setting; did you mean Gateway__ApiKey?",
        "  Gateway__ApiKey: (environment) has fewer than 32 characters",
        "  Gateway__Port: (environment) `0` is not a port",
        "  Gateway__Shards: (flag --set) `many` is not a whole number",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(lines.len(), 5);
    assert!(!err.contains("topsecret"), "{err}");
}

#[test]
fn help_and_version() {
    let (code, help, _) = gateway(&["--help"], &[]);
    assert_eq!(code, Some(0));
    for part in ["Gateway__ApiKey", "openssl rand -hex 32", "Examples:", "docs/configuration.md", "check"] {
        assert!(help.contains(part), "{part}");
    }
    let (code, version, _) = gateway(&["--version"], &[]);
    assert_eq!(code, Some(0));
    assert_eq!(version, format!("octoporty-gateway {}\n", env!("CARGO_PKG_VERSION")));
}
