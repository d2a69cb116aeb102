//! Makes lines of `tracing` events. Lines are bounded and escaped while they are written (R36, R50).

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::{self, Write},
};

use octoporty_core::{
    id::RequestId,
    message::{
        LogEntry, LogLevel,
        logs::{FIELDS_MAX, LINE_BYTES_MAX, LineText, NAME_BYTES_MAX},
    },
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::LogRing;

/// The field that holds the sentence.
const MESSAGE: &str = "message";

/// The field, of an event or of a span around it, that holds a request's id.
const REQUEST: &str = "request";

/// The field in which records of the `log` crate carry their target.
const LOG_TARGET: &str = "log.target";

/// Bytes of text that the fields of one span may have.
const SPAN_BYTES_MAX: usize = 1 << 10;

/// Puts what is logged into a [`LogRing`].
#[derive(Debug)]
pub struct RingLayer {
    ring: LogRing,
}

impl RingLayer {
    pub(super) const fn new(ring: LogRing) -> Self {
        Self { ring }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for RingLayer {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let mut fields = Fields::new(SPAN_BYTES_MAX);
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields));
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(SpanFields(fields)) = span.extensions_mut().get_mut::<SpanFields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::new(LINE_BYTES_MAX);
        event.record(&mut fields);
        // From the inside out, so that the nearest span wins.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(outer)) = span.extensions().get::<SpanFields>() {
                fields.add_span(outer);
            }
        }
        let metadata = event.metadata();
        let mut target = LineText::new(NAME_BYTES_MAX);
        // Writing into it cannot fail.
        let _written = target.write_str(fields.log_target.as_deref().unwrap_or_else(|| metadata.target()));
        self.ring.push(LogEntry {
            id: 0,
            at_ms: 0,
            level: level(*metadata.level()),
            target: target.take(),
            message: fields.message,
            request: fields.request,
            fields: fields.named,
        });
    }
}

/// Kept with a span, for the events inside it.
struct SpanFields(Fields);

/// Collects the fields of one event or span.
struct Fields {
    line: LineText,
    message: String,
    log_target: Option<String>,
    request: Option<RequestId>,
    named: BTreeMap<String, String>,
}

impl Fields {
    const fn new(room: usize) -> Self {
        Self {
            line: LineText::new(room),
            message: String::new(),
            log_target: None,
            request: None,
            named: BTreeMap::new(),
        }
    }

    fn put(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        match field.name() {
            LOG_TARGET => self.log_target = Some(self.write(value)),
            // Records of the `log` crate carry their place in the source in such fields.
            name if name.starts_with("log.") => {}
            MESSAGE => self.message = self.write(value),
            name => {
                let text = self.write(value);
                match text.parse() {
                    Ok(request) if name == REQUEST => self.request = Some(request),
                    _ => self.insert(name, text),
                }
            }
        }
    }

    fn write(&mut self, value: fmt::Arguments<'_>) -> String {
        // Writing into it cannot fail; a value whose own formatting fails is shown as far as it came.
        let _written = self.line.write_fmt(value);
        self.line.take()
    }

    fn insert(&mut self, name: &str, text: String) {
        // A name that was cut off the line for lack of room tells nothing.
        if self.named.len() < FIELDS_MAX && (self.line.has_room() || !text.is_empty()) {
            self.named.insert(name.to_owned(), text);
        }
    }

    /// Adds what a span around says, where the line does not say it itself.
    fn add_span(&mut self, outer: &Self) {
        self.request = self.request.or(outer.request);
        for (name, value) in &outer.named {
            if !self.named.contains_key(name) {
                let text = self.write(format_args!("{value}"));
                self.insert(name, text);
            }
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, format_args!("{}", Chain(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format_args!("{value:?}"));
    }
}

/// An error with its causes.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        _ => LogLevel::Trace,
    }
}
