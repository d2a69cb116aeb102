//! Layers from the first default to the last flag, and every message that a user can meet.

use std::ffi::OsString;
use std::path::Path;

use super::*;

const SCHEMA: Schema = Schema {
    sections: &["Agent", "Octoporty"],
    foreign: &["Gateway"],
    tables: &["mappings"],
    settings: &[&[KEY, PORT, HASH, RANGES, CADDY, ENVIRONMENT]],
    plain_variables: &[
        ("OCTOPORTY_ENVIRONMENT", "Octoporty__Environment"),
        ("ASPNETCORE_ENVIRONMENT", "Octoporty__Environment"),
    ],
};

const KEY: Setting = Setting::new("Agent__ApiKey", "key", "at least 32 characters").hint(parse::SECRET_HINT).secret();
const PORT: Setting =
    Setting::new("Agent__Port", "port", "1 to 65535").default("17201").aliases(&["Agent__ListenPort"]);
const HASH: Setting = Setting::new("Agent__Auth__PasswordHash", "hash", "a hash").secret();
const RANGES: Setting = Setting::new("Agent__DenyList", "ranges", "ranges").list().default("10.0.0.0/8");
const CADDY: Setting = Setting::new("Agent__CaddyUrl", "caddy", "a URL or nothing").may_be_empty().default("x");
const ENVIRONMENT: Setting = Setting::new("Octoporty__Environment", "name", "a word").default("Production");

const GOOD_KEY: &str = "0123456789abcdef0123456789abcdef";

fn layers() -> Layers {
    Layers::new(&SCHEMA)
}

