//! Layers of configuration, later ones winning: defaults, file, environment, flags. Gives texts with their origin;
//! what they mean is `values`' business.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use octoporty_core::secret::Secret;

use super::problem::{Origin, Problem, shown};
use super::read::{read_secret, read_text, readable_by_others};
use super::setting::Role;
use super::values::Values;
use super::{Schema, Setting, file, key};

/// One key and its text as a layer has it. Every text is kept as a secret, since which are is known only later.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) written: String,
    pub(super) path: String,
    pub(super) text: Secret,
}

impl Entry {
    pub(super) fn new(written: &str, path: &str, text: String) -> Self {
        Self { written: written.to_owned(), path: path.to_owned(), text: Secret::new(text) }
    }
}

/// A value in effect, with where it came from.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) text: Secret,
    pub(super) origin: Origin,
    pub(super) secret_file: Option<PathBuf>,
}

/// The layers of one program's configuration, from the lowest to the highest.
///
/// Call the methods in that order: [`new`](Self::new), [`default`](Self::default), [`file`](Self::file),
/// [`environment`](Self::environment), [`flag`](Self::flag).
#[derive(Debug)]
pub struct Layers {
    schema: &'static Schema,
    found: BTreeMap<&'static str, Found>,
    tables: Vec<(String, Origin, toml::Table)>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
}

impl Layers {
    /// Starts with the defaults that the schema names.
    #[must_use]
    pub fn new(schema: &'static Schema) -> Self {
        let mut layers =
            Self { schema, found: BTreeMap::new(), tables: Vec::new(), problems: Vec::new(), warnings: Vec::new() };
        for setting in schema.settings() {
            if let Some(text) = setting.default_text() {
                layers.default(setting, text);
            }
        }
        layers
    }

    /// Sets a default that is only known at run time.
    pub fn default(&mut self, setting: &Setting, text: &str) {
        let text = Secret::new(text.to_owned());
        self.found.insert(setting.name(), Found { text, origin: Origin::Default, secret_file: None });
    }

    /// Reads the configuration file at `path`.
    pub fn file(&mut self, path: &Path) {
        match read_text(path) {
            Ok(text) => {
                let secrets_before = self.secrets_set();
                self.file_text(path, text.expose());
                if self.secrets_set() > secrets_before && readable_by_others(path) {
                    self.warnings.push(format!(
                        "{} holds secrets and every user can read it; run: chmod 600 {0}",
                        path.display()
                    ));
                }
            }
            Err(error) => {
                let message = format!("{} cannot be read: {error}; allowed: a readable TOML file", path.display());
                self.problems.push(Problem::new("--config", &message));
            }
        }
    }

    /// Reads a configuration file that is already in memory; `path` is for messages.
    pub fn file_text(&mut self, path: &Path, text: &str) {
        let origin = Origin::File(path.to_owned());
        let parsed = match file::parse(text) {
            Ok(parsed) => parsed,
            Err(message) => {
                self.problems.push(Problem::new(&path.display().to_string(), &message));
                return;
            }
        };
        for (written, reason) in parsed.rejected {
            self.problems.push(Problem::new(&written, &format!("({origin}) {reason}")));
        }
        for (name, rows) in parsed.tables {
            if self.schema.tables.iter().any(|table| key::segment(table) == name) {
                self.tables.extend(rows.into_iter().map(|row| (name.clone(), origin.clone(), row)));
            } else if !self.is_foreign(&name) {
                self.unknown(&name, &name, &origin);
            }
        }
        self.absorb(parsed.entries, &origin);
    }

