//! Texts of the layers read as typed values. Bad ones become problems, so that reading goes on to the end.

use std::collections::BTreeMap;

use super::layers::Found;
use super::problem::{Origin, Problem, Problems, one_line, shown};
use super::{Schema, Setting};

/// What is in effect, to be read setting by setting. Each reading method notes what is wrong and goes on;
/// [`finish`](Self::finish) then tells all of it.
#[derive(Debug)]
pub struct Values {
    schema: &'static Schema,
    found: BTreeMap<&'static str, Found>,
    tables: Vec<(String, Origin, toml::Table)>,
    problems: Vec<Problem>,
    warnings: Vec<String>,
    more: Vec<Effective>,
}

/// A configuration that is good, with all that a person may want to know of it.
#[derive(Debug, Clone)]
pub struct Loaded<C> {
    /// The typed configuration.
    pub config: C,
    /// Every setting with the value in effect, in the order of the schema.
    pub effective: Vec<Effective>,
    /// What works but should be looked at, a line each.
    pub warnings: Vec<String>,
}

/// One setting's value in effect, fit to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The setting's name.
    pub name: String,
    /// Its value, masked if it is a secret, `-` if there is none.
    pub value: String,
    /// Where the value came from.
    pub origin: String,
}

impl Values {
    pub(super) fn new(
        schema: &'static Schema,
        found: BTreeMap<&'static str, Found>,
        tables: Vec<(String, Origin, toml::Table)>,
        problems: Vec<Problem>,
        warnings: Vec<String>,
    ) -> Self {
        Self { schema, found, tables, problems, warnings, more: Vec::new() }
    }

    /// The value of a setting that may be left out; `None` if it is, or if it is bad. `parse` says what is wrong
    /// without repeating the value.
    pub fn optional<T>(&mut self, setting: &Setting, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let found = self.found.get(setting.name())?;
        match parse(found.text.expose()) {
            Ok(value) => Some(value),
            Err(wrong) => {
                let place = match &found.secret_file {
                    Some(path) => format!("{}, {}", found.origin, path.display()),
                    None => found.origin.to_string(),
                };
                let value = if setting.is_secret() { String::new() } else { shown(found.text.expose()) + " " };
                let message = format!("({place}) {value}{wrong}; {}", setting.advice());
                self.problems.push(Problem::new(setting.name(), &message));
                None
            }
        }
    }

    /// Like [`optional`](Self::optional), but tells a setting that is left out (`Some(None)`) from a bad one (`None`).
    pub fn maybe<T>(&mut self, setting: &Setting, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<Option<T>> {
        if self.is_set(setting) { self.optional(setting, parse).map(Some) } else { Some(None) }
    }

    /// The value of a setting that must be there; `None` if it is not, or if it is bad.
    pub fn required<T>(&mut self, setting: &Setting, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        if !self.is_set(setting) {
            self.problems.push(Problem::new(setting.name(), &format!("is missing; {}", setting.advice())));
        }
        self.optional(setting, parse)
    }

    /// Whether any layer, the defaults included, has a value.
    #[must_use]
    pub fn is_set(&self, setting: &Setting) -> bool {
        self.found.contains_key(setting.name())
    }

    /// The rows of an array of tables of the file, in order.
    #[must_use]
    pub fn tables(&self, name: &str) -> Vec<(Origin, toml::Table)> {
        let rows = self.tables.iter().filter(|(table, ..)| table == name);
        rows.map(|(_, origin, row)| (origin.clone(), row.clone())).collect()
    }

    /// Notes a problem that is not about one value alone.
    pub fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Notes something that works but should be looked at.
    pub fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Shows something that is in effect and is not one of the settings, after them.
    pub fn show(&mut self, name: &str, value: &str, origin: &str) {
        let [name, value, origin] = [name, value, origin].map(one_line);
        self.more.push(Effective { name, value, origin });
    }

    /// Ends the reading. `draft` is the configuration if every value that it needs was there.
    ///
    /// # Errors
    ///
    /// All problems, if there are any.
    ///
    /// # Panics
    ///
    /// If there is neither a draft nor a problem, which a wrong reader of the settings alone can bring about.
    pub fn finish<C>(self, draft: Option<C>) -> Result<Loaded<C>, Problems> {
        let effective = self.effective();
        Problems::check(self.problems)?;
        let config = draft.expect("each value that a draft lacks has a problem");
        Ok(Loaded { config, effective, warnings: self.warnings })
    }

    fn effective(&self) -> Vec<Effective> {
        let show = |setting: &'static Setting| {
            let name = setting.name().to_owned();
            let Some(found) = self.found.get(setting.name()) else {
                return Effective { name, value: "-".to_owned(), origin: Origin::Default.to_string() };
            };
            let value = if setting.is_secret() { found.text.masked() } else { one_line(found.text.expose()) };
            let origin = match &found.secret_file {
                Some(path) => format!("{}, read from {}", found.origin, path.display()),
                None => found.origin.to_string(),
            };
            Effective { name, value, origin }
        };
        self.schema.settings().map(show).chain(self.more.iter().cloned()).collect()
    }
}
