//! The quick share as a person types it: `octoporty-agent http …` and `octoporty-agent serve …`.

use octoporty_tests::{Process, Program, Signal, TEST_KEY, TestFolder, TestGateway, TestUpstream, Visitor};
use serde_json::Value;

use crate::SOON;

fn share(gateway: &TestGateway, folder: &TestFolder, arguments: &[&str]) -> Process {
    let program = Program::named("octoporty-agent").expect("build the program first: cargo build -p octoporty-agent");
    let program = program
        .folder(folder.path())
        .variable("Agent__GatewayUrl", format!("ws://{}/tunnel", gateway.address()))
        .variable("Agent__ApiKey", TEST_KEY)
        .variable("Agent__Name", "laptop");
    arguments.iter().fold(program, |program, argument| program.argument(*argument)).start().expect("it starts")
}

fn gateway() -> TestGateway {
    let wildcard = "*.share.test".parse().expect("it is a wildcard");
    TestGateway::start_with(|gateway| gateway.share_domain(wildcard)).expect("there is a port")
}

/// The first JSON line with this event.
async fn event(process: &Process, name: &str) -> Value {
    let line = process.wait_for_line(&format!("\"event\":\"{name}\""), SOON).await.expect("the event is told");
    serde_json::from_str(&line.text).expect("each line is an object")
}

/// The host of the address that it is online at.
async fn host_of(process: &Process) -> String {
    let online = event(process, "online").await;
    let url = online["url"].as_str().expect("it has an address").to_owned();
    let host = url.strip_prefix("http://").expect("the gateway is not behind TLS");
    host.split(':').next().expect("there is a host").to_owned()
}

async fn ask(gateway: &TestGateway, host: &str, path: &str) -> (u16, String) {
    let mut visitor = Visitor::connect(gateway.address(), host).await.expect("it listens");
    let answer = visitor.get(path).await.expect("there is an answer");
    (answer.status(), answer.text())
}

#[tokio::test]
async fn a_port_is_online_under_a_name_that_stays() {
    let (gateway, folder) = (gateway(), TestFolder::new().unwrap());
    let upstream = TestUpstream::start().unwrap();
    let port = upstream.address().port().to_string();
    let mut first = share(&gateway, &folder, &["http", &port, "--json"]);
    let host = host_of(&first).await;
    assert!(host.ends_with(".share.test"), "{host}");
    assert_eq!(ask(&gateway, &host, "/bytes/5?token=secret").await.0, 200);
    let request = event(&first, "request").await;
    assert_eq!(
        (&request["method"], &request["path"], &request["status"]),
        (&"GET".into(), &"/bytes/5".into(), &200.into())
    );
    assert!(request["durationMs"].as_f64().unwrap() > 0.0, "{request}");
    first.signal(Signal::Interrupt).await.unwrap();
    assert!(first.wait_for_exit(SOON).await.unwrap().success());
    assert!(event(&first, "ended").await["aborted"] == 0);
    // The same key, machine and target give the same name; another word gives another.
    let again = share(&gateway, &folder, &["http", &port, "--json"]);
    assert_eq!(host_of(&again).await, host);
    let other = share(&gateway, &folder, &["http", &port, "--json", "--share-as", "another"]);
    assert_ne!(host_of(&other).await, host);
}

#[tokio::test]
async fn people_get_an_address_and_a_line_for_each_request() {
    let (gateway, folder) = (gateway(), TestFolder::new().unwrap());
    let upstream = TestUpstream::start().unwrap();
    let target = format!("http://{}", upstream.address());
    let process = share(&gateway, &folder, &["http", &target, "--domain", "app.test"]);
    process.wait_for_line(&format!("http://app.test:{}", gateway.address().port()), SOON).await.unwrap();
    process.wait_for_line(&format!("leads to {target}"), SOON).await.unwrap();
    assert_eq!(ask(&gateway, "app.test", "/status/404").await.0, 404);
    let line = process.wait_for_line("/status/404", SOON).await.unwrap().text;
    assert!(line.starts_with("GET     404 ") && line.contains(" ms "), "{line}");
}

#[tokio::test]
async fn a_folder_is_served() {
    let (gateway, folder) = (gateway(), TestFolder::new().unwrap());
    let site = folder.file("site");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("index.html"), "<h1>home</h1>").unwrap();
    std::fs::write(site.join("data.txt"), "0123456789").unwrap();
    std::fs::write(folder.file("private.txt"), "not for visitors").unwrap();
    let process = share(&gateway, &folder, &["serve", "site", "--random", "--json"]);
    let host = host_of(&process).await;
    assert_eq!(ask(&gateway, &host, "/").await, (200, "<h1>home</h1>".to_owned()));
    assert_eq!(ask(&gateway, &host, "/data.txt").await.1, "0123456789");
    for path in ["/../private.txt", "/%2e%2e/private.txt", "/..%2fprivate.txt", "/missing"] {
        assert_eq!(ask(&gateway, &host, path).await.0, 404, "{path}");
    }
    let mut visitor = Visitor::connect(gateway.address(), &host).await.unwrap();
    let range = visitor.request("GET", "/data.txt", &[("Range", "bytes=2-4")], b"").await.unwrap();
    assert_eq!((range.status(), range.text()), (206, "234".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_shared_is_told_all_at_once() {
    let folder = TestFolder::new().unwrap();
    let program = Program::named("octoporty-agent").unwrap().folder(folder.path());
    let arguments = ["http", "localhost", "--domain", "http://app.test"];
    let mut process = arguments.iter().fold(program, |program, argument| program.argument(*argument)).start().unwrap();
    assert_eq!(process.wait_for_exit(SOON).await.unwrap().code(), Some(2));
    for text in [
        "Agent__GatewayFqdn: is missing",
        "Agent__ApiKey: is missing",
        "TARGET",
        "allowed: a port such as 3000",
        "--domain",
    ] {
        process.wait_for_line(text, SOON).await.unwrap();
    }
    let gateway = TestGateway::start().unwrap();
    let mut nameless = share(&gateway, &folder, &["http", "9"]);
    assert_eq!(nameless.wait_for_exit(SOON).await.unwrap().code(), Some(2));
    nameless.wait_for_line("gives out no names (Gateway__ShareDomain", SOON).await.unwrap();
}