    /// Reads environment variables. Only those are looked at whose first segment is one of the schema's sections, and
    /// its plain variables.
    pub fn environment(&mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) {
        let mut plain = Vec::new();
        let mut entries = Vec::new();
        for (name, value) in variables {
            let Some(name) = name.to_str() else { continue };
            let own = key::section(name)
                .is_some_and(|first| self.schema.sections.iter().any(|section| key::segment(section) == first));
            let stands_for = self.schema.plain_variables.iter().find(|(plain, _)| plain.eq_ignore_ascii_case(name));
            if !own && stands_for.is_none() {
                continue;
            }
            let Ok(value) = value.into_string() else {
                self.problems.push(Problem::new(name, "(environment) is not valid UTF-8; allowed: UTF-8 text"));
                continue;
            };
            match stands_for {
                // The first plain variable of the schema's list wins over the later ones.
                Some((_, setting)) if !value.is_empty() => {
                    plain.push((*setting, name.to_owned(), value));
                }
                Some(_) => {}
                None => entries.push(Entry::new(name, &key::normalize(name), value)),
            }
        }
        // Variables come in no order, messages should.
        entries.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.written.cmp(&b.written)));
        let rank = |name: &str| self.schema.plain_variables.iter().position(|(p, _)| p.eq_ignore_ascii_case(name));
        plain.sort_by_key(|(_, name, _)| std::cmp::Reverse(rank(name)));
        for (setting, name, value) in plain {
            self.absorb(vec![Entry::new(&name, &key::normalize(setting), value)], &Origin::Environment);
        }
        self.absorb(entries, &Origin::Environment);
    }

    /// Sets one value from a flag. `flag` is how the user wrote it (`--port`). Secrets are refused: every user of a
    /// machine can read the command lines on it.
    pub fn flag(&mut self, flag: &str, name: &str, value: &str) {
        let path = key::normalize(name);
        if let Some((setting, Role::Value)) = self.schema.role(&path)
            && setting.is_secret()
        {
            let message = format!(
                "({flag}) is a secret, which every user could read on the command line; set the variable {0}, or {0}__File to the path of a file",
                setting.name()
            );
            self.problems.push(Problem::new(setting.name(), &message));
            return;
        }
        self.absorb(vec![Entry::new(name, &path, value.to_owned())], &Origin::Flag(flag.to_owned()));
    }

    /// Sets a secret from a flag that names the file that holds it.
    pub fn secret_file_flag(&mut self, flag: &str, setting: &Setting, file: &Path) {
        let path = format!("{}.file", key::normalize(setting.name()));
        let text = file.to_string_lossy().into_owned();
        self.absorb(vec![Entry::new(flag, &path, text)], &Origin::Flag(flag.to_owned()));
    }

    /// Adds `NAME=VALUE`, as `--set` takes it.
    pub fn assignment(&mut self, flag: &str, assignment: &str) {
        match assignment.split_once('=') {
            Some((name, value)) => self.flag(flag, name.trim(), value),
            None => {
                let message = "has no `=`; allowed: NAME=VALUE, for example --set Logging__Format=json";
                self.problems.push(Problem::new(flag, message));
            }
        }
    }

    /// Notes a problem that was found elsewhere.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Ends the layering: what is in effect, to be read by type.
    #[must_use]
    pub fn into_values(self) -> Values {
        Values::new(self.schema, self.found, self.tables, self.problems, self.warnings)
    }

    fn is_foreign(&self, section: &str) -> bool {
        self.schema.foreign.iter().any(|name| key::segment(name) == section)
    }

    fn secrets_set(&self) -> usize {
        let is_file = |setting: &&Setting| {
            self.found.get(setting.name()).is_some_and(|found| matches!(found.origin, Origin::File(_)))
        };
        self.schema.settings().filter(|setting| setting.is_secret()).filter(is_file).count()
    }

    /// Lays the entries of one layer over those below it.
    fn absorb(&mut self, entries: Vec<Entry>, origin: &Origin) {
        let mut values: BTreeMap<&'static str, (String, Found)> = BTreeMap::new();
        let mut elements: BTreeMap<&'static str, BTreeMap<u16, String>> = BTreeMap::new();
        for entry in entries {
            if entry.path.split('.').next().is_some_and(|first| self.is_foreign(first)) {
                continue;
            }
            let Some((setting, role)) = self.schema.role(&entry.path) else {
                self.unknown(&entry.written, &entry.path, origin);
                continue;
            };
            if entry.text.expose().is_empty() && !(setting.takes_empty() && role == Role::Value) {
                continue;
            }
            let (text, secret_file) = match role {
                Role::Value => (entry.text, None),
                Role::Element(at) => {
                    elements.entry(setting.name()).or_default().insert(at, entry.text.expose().to_owned());
                    continue;
                }
                Role::SecretFile => match read_secret(Path::new(entry.text.expose())) {
                    Ok(secret) => (secret, Some(PathBuf::from(entry.text.expose()))),
                    Err(reason) => {
                        let file = shown(entry.text.expose());
                        let message = format!("({origin}) the file {file} {reason}; {}", setting.advice());
                        self.problems.push(Problem::new(&entry.written, &message));
                        continue;
                    }
                },
            };
            let found = Found { text, origin: origin.clone(), secret_file };
            if let Some((first, before)) = values.get(setting.name())
                && before.text.expose() != found.text.expose()
            {
                let message = format!(
                    "({origin}) is set twice, as {first} and as {}, to different values; allowed: one of them",
                    entry.written
                );
                self.problems.push(Problem::new(setting.name(), &message));
                continue;
            }
            values.insert(setting.name(), (entry.written, found));
        }
        for (name, elements) in elements {
            let text: Vec<String> = elements.into_values().collect();
            let found = Found { text: Secret::new(text.join(",")), origin: origin.clone(), secret_file: None };
            values.entry(name).or_insert_with(|| (name.to_owned(), found));
        }
        self.found.extend(values.into_iter().map(|(name, (_, found))| (name, found)));
    }

    fn unknown(&mut self, written: &str, path: &str, origin: &Origin) {
        let advice = match key::nearest(path, self.schema) {
            Some(name) => format!("did you mean {name}?"),
            None => "see --help for the settings".to_owned(),
        };
        self.problems.push(Problem::new(written, &format!("({origin}) is not a setting; {advice}")));
    }
}