fn with_file(text: &str) -> Layers {
    let mut layers = layers();
    layers.file_text(Path::new("o.toml"), text);
    layers
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

fn with_environment(pairs: &[(&str, &str)]) -> Layers {
    let mut layers = layers();
    layers.environment(variables(pairs));
    layers
}

/// A setting's text and origin.
fn text(layers: Layers, setting: &Setting) -> (Option<String>, String) {
    let mut values = layers.into_values();
    let text = values.optional(setting, |text| Ok(text.to_owned()));
    let loaded = values.finish(Some(())).expect("no problems");
    let line = loaded.effective.into_iter().find(|line| line.name == setting.name());
    (text, line.expect("every setting has a line").origin)
}

fn problems(layers: Layers) -> Vec<String> {
    match layers.into_values().finish(Some(())) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

fn found(text: &str, origin: &str) -> (Option<String>, String) {
    (Some(text.to_owned()), origin.to_owned())
}

#[test]
fn later_layers_win() {
    assert_eq!(text(layers(), &PORT), found("17201", "default"));
    let mut layers = with_file("[agent]\nport = 1");
    assert_eq!(text(with_file("[agent]\nport = 1"), &PORT), found("1", "file o.toml"));
    layers.environment(variables(&[("Agent__Port", "2")]));
    layers.flag("--port", "Agent__Port", "3");
    assert_eq!(text(layers, &PORT), found("3", "flag --port"));
    assert_eq!(text(with_environment(&[("Agent__Port", "2")]), &PORT), found("2", "environment"));
}

#[test]
fn names_are_free_of_case_and_underscores() {
    for name in ["AGENT__PORT", "agent__port", "Agent__ListenPort", "AGENT__LISTEN_PORT"] {
        assert_eq!(text(with_environment(&[(name, "5")]), &PORT), found("5", "environment"), "{name}");
    }
    for file in ["[Agent]\nPort = 5", "agent.listen_port = '5'", "[AGENT]\nlisten-port = 5"] {
        assert_eq!(text(with_file(file), &PORT), found("5", "file o.toml"), "{file}");
    }
}

#[test]
fn numbers_stay_texts() {
    assert_eq!(text(with_file("[agent]\napi_key = 1234567"), &KEY).0.as_deref(), Some("1234567"));
}

#[test]
fn others_are_not_read() {
    let names = ["PATH", "AGENT_PORT", "Gateway__Nonsense", "Other__Thing", "AGENT", "Mappings__0__Domain"];
    let pairs: Vec<_> = names.map(|name| (name, "x")).into();
    assert_eq!(problems(with_environment(&pairs)), Vec::<String>::new());
    assert_eq!(problems(with_file("[gateway]\nnonsense = 1")), Vec::<String>::new());
}

#[test]
fn empty_means_not_set_unless_it_is_a_value() {
    let empty = with_environment(&[("Agent__Port", ""), ("Agent__ApiKey", ""), ("Agent__DenyList", "")]);
    assert_eq!(text(empty, &RANGES), found("10.0.0.0/8", "default"));
    assert_eq!(text(with_environment(&[("Agent__CaddyUrl", "")]), &CADDY), found("", "environment"));
}

#[test]
fn lists_come_in_three_forms() {
    let by_index =
        with_environment(&[("Agent__DenyList__10", "c"), ("AGENT__DENYLIST__1", "b"), ("Agent__DenyList__0", "a")]);
    assert_eq!(text(by_index, &RANGES).0.as_deref(), Some("a,b,c"));
    assert_eq!(text(with_environment(&[("Agent__DenyList", "a,b")]), &RANGES).0.as_deref(), Some("a,b"));
    assert_eq!(text(with_file("[agent]\ndeny_list = ['a', 'b']"), &RANGES).0.as_deref(), Some("a,b"));
}

#[test]
fn secrets_come_from_files_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    std::fs::write(&path, format!("{GOOD_KEY}\r\n")).unwrap();
    let shown = path.to_str().unwrap();
    for name in ["Agent__ApiKey__File", "AGENT__APIKEY__FILE", "Agent__ApiKeyFile"] {
        let (key, origin) = text(with_environment(&[(name, shown)]), &KEY);
        assert_eq!(key.as_deref(), Some(GOOD_KEY), "{name}");
        assert_eq!(origin, format!("environment, read from {shown}"));
    }
    let in_file = format!("[agent]\napi_key.file = '{shown}'");
    assert_eq!(text(with_file(&in_file), &KEY).0.as_deref(), Some(GOOD_KEY));

    std::fs::write(&path, "\n").unwrap();
    let [line] = &problems(with_environment(&[("Agent__ApiKey__File", shown)]))[..] else { panic!("one problem") };
    assert!(line.starts_with("Agent__ApiKey__File: (environment) the file "), "{line}");
    assert!(line.contains(" is empty; allowed: at least 32 characters; make one with: openssl rand -hex 32"), "{line}");
    let missing = &problems(with_environment(&[("Agent__ApiKey__File", "/nowhere/key")]))[0];
    assert!(missing.contains("`/nowhere/key` cannot be read: "), "{missing}");
}

#[test]
fn plain_variables_stand_for_a_setting() {
    let both = [("ASPNETCORE_ENVIRONMENT", "B"), ("octoporty_environment", "A")];
    assert_eq!(text(with_environment(&both), &ENVIRONMENT), found("A", "environment"));
    assert_eq!(text(with_environment(&both[..1]), &ENVIRONMENT), found("B", "environment"));
    let own = [both[0], ("Octoporty__Environment", "C")];
    assert_eq!(text(with_environment(&own), &ENVIRONMENT), found("C", "environment"));
}

#[test]
fn messages_of_layers() {
    let cases = [
        (
            with_environment(&[("AGENT__APIKEI", "topsecretvalue")]),
            "AGENT__APIKEI: (environment) is not a setting; did you mean Agent__ApiKey?",
        ),
        (
            with_environment(&[("Agent__PasswordHash", "topsecretvalue")]),
            "Agent__PasswordHash: (environment) is not a setting; did you mean Agent__Auth__PasswordHash?",
        ),
        (
            with_environment(&[("Agent__Zzzzzzzzzzzz", "x")]),
            "Agent__Zzzzzzzzzzzz: (environment) is not a setting; see --help for the settings",
        ),
        (with_file("[agent]\nprot = 1"), "agent.prot: (file o.toml) is not a setting; did you mean Agent__Port?"),
        (with_file("[[mapping]]\nx = 1"), "mapping: (file o.toml) is not a setting; did you mean mappings?"),
        (with_file("[agent]\nport = [[1]]"), "agent.port: (file o.toml) a list here has plain values only"),
        (
            with_environment(&[("Agent__Port", "1"), ("AGENT__LISTENPORT", "2")]),
            "Agent__Port: (environment) is set twice, as AGENT__LISTENPORT and as Agent__Port, to different values; allowed: one of them",
        ),
    ];
    for (layers, expected) in cases {
        assert_eq!(problems(layers), [expected]);
    }
}

#[test]
fn messages_of_flags() {
    let mut layers = layers();
    layers.flag("--set", "agent__apikey", "topsecretvalue");
    layers.assignment("--set", "topsecretvalue");
    layers.assignment("--set", "Agent__Prot=1");
    assert_eq!(
        problems(layers),
        [
            "Agent__ApiKey: (--set) is a secret, which every user could read on the command line; set the variable Agent__ApiKey, or Agent__ApiKey__File to the path of a file",
            "--set: has no `=`; allowed: NAME=VALUE, for example --set Logging__Format=json",
            "Agent__Prot: (flag --set) is not a setting; did you mean Agent__Port?",
        ]
    );
}

#[test]
fn all_bad_values_are_told_at_once_and_no_secret_is() {
    // R56
    let mut values =
        with_environment(&[("Agent__Port", "70000"), ("Agent__Auth__PasswordHash", "topsecretvalue")]).into_values();
    let key = values.required(&KEY, parse::key);
    let port = values.required(&PORT, parse::port);
    let hash: Option<()> = values.required(&HASH, |_| Err("is not a hash".to_owned()));
    assert_eq!((key.is_none(), port, hash), (true, None, None));
    let problems = values.finish::<()>(None).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "Agent__ApiKey: is missing; allowed: at least 32 characters; make one with: openssl rand -hex 32\n\
         Agent__Port: (environment) `70000` is not a port; allowed: 1 to 65535\n\
         Agent__Auth__PasswordHash: (environment) is not a hash; allowed: a hash"
    );
}

