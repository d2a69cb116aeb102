//! Fields of log lines with control characters escaped, so that what a visitor sends cannot steer a terminal or fake
//! a line (R50).

use std::error::Error;
use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// The field that holds the message itself.
const MESSAGE: &str = "message";

/// Formats fields as `message name=value …` on one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct EscapedFields;

impl<'writer> FormatFields<'writer> for EscapedFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = Fields { writer, first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct Fields<'writer> {
    writer: Writer<'writer>,
    first: bool,
    result: fmt::Result,
}

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Records of the `log` crate carry their place in the source in such fields; the line has it elsewhere.
        if self.result.is_err() || field.name().starts_with("log.") {
            return;
        }
        self.result = self.try_put(field, value);
        self.first = false;
    }

    fn try_put(&mut self, field: &Field, value: fmt::Arguments<'_>) -> fmt::Result {
        if !self.first {
            self.writer.write_char(' ')?;
        }
        if field.name() != MESSAGE {
            write!(self.writer, "{}=", field.name())?;
        }
        Escaped(&mut self.writer).write_fmt(value)
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == MESSAGE {
            self.put(field, format_args!("{value}"));
        } else {
            self.put(field, format_args!("{value:?}"));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, format_args!("{value}"));
        let mut cause = value.source();
        while let Some(error) = cause {
            if self.result.is_ok() {
                self.result = Escaped(&mut self.writer).write_fmt(format_args!(": {error}"));
            }
            cause = error.source();
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format_args!("{value:?}"));
    }
}

/// Writes text with each control character as its escape.
struct Escaped<'a, W>(&'a mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(char::is_control) {
            let (plain, from) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut characters = from.chars();
            if let Some(control) = characters.next() {
                write!(self.0, "{}", control.escape_default())?;
            }
            rest = characters.as_str();
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        // R50
        let mut text = String::new();
        Escaped(&mut text).write_str("a\u{1b}[2Jb\r\nc\u{9b}d\u{7f}ä").unwrap();
        assert_eq!(text, "a\\u{1b}[2Jb\\r\\nc\\u{9b}d\\u{7f}ä");
    }
}
