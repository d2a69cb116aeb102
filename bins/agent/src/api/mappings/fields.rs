//! A JSON object read field by field, so that everything that is wrong with it is told at once.

use serde_json::{Map, Value};

use crate::api::error::FieldErrors;

/// The fields that were not read yet, and what was wrong with those that were.
pub(super) struct Fields {
    map: Map<String, Value>,
    /// What comes before a field's name in messages, such as `timeouts.`.
    prefix: String,
    pub(super) errors: FieldErrors,
}

impl Fields {
    pub(super) fn new(value: Value) -> Result<Self, FieldErrors> {
        match value {
            Value::Object(map) => Ok(Self { map, prefix: String::new(), errors: FieldErrors::new() }),
            _ => Err(FieldErrors::from([("body".to_owned(), vec!["is not an object".to_owned()])])),
        }
    }

    pub(super) fn wrong(&mut self, field: &str, text: impl Into<String>) {
        self.errors.entry(format!("{}{field}", self.prefix)).or_default().push(text.into());
    }

    /// Whether something was wrong with a field that was read.
    pub(super) fn is_wrong(&self, field: &str) -> bool {
        self.errors.contains_key(&format!("{}{field}", self.prefix))
    }

    /// Takes a field under its own or an older name. Null is as good as nothing.
    fn take(&mut self, names: &[&str]) -> Option<Value> {
        let mut found = None;
        for name in names {
            let value = self.map.remove(*name).filter(|value| !value.is_null());
            found = found.or(value);
        }
        found
    }

    pub(super) fn text(&mut self, names: &[&str]) -> Option<String> {
        match self.take(names)? {
            Value::String(text) => Some(text),
            _ => {
                self.wrong(names[0], "is not a text");
                None
            }
        }
    }

    pub(super) fn switch(&mut self, names: &[&str]) -> Option<bool> {
        match self.take(names)? {
            Value::Bool(switch) => Some(switch),
            _ => {
                self.wrong(names[0], "is neither true nor false");
                None
            }
        }
    }

    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.take(&[name])
    }

    /// An object within this one.
    pub(super) fn object(&mut self, name: &str) -> Option<Self> {
        match self.take(&[name])? {
            Value::Object(map) => {
                Some(Self { map, prefix: format!("{}{name}.", self.prefix), errors: FieldErrors::new() })
            }
            _ => {
                self.wrong(name, "is not an object");
                None
            }
        }
    }

    /// A list within this one.
    pub(super) fn list(&mut self, name: &str) -> Vec<Value> {
        match self.take(&[name]) {
            None => Vec::new(),
            Some(Value::Array(list)) => list,
            Some(_) => {
                self.wrong(name, "is not a list");
                Vec::new()
            }
        }
    }

    /// Passes over fields that answers have and inputs may repeat.
    pub(super) fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.map.remove(*name);
        }
    }

    /// Takes over what was wrong within an object.
    pub(super) fn adopt(&mut self, inner: Self) {
        let mut errors = inner.finish();
        self.errors.append(&mut errors);
    }

    /// All that is wrong, fields that nobody read among it.
    pub(super) fn finish(mut self) -> FieldErrors {
        let unknown: Vec<String> = self.map.keys().take(UNKNOWN_MAX).cloned().collect();
        for name in unknown {
            let shown: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
            self.wrong(&shown, "is not a known field");
        }
        self.errors
    }
}

/// Unknown fields that are named.
const UNKNOWN_MAX: usize = 20;

/// Characters of an unknown field's name that are repeated.
const NAME_CHARACTERS_MAX: usize = 60;