#[test]
fn effective_values_are_masked() {
    // R56
    let loaded = with_environment(&[("Agent__ApiKey", GOOD_KEY)]).into_values().finish(Some(())).unwrap();
    let values: Vec<_> = loaded.effective.iter().map(|line| line.value.as_str()).collect();
    assert_eq!(values, ["01****ef", "17201", "-", "10.0.0.0/8", "x", "Production"]);
    assert!(!format!("{:?}", with_environment(&[("Agent__ApiKey", GOOD_KEY)])).contains(GOOD_KEY));
}

#[test]
fn tables_are_handed_over() {
    let values = with_file("[[mappings]]\na = 1\n[[mappings]]\na = 2").into_values();
    let rows: Vec<_> = values.tables("mappings").into_iter().map(|(_, row)| row["a"].as_integer()).collect();
    assert_eq!(rows, [Some(1), Some(2)]);
}

#[test]
fn missing_file_is_a_problem_and_an_open_one_a_warning() {
    let mut layers = layers();
    layers.file(Path::new("/nowhere/o.toml"));
    let [line] = &problems(layers)[..] else { panic!("one problem") };
    assert!(line.starts_with("--config: /nowhere/o.toml cannot be read: "), "{line}");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("o.toml");
        std::fs::write(&path, format!("[agent]\napi_key = '{GOOD_KEY}'")).unwrap();
        for (mode, warnings) in [(0o600, 0), (0o644, 1)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut layers = self::layers();
            layers.file(&path);
            let loaded = layers.into_values().finish(Some(())).unwrap();
            assert_eq!(loaded.warnings.len(), warnings, "{:?}", loaded.warnings);
        }
    }
}

#[cfg(unix)]
#[test]
fn text_that_is_not_unicode_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let mut layers = layers();
    layers.environment([(OsString::from("Agent__ApiKey"), OsString::from_vec(vec![0xff; 40]))]);
    assert_eq!(problems(layers), ["Agent__ApiKey: (environment) is not valid UTF-8; allowed: UTF-8 text"]);
}
