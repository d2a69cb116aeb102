//! Rules of the source that no compiler checks: layers, heads of files, sizes, nothing of one machine.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Longest file, tests not counted: past it a file has more than one concept.
const LINES_MAX: usize = 600;

/// Folders that are not source.
const SKIPPED: [&str; 4] = ["target", "node_modules", ".git", "dist"];

fn root() -> PathBuf {
    // Asked when the test runs: with a shared target folder the program may have been built in another checkout.
    let tests = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    Path::new(&tests).parent().expect("the tests are in a folder of the workspace").to_owned()
}

/// All files below `folder` with one of these endings, and their text.
fn files(folder: &Path, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !SKIPPED.contains(&name) {
                found.extend(files(&path, endings));
            }
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            let text = fs::read_to_string(&path).expect("source is text");
            found.push((path, text));
        }
    }
    found
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.file_name().is_some_and(|name| name == "tests.rs")
}

/// The part of a file before its tests.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

/// The modules of the crate that a source names: what follows `crate::`, in a group or alone.
fn modules_used(source: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut used = BTreeSet::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            used.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut starts = true;
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts = true,
                _ if starts && !character.is_whitespace() => {
                    used.insert(word(&group[at..]));
                    starts = false;
                }
                _ => {}
            }
        }
    }
    used
}

/// What each layer of the core may use besides itself.
const LAYERS: [(&str, &[&str]); 7] = [
    ("frame", BASE),
    ("message", &["frame", "id", "limits", "host", "secret", "version"]),
    ("proto", &["frame", "message", "id", "limits", "host", "secret", "version"]),
    ("transport", &["frame", "limits", "version", "secret"]),
    ("session", &["frame", "message", "proto", "transport", "id", "limits", "host", "version"]),
    ("http1", &["host", "limits", "id", "version"]),
    ("proxy", &["frame", "message", "proto", "transport", "session", "http1", "id", "limits", "host", "version"]),
];

const BASE: &[&str] = &["id", "limits", "host", "secret", "version"];

#[test]
fn layers_of_the_core_import_downwards_only() {
    let core = root().join("octoporty-core/src");
    let mut broken = Vec::new();
    for (layer, may_use) in LAYERS {
        for (path, text) in files(&core.join(layer), &["rs"]) {
            if is_test(&path) {
                continue;
            }
            for used in modules_used(without_tests(&text)) {
                if used != layer && !may_use.contains(&used.as_str()) {
                    broken.push(format!("{} uses {used}", path.display()));
                }
            }
        }
    }
    for layer in BASE {
        for path in [core.join(format!("{layer}.rs")), core.join(layer)] {
            let sources = if path.is_dir() { files(&path, &["rs"]) } else { Vec::new() };
            let alone = fs::read_to_string(&path).map(|text| (path, text)).ok();
            for (path, text) in sources.into_iter().chain(alone) {
                let above =
                    modules_used(without_tests(&text)).into_iter().filter(|used| !BASE.contains(&used.as_str()));
                broken.extend(above.map(|used| format!("{} uses {used}", path.display())));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn state_machine_does_no_io() {
    let core = root().join("octoporty-core/src");
    let mut broken = Vec::new();
    for layer in ["frame", "message", "proto"] {
        for (path, text) in files(&core.join(layer), &["rs"]) {
            let source = if is_test(&path) { "" } else { without_tests(&text) };
            let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
            for line in code {
                let foreign =
                    ["tokio", "http::", "hyper", "std::net", "std::io", "Instant::now", "std::thread", "rand::"];
                let named = foreign.iter().filter(|name| {
                    line.match_indices(**name)
                        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
                });
                broken.extend(named.map(|name| format!("{}: {name}: {line}", path.display())));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<_> = files(&root(), &["rs"])
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert!(silent.is_empty(), "without `//!`: {silent:#?}");
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<_> = files(&root(), &["rs"])
        .into_iter()
        .map(|(path, text)| (path, without_tests(&text).lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn module_folders_have_no_namesake_beside_them() {
    let doubled: Vec<_> = files(&root(), &["rs"])
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.with_extension("").join("mod.rs").exists())
        .collect();
    assert!(doubled.is_empty(), "{doubled:#?}");
}

#[test]
fn nothing_names_one_machine() {
    // In two parts, or this file would name them.
    let names = [("/ro", "ot/"), ("/wo", "rk/"), ("/ho", "me/"), (".libr", "ary")].map(|(a, b)| a.to_owned() + b);
    let mut found = Vec::new();
    for (path, text) in files(&root(), &["md", "rs", "toml", "yml", "yaml", "sh", "service", "json"]) {
        // Generated, and full of other people's paths.
        if path.file_name().is_some_and(|name| name == "package-lock.json") {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            if names.iter().any(|name| line.contains(name.as_str())) {
                found.push(format!("{}:{}: {line}", path.display(), index + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
