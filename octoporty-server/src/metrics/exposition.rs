//! The text format of Prometheus, version 0.0.4: families of samples. Labels are ours, so nothing is escaped.

use std::fmt::{Display, Write};

/// What it is served as.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Collects families.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    name: &'static str,
}

impl Exposition {
    /// Begins a family that only grows.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.family(name, "counter", help)
    }

    /// Begins a family that goes up and down.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.family(name, "gauge", help)
    }

    /// Begins a histogram.
    pub(super) fn histogram(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.family(name, "histogram", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> &mut Self {
        self.name = name;
        self.put(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        self
    }

    /// A sample of the family.
    pub(super) fn value(&mut self, value: impl Display) -> &mut Self {
        let name = self.name;
        self.put(format_args!("{name} {value}\n"));
        self
    }

    /// A sample with labels, such as `class="2xx"`.
    pub(super) fn labelled(&mut self, labels: impl Display, value: impl Display) -> &mut Self {
        let name = self.name;
        self.put(format_args!("{name}{{{labels}}} {value}\n"));
        self
    }

    /// A sample of a part of the family, such as a histogram's `_sum`.
    pub(super) fn part(&mut self, ending: &str, labels: &str, value: impl Display) -> &mut Self {
        let name = self.name;
        self.put(format_args!("{name}{ending}{labels} {value}\n"));
        self
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("writing to a string does not fail");
    }
}
