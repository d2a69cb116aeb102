//! Which host a request is for, and what belongs to the Gateway: R09 to R11.

use octoporty_core::host::Hostname;
use octoporty_tests::{HOST, VisitorWebSocket, World};

// R09
#[tokio::test]
async fn host_is_normalised_and_nothing_else_decides() {
    let world = World::start().await;
    for host in
        ["app.example.test", "APP.Example.Test", "app.example.test.", "app.example.test:80", "app.example.test.:8443"]
    {
        let answer = world.visitor_of(host).await.get("/echo").await.unwrap();
        assert_eq!(answer.status(), 200, "{host}");
        let echo = answer.json().unwrap();
        assert_eq!(crate::echoed(&echo, "host"), [host], "the upstream sees what the visitor sent");
    }
    let claims = [
        ("X-Forwarded-Host", HOST),
        ("X-Host", HOST),
        ("Forwarded", "host=app.example.test"),
        ("X-Original-URL", "http://app.example.test/"),
        ("X-Octoporty-Mapping", "1"),
    ];
    let before = world.upstream.requests();
    let mut visitor = world.visitor_of("other.example.test").await;
    for target in ["/", "/app.example.test", "/?host=app.example.test"] {
        assert_eq!(visitor.request("GET", target, &claims, b"").await.unwrap().status(), 404, "{target}");
    }
    assert_eq!(world.upstream.requests(), before);
}

// R10
#[tokio::test]
async fn unknown_host_gets_a_constant_page() {
    let world = World::start().await;
    let mut pages = Vec::new();
    for (host, path) in [("unknown.example.test", "/"), ("other.example", "/(script)?x=1"), ("example.test", "/echo")] {
        let answer = world.visitor_of(host).await.get(path).await.unwrap();
        assert_eq!(answer.status(), 404, "{host}");
        let id = answer.fields().only("x-octoporty-request-id").unwrap_or_default().to_owned();
        assert!(!id.is_empty());
        let text = answer.text().replace(&id, "ID");
        assert!(!text.contains(host) && !text.contains("script)") && !text.contains("example.test"), "{text}");
        pages.push(text);
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:#?}");
    assert_eq!(world.upstream.requests(), 0);
}

// R11
#[tokio::test]
async fn mapped_host_owns_every_path() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for path in ["/health", "/tunnel", "/", "/api/v1/status"] {
        let echo = visitor.get(path).await.unwrap().json().unwrap();
        assert_eq!(echo["line"], format!("GET {path} HTTP/1.1"));
    }
    let mut options = world.visitor().await;
    options.send(format!("OPTIONS * HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await.unwrap();
    assert_eq!(options.answer("OPTIONS").await.unwrap().json().unwrap()["line"], "OPTIONS * HTTP/1.1");
}

// R11
#[tokio::test]
async fn gateways_endpoints_answer_on_hosts_without_a_mapping() {
    let own = Hostname::parse("gateway.example.test").unwrap();
    let world = World::start_with(|gateway| gateway.own_host(own), |agent| agent).await;
    for host in ["gateway.example.test", "unknown.example.test", "127.0.0.1"] {
        let answer = world.visitor_of(host).await.get("/health").await.unwrap();
        assert_eq!(answer.status(), 200, "{host}");
        let json = answer.json().unwrap();
        assert_eq!((&json["status"], &json["tunnel"]), (&"healthy".into(), &"up".into()));
        // R61
        assert!(!answer.text().contains("example"), "{json}");
        // Without a key there is no tunnel.
        assert_eq!(world.visitor_of(host).await.get("/tunnel").await.unwrap().status(), 401, "{host}");
        let error = VisitorWebSocket::connect(world.gateway.address(), host, "/tunnel").await.unwrap_err();
        assert_eq!(error.refused_with(), Some(401), "{error}");
    }
    let own = world.visitor_of("gateway.example.test").await.get("/").await.unwrap();
    assert_eq!(own.status(), 200, "{own:?}");
    assert_eq!(world.visitor_of("gateway.example.test").await.get("/else").await.unwrap().status(), 200);
    assert_eq!(world.upstream.requests(), 0);
}
