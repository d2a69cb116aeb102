//! `octoporty-agent check` as a person runs it.

use std::process::{Command, Output};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const JWT: &str = "fedcba9876543210fedcba9876543210";
const HASH: &str = "$6$saltsalt$abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ./abcdefghijklmnopqrstuv";

/// Runs the program with these variables and no others.
fn agent(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_octoporty-agent"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output();
    let Output { status, stdout, stderr } = output.expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn good(database: &str) -> [(&str, &str); 5] {
    [
        ("AGENT__GATEWAYFQDN", "gateway.example.com"),
        ("Agent__ApiKey", KEY),
        ("Agent__JwtSecret", JWT),
        ("Agent__Auth__PasswordHash", HASH),
        ("ConnectionStrings__DefaultConnection", database),
    ]
}

#[test]
fn good_configuration_is_listed_with_its_origins() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("agent.toml");
    std::fs::write(&file, "[agent]\nlanes = 2\n[[mappings]]\ndomain = 'a.example.com'\nupstream = 'http://a'\n")
        .unwrap();
    let database = format!("Data Source={}/data/octoporty.db", directory.path().display());
    let arguments = ["--config", file.to_str().unwrap(), "check", "--map", "app.example.com=http://localhost:3000"];
    let (code, out, err) = agent(&arguments, &good(&database));
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    for line in [
        "Agent__GatewayFqdn gateway.example.com (environment)".to_owned(),
        "Agent__ApiKey 01****ef (environment)".to_owned(),
        "Agent__Auth__PasswordHash $6****uv (environment)".to_owned(),
        format!("Agent__Lanes 2 (file {})", file.display()),
        "Agent__Port 17201 (default)".to_owned(),
        "mapping a.example.com -> http://a:80 (file)".to_owned(),
        "mapping app.example.com -> http://localhost:3000 (flag --map)".to_owned(),
    ] {
        let found = out.lines().any(|l| l.split_whitespace().collect::<Vec<_>>().join(" ") == line);
        assert!(found, "{line} in\n{out}");
    }
    for secret in [KEY, JWT, HASH] {
        assert!(!out.contains(secret));
    }
    assert!(!directory.path().join("data").exists(), "a check makes nothing");
}

#[test]
fn bad_configuration_lists_all_problems_at_once() {
    // R56
    let variables = [
        ("Agent__ApiKey", "topsecret"),
        ("Agent__Auth__PasswordHash", "topsecret"),
        ("Agent__PasswordHash", "topsecret"),
        ("Agent__GatewayUrl", "http://u:topsecret@gw"),
    ];
    let (code, out, err) = agent(&["check", "--map", "app.example.com"], &variables);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let lines: Vec<_> = err.lines().collect();
    assert_eq!(lines[0], "octoporty-agent: the configuration has 6 problems");
    for (line, start) in lines[1..].iter().zip([
        "  Agent__PasswordHash: (environment) is not a setting; did you mean Agent__Auth__PasswordHash?",
        "  Agent__GatewayUrl: (environment) ",
        "  Agent__ApiKey: (environment) has fewer than 32 characters",
        "  Agent__JwtSecret: is missing",
        "  Agent__Auth__PasswordHash: (environment) does not begin with $6$",
        "  --map: `app.example.com` has no `=`; allowed: DOMAIN=URL, for example --map app.example.com=http://",
    ]) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(lines.len(), 7);
    assert!(!err.contains("topsecret"), "{err}");
}

#[test]
fn data_directory_that_cannot_be_written_ends_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let database = format!("sqlite:{}/octoporty.db", file.display());
    for arguments in [&["check"][..], &[]] {
        let (code, _, err) = agent(arguments, &good(&database));
        assert_eq!(code, Some(2), "{err}");
        for part in [file.to_str().unwrap(), "UID:GID", "568:568", "chown -R"] {
            assert!(err.contains(part), "{part} in {err}");
        }
    }
}

#[test]
fn help_and_version() {
    let (code, help, _) = agent(&["--help"], &[]);
    assert_eq!(code, Some(0));
    for part in ["Agent__JwtSecret", "openssl passwd -6", "Examples:", "--map app.example.com=http://", "docs/"] {
        assert!(help.contains(part), "{part}");
    }
    let (code, version, _) = agent(&["--version"], &[]);
    assert_eq!(code, Some(0));
    assert_eq!(version, format!("octoporty-agent {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn shares_neither_show_nor_take_flags_that_are_not_theirs() {
    for share in ["http", "serve"] {
        let (code, help, _) = agent(&[share, "--help"], &[]);
        assert_eq!(code, Some(0));
        assert!(help.contains("--gateway") && help.contains("--api-key-file"), "{help}");
        for flag in ["--map", "--port", "--bind", "--jwt-secret-file", "--password-hash-file"] {
            assert!(!help.contains(flag), "{help}");
            for arguments in [[share, "3000", flag, "x"], [flag, "x", share, "3000"]] {
                let (code, _, error) = agent(&arguments, &[]);
                assert_eq!(code, Some(2));
                assert!(error.starts_with(&format!("error: {flag} is for an Agent with a web UI")), "{error}");
            }
        }
    }
}
