//! Certificates on demand: Caddy asks the Gateway, and gets a yes for mapped domains alone.

use std::net::SocketAddr;

use octoporty_core::host::Hostname;
use octoporty_tests::{HOST, TestCaddy, TestRuntime, TestUpstream, TlsDoor, Visitor, free_address};
use serde_json::json;
use tokio::net::TcpListener;

use super::{Front, catch_all, door, has_routes, quick};

/// Answers questions as long as it lives.
struct Asked {
    address: SocketAddr,
    _answering: TestRuntime,
}

impl Asked {
    fn start(front: &Front) -> Self {
        let answering = TestRuntime::start("ask").expect("a thread");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it can wait");
        let address = listener.local_addr().expect("it listens");
        let gateway = front.gateway.gateway().clone();
        answering.handle().spawn(async move {
            let listener = TcpListener::from_std(listener).expect("the runtime takes it");
            gateway.serve_ask(listener).await;
        });
        Self { address, _answering: answering }
    }

    async fn visitor(&self) -> Visitor {
        Visitor::connect(self.address, "localhost").await.expect("it listens")
    }
}

#[tokio::test]
async fn only_mapped_domains_get_certificates() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    let front = Front::start(caddy.admin());
    let asked = Asked::start(&front);
    let mut config = caddy.config_with_routes(&json!([catch_all()]));
    let automation = &mut config["apps"]["tls"]["automation"];
    automation["policies"][0]["on_demand"] = json!(true);
    let endpoint = format!("http://{}/caddy/ask", asked.address);
    // Named otherwise since 2.8.
    automation["on_demand"] = if caddy.is_at_least(2, 8).await.unwrap() {
        json!({ "permission": { "module": "http", "endpoint": endpoint } })
    } else {
        json!({ "ask": endpoint })
    };
    caddy.start(&config).await.unwrap();
    let _agent = front.agent(HOST, &upstream).await;
    has_routes(&caddy, &[&format!("ours {HOST}"), "*"]).await;

    let mapped = door(&caddy, HOST, "http/1.1").await;
    let mut visitor = Visitor::connect(mapped.address(), HOST).await.unwrap();
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);

    let root = caddy.root_certificate().unwrap();
    let unmapped = TlsDoor::open(caddy.https(), &root, "stranger.example.test", "http/1.1").unwrap();
    let mut visitor = Visitor::connect(unmapped.address(), "stranger.example.test").await.unwrap();
    let refused = visitor.get("/").await;
    assert!(refused.is_err(), "{refused:?}");
    let _second = front.agent("stranger.example.test", &upstream).await;
    door(&caddy, "stranger.example.test", "http/1.1").await;
}

#[tokio::test]
async fn answers_are_constant() {
    let nobody = free_address().unwrap();
    let upstream = TestUpstream::start().unwrap();
    let front = Front::start_with(free_address().unwrap(), nobody, quick(), |gateway| {
        gateway.own_host(Hostname::parse("gateway.example.test").unwrap())
    });
    let _agent = front.agent("app.example.test", &upstream).await;
    let _wild = front.agent("*.w.example.test", &upstream).await;
    let asked = Asked::start(&front);
    let mut visitor = asked.visitor().await;
    for (path, status, body) in [
        ("/caddy/ask?domain=app.example.test", 200, "mapped\n"),
        ("/caddy/ask?domain=APP.example.test.", 200, "mapped\n"),
        ("/caddy/ask?domain=gateway.example.test", 200, "mapped\n"),
        ("/caddy/ask?domain=a.b.w.example.test", 200, "mapped\n"),
        ("/caddy/ask?domain=w.example.test", 404, "not mapped\n"),
        ("/caddy/ask?domain=evil.test", 404, "not mapped\n"),
        ("/caddy/ask?domain=127.0.0.1", 404, "not mapped\n"),
        ("/caddy/ask?domain=%3Cscript%3E", 400, "GET /caddy/ask?domain=NAME\n"),
        ("/caddy/ask", 400, "GET /caddy/ask?domain=NAME\n"),
        ("/", 404, "not mapped\n"),
        ("/health", 404, "not mapped\n"),
    ] {
        let answer = visitor.get(path).await.unwrap();
        assert_eq!((answer.status(), answer.text().as_str()), (status, body), "{path}");
    }
    let answer = visitor.request("POST", "/caddy/ask?domain=app.example.test", &[], b"").await.unwrap();
    assert_eq!(answer.status(), 404);
    // Visitors are not told.
    let mut public = Visitor::connect(front.gateway.address(), "gateway.example.test").await.unwrap();
    assert_ne!(public.get("/caddy/ask?domain=app.example.test").await.unwrap().text(), "mapped\n");
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn many_questions_are_turned_away() {
    let front = Front::start(free_address().unwrap());
    let asked = Asked::start(&front);
    let mut visitor = asked.visitor().await;
    for question in 0.. {
        match visitor.get("/caddy/ask?domain=evil.test").await.unwrap().status() {
            404 => assert!(question < 10_000, "nobody is ever turned away"),
            status => {
                assert_eq!(status, 429);
                assert!(question >= 200, "{question}");
                return;
            }
        }
    }
}
