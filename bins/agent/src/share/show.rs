//! What the quick share prints: its address with a QR code, then a line for each request.

use std::{
    io::IsTerminal,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use octoporty_client::observe::{ExchangeObserver, ExchangeRecord};
use octoporty_shell::output;
use qrcode::{QrCode, render::unicode::Dense1x2};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{ShareOptions, what::What};

/// Lines that wait to be printed. A terminal that does not keep up misses some, and is told how many.
const LINES_WAITING_MAX: usize = 1024;

/// Characters of a path that are shown; the rest of a longer one is left out.
const PATH_CHARACTERS_MAX: usize = 100;

/// How things are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For a person, perhaps with a code for their telephone.
    People { qr: bool, colour: bool },
    /// One JSON object a line.
    Json,
}

impl Form {
    pub(super) fn of(options: &ShareOptions) -> Self {
        if options.json {
            return Self::Json;
        }
        let terminal = std::io::stdout().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none();
        Self::People { qr: terminal && !options.no_qr, colour }
    }
}

/// A request that is over.
#[derive(Debug)]
struct Line {
    method: String,
    path: String,
    status: Option<u16>,
    duration: Duration,
    bytes: u64,
    failure: Option<String>,
}

/// Takes note of requests, and never waits.
#[derive(Debug)]
pub(super) struct Noting {
    sender: mpsc::Sender<Line>,
    skipped: Arc<AtomicU64>,
}

/// The other end.
#[derive(Debug)]
pub(super) struct Lines {
    receiver: mpsc::Receiver<Line>,
    skipped: Arc<AtomicU64>,
}

impl Lines {
    pub(super) fn new() -> (Noting, Self) {
        let (sender, receiver) = mpsc::channel(LINES_WAITING_MAX);
        let skipped = Arc::new(AtomicU64::new(0));
        (Noting { sender, skipped: Arc::clone(&skipped) }, Self { receiver, skipped })
    }
}

impl ExchangeObserver for Noting {
    fn exchange(&self, record: ExchangeRecord) {
        let (method, path) =
            record.request().map_or_else(Default::default, |head| (harmless(head.method), shown_path(head.target)));
        let failure = record.failure.as_ref().map(|failure| failure.message.clone());
        let line = Line {
            method,
            path,
            status: record.status,
            duration: record.duration,
            bytes: record.response_bytes,
            failure,
        };
        if self.sender.try_send(line).is_err() {
            self.skipped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The path without its query, which may hold secrets (R55), and without what a terminal would act on (R50).
fn shown_path(target: &[u8]) -> String {
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let text = String::from_utf8_lossy(path);
    let mut shown: String = text.chars().take(PATH_CHARACTERS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().count() > PATH_CHARACTERS_MAX {
        shown.push('…');
    }
    shown
}

/// What others said, without what a terminal would act on (R50).
pub(super) fn harmless(text: &(impl ToString + ?Sized)) -> String {
    text.to_string().replace(char::is_control, "\u{fffd}")
}

/// Prints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Show {
    form: Form,
}

impl Show {
    pub(super) const fn new(form: Form) -> Self {
        Self { form }
    }

    fn say(self, text: &str, event: &Value) {
        match self.form {
            Form::People { .. } => output::print(text),
            Form::Json => output::print(&format!("{event}\n")),
        }
    }

    pub(super) fn begin(self, gateway: &str) {
        self.say(&format!("Connecting to {gateway} …\n"), &json!({ "event": "connecting", "gateway": gateway }));
    }

    pub(super) fn online(self, url: &str, what: &What) {
        let mut text = format!("\n  {url}\n  leads to {what}\n");
        if let Form::People { qr: true, .. } = self.form
            && let Ok(code) = QrCode::new(url)
        {
            let picture = code.render::<Dense1x2>().quiet_zone(true).build();
            text.push('\n');
            for row in picture.lines() {
                text.push_str(&format!("  {row}\n"));
            }
        }
        text.push_str("\nCtrl-C ends it.\n\n");
        self.say(&text, &json!({ "event": "online", "url": url, "target": what.to_string() }));
    }

    pub(super) fn lost(self, reason: &str) {
        self.say(&format!("tunnel lost: {}\n", harmless(reason)), &json!({ "event": "lost", "reason": reason }));
    }

    pub(super) fn back(self) {
        self.say("tunnel back\n", &json!({ "event": "back" }));
    }

    pub(super) fn end(self, finished: u64, aborted: u64) {
        let text =
            if aborted == 0 { "\nEnded.\n".to_owned() } else { format!("\nEnded; {aborted} requests were cut.\n") };
        self.say(&text, &json!({ "event": "ended", "finished": finished, "aborted": aborted }));
    }

    /// Prints each request, until nobody notes any more.
    pub(super) async fn requests(self, mut lines: Lines) {
        while let Some(line) = lines.receiver.recv().await {
            let skipped = lines.skipped.swap(0, Ordering::Relaxed);
            if skipped > 0 {
                self.say(
                    &format!("({skipped} requests are not shown)\n"),
                    &json!({ "event": "skipped", "requests": skipped }),
                );
            }
            self.say(&self.row(&line), &object(&line));
        }
    }

    fn row(self, line: &Line) -> String {
        let status = line.status.map_or_else(|| "---".to_owned(), |status| status.to_string());
        let colour = matches!(self.form, Form::People { colour: true, .. });
        let status = if colour { format!("\x1b[{}m{status}\x1b[0m", colour_of(line.status)) } else { status };
        let failure = line.failure.as_ref().map_or_else(String::new, |failure| format!("  {}", failure.escape_debug()));
        let took = format!("{:.1} ms", line.duration.as_secs_f64() * 1000.0);
        format!("{:<7} {status}  {took:>11}  {}{failure}\n", line.method, line.path)
    }
}

/// Green, blue, yellow or red, as terminals number them.
const fn colour_of(status: Option<u16>) -> u8 {
    match status {
        Some(100..300) => 32,
        Some(300..400) => 34,
        Some(400..500) => 33,
        _ => 31,
    }
}

fn object(line: &Line) -> Value {
    json!({
        "event": "request",
        "method": line.method,
        "path": line.path,
        "status": line.status,
        "durationMs": line.duration.as_secs_f64() * 1000.0,
        "responseBytes": line.bytes,
        "failure": line.failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_queries_and_control_characters() {
        // R50, R55
        assert_eq!(shown_path(b"/a/b?token=secret"), "/a/b");
        assert_eq!(shown_path(b"/\x1b[2J"), "/\\u{1b}[2J");
        assert_eq!(shown_path(&[b'x'; 300]).chars().count(), PATH_CHARACTERS_MAX + 1);
    }

    #[test]
    fn words_of_a_gateway_move_no_cursor() {
        // R50
        assert_eq!(harmless("it's gone\x1b[2J\n"), "it's gone\u{fffd}[2J\u{fffd}");
    }
}
