//! Server-sent events.

use http::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{
    client::Browser,
    harness::{TestApi, within},
};

/// A page that watches.
struct Events {
    lines: BufReader<TcpStream>,
}

/// One event as it came over the wire.
#[derive(Debug)]
struct Event {
    name: String,
    id: String,
    data: String,
}

impl Events {
    async fn open(browser: &Browser, query: &str, last_id: Option<&str>) -> Self {
        let mut stream = browser.connect().await;
        let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let last = last_id.map_or_else(String::new, |id| format!("Last-Event-ID: {id}\r\n"));
        let head = format!(
            "GET /api/v1/events{query} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n{last}\r\n",
            browser.host,
            cookies.join("; ")
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut events = Self { lines: BufReader::new(stream) };
        let status = events.line().await.unwrap();
        assert!(status.contains(" 200 "), "{status}");
        while !events.line().await.unwrap().is_empty() {}
        assert_eq!(events.next().await.unwrap().name, "status", "the first one says how things are");
        events
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = within("a line", self.lines.read_line(&mut line)).await.unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Event> {
        let mut event = Event { name: String::new(), id: String::new(), data: String::new() };
        loop {
            let line = self.line().await?;
            if let Some(name) = line.strip_prefix("event: ") {
                event.name = name.to_owned();
            } else if let Some(id) = line.strip_prefix("id: ") {
                event.id = id.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                event.data = data.to_owned();
            } else if line == "0" {
                return None;
            } else if line.is_empty() && !event.name.is_empty() {
                return Some(event);
            }
        }
    }

    /// The next one of this name, passing over others.
    async fn find(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.name == name {
                return event;
            }
        }
    }
}

async fn create(browser: &mut Browser, domain: &str) {
    let body = json!({"externalDomain": domain, "internalHost": "localhost", "internalPort": 80});
    assert_eq!(browser.post("/api/v1/mappings", body).await.status, 201);
}

#[tokio::test]
async fn changes_are_told_and_what_was_missed_is_told_later() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let mut events = Events::open(&browser, "?topics=mappings", None).await;
    create(&mut browser, "one.example.com").await;
    let first = events.find("mapping").await;
    let data: Value = serde_json::from_str(&first.data).unwrap();
    assert_eq!((&data["action"], &data["mapping"]["externalDomain"]), (&json!("created"), &json!("one.example.com")));
    drop(events);
    create(&mut browser, "two.example.com").await;
    let mut events = Events::open(&browser, "?topics=mappings", Some(&first.id)).await;
    let second = events.find("mapping").await;
    assert!(second.data.contains("two.example.com"), "{second:?}");
    let mut stranger = Events::open(&browser, "?topics=mappings", Some("0-0")).await;
    assert_eq!(stranger.next().await.unwrap().name, "resync");
}

#[tokio::test]
async fn who_is_signed_out_hears_no_more() {
    // R44
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let other = api.signed_in().await;
    let mut events = Events::open(&browser, "?topics=mappings", None).await;
    let mut others = Events::open(&other, "?topics=mappings", None).await;
    assert_eq!(browser.send(Method::POST, "/api/v1/auth/logout", None).await.status, 204);
    assert_eq!(events.next().await.unwrap().name, "session-expired");
    assert!(events.next().await.is_none(), "the stream is over");
    create(&mut other.clone(), "one.example.com").await;
    assert_eq!(others.next().await.unwrap().name, "mapping", "others hear nothing of it, and go on");
}

#[tokio::test]
async fn log_lines_are_told_to_who_asks_for_them() {
    let api = TestApi::start().await;
    let browser = api.signed_in().await;
    let mut events = Events::open(&browser, "?topics=agent-logs", None).await;
    api.ring.push(super::logs::line("hello"));
    let line = events.find("agent-log").await;
    let data: Value = serde_json::from_str(&line.data).unwrap();
    assert_eq!((&data["message"], &data["level"]), (&json!("hello"), &json!("info")));
}

#[tokio::test]
async fn followers_are_bounded() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Events::open(&browser, "", None).await);
    }
    assert_eq!(browser.get("/api/v1/events").await.verdict(), (503, "too-many-followers".to_owned()));
}
