//! The examples as programs: each is started as its README says, with nothing else, and asked as a visitor asks.

use std::{net::SocketAddr, path::Path};

use octoporty_tests::{
    GrpcVisitor, HOST, Process, Program, Signal, TestFolder, TestUpstream, Visitor, VisitorWebSocket, eventually_async,
    free_address,
};
use tokio_tungstenite::tungstenite::Message;

use crate::SOON;

/// An example that runs with nothing else.
struct Example {
    process: Process,
}

fn program(name: &str) -> Program {
    let program = Program::named(name).expect("build the examples first: cargo build -p octoporty-examples");
    program.variable("PATH", std::env::var_os("PATH").unwrap_or_default())
}

impl Example {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let program = arguments
            .iter()
            .fold(program(name).argument("--self-contained"), |program, argument| program.argument(argument));
        Self { process: program.start().expect("it starts") }
    }

    /// The address in the line that begins like this, such as `online at http://app.localhost:4321`.
    async fn address(&self, beginning: &str) -> (SocketAddr, String) {
        let line = self.process.wait_for_line_that(beginning, |line| line.text.starts_with(beginning), SOON).await;
        let line = line.expect("it says where it is").text;
        let url = line[beginning.len()..].split([' ', ',']).next().unwrap_or_default();
        let authority = url.trim_start_matches("http://").split('/').next().unwrap_or_default();
        let (host, port) = authority.rsplit_once(':').expect("a free port is never the usual one");
        (([127, 0, 0, 1], port.parse().expect("it is a port")).into(), host.to_owned())
    }

    async fn visitor(&self) -> Visitor {
        let (address, host) = self.address("online at ").await;
        Visitor::connect(address, &host).await.expect("its gateway listens")
    }

    /// Stops it as Ctrl-C does; it must end well.
    async fn stop(mut self) {
        self.process.signal(Signal::Interrupt).await.expect("it runs");
        let status = self.process.wait_for_exit(SOON).await.expect("it ends");
        assert!(status.success(), "{status}: {:?}", self.process.lines());
    }
}

async fn ask(address: SocketAddr, host: &str, path: &str) -> (u16, String) {
    let mut visitor = Visitor::connect(address, host).await.expect("its gateway listens");
    let answer = visitor.get(path).await.expect("there is an answer");
    (answer.status(), answer.text())
}

#[tokio::test]
async fn expose_local_port_forwards() {
    let example = Example::start("expose-local-port", &[]);
    assert_eq!(example.visitor().await.get("/").await.unwrap().text(), "hello from a local port\n");
    example.stop().await;
    let upstream = TestUpstream::start().unwrap();
    let example = Example::start("expose-local-port", &[&upstream.address().port().to_string()]);
    assert_eq!(example.visitor().await.get("/status/201").await.unwrap().status(), 201);
}

#[tokio::test]
async fn programs_say_what_they_miss() {
    for (variables, missing) in [(&[][..], "OCTOPORTY_GATEWAY"), (&["OCTOPORTY_GATEWAY"][..], "OCTOPORTY_API_KEY")] {
        let program = variables
            .iter()
            .fold(program("serve-axum-router"), |program, name| program.variable(*name, "ws://127.0.0.1:9/tunnel"));
        let mut process = program.start().unwrap();
        process.wait_for_line(missing, SOON).await.unwrap();
        assert!(!process.wait_for_exit(SOON).await.unwrap().success());
    }
}

#[tokio::test]
async fn serve_axum_router_knows_its_visitors() {
    let example = Example::start("serve-axum-router", &[]);
    let mut visitor = example.visitor().await;
    let answer = visitor.get("/greet/otter").await.unwrap();
    assert_eq!((answer.text(), answer.fields().only("x-frame-options")), ("hello, otter\n".to_owned(), Some("DENY")));
    let who = visitor.get("/who").await.unwrap().json().unwrap();
    assert_eq!(who["ip"], "127.0.0.1");
    let echo = visitor.request("POST", "/echo", &[], b"there and back").await.unwrap();
    assert_eq!(echo.text(), "there and back");
    example.stop().await;
}

#[tokio::test]
async fn listen_with_axum_accepts() {
    let example = Example::start("listen-with-axum", &[]);
    let answer = example.visitor().await.get("/").await.unwrap();
    assert!(answer.text().starts_with("hello 127.0.0.1 at app.localhost"), "{}", answer.text());
    example.stop().await;
}

/// `name = 1` or `text = 1` as protobuf encodes it.
fn field_one(text: &str) -> Vec<u8> {
    [&[0x0a, u8::try_from(text.len()).expect("it is short")], text.as_bytes()].concat()
}

#[tokio::test]
async fn grpc_service_answers_calls() {
    let example = Example::start("grpc-service", &[]);
    let (address, host) = example.address("online at ").await;
    let mut caller = GrpcVisitor::connect(address, &host).await.unwrap();
    let answer = caller.unary("/greeter.Greeter/Hello", &field_one("otter")).await.unwrap();
    assert_eq!((answer.status.code, &answer.messages[0][..]), (0, &field_one("hello, otter")[..]));
    let refused = caller.unary("/greeter.Greeter/Hello", &[]).await.unwrap();
    assert_eq!((refused.status.code, refused.messages.len()), (3, 0));
    let call = caller.server_streaming("/greeter.Greeter/Countdown", &field_one("otter")).await.unwrap();
    let answer = call.answer().await.unwrap();
    assert_eq!(
        answer.messages.iter().map(|message| &message[2..]).collect::<Vec<_>>(),
        [b"otter: 3", b"otter: 2", b"otter: 1"]
    );
    example.stop().await;
}

#[tokio::test]
async fn embed_gateway_keeps_its_own_pages() {
    let example = Example::start("embed-gateway", &[]);
    let (address, own) = example.address("own pages at ").await;
    assert_eq!(ask(address, &own, "/").await, (200, "my own page\n".to_owned()));
    assert_eq!(ask(address, &own, "/agents").await.1, r#"{"agents":1,"hosts":1}"#);
    assert_eq!(example.visitor().await.get("/").await.unwrap().text(), "from behind the tunnel\n");
    assert_eq!(ask(address, "unknown.localhost", "/").await.0, 404);
    example.stop().await;
}

#[tokio::test]
async fn in_memory_tunnel_runs_to_its_end() {
    let mut example = Example::start("in-memory-tunnel", &[]);
    example.process.wait_for_line("visitor: 200 OK 3", SOON).await.unwrap();
    assert!(example.process.wait_for_exit(SOON).await.unwrap().success());
}

#[tokio::test]
async fn custom_transport_runs_with_both_ends_in_one_and_in_two_programs() {
    let example = Example::start("custom-transport", &[]);
    let (visitors, _) = example.address("visitors at ").await;
    example.process.wait_for_line("online", SOON).await.unwrap();
    assert_eq!(ask(visitors, "app.localhost", "/").await.1, "hello over a Unix socket\n");
    example.stop().await;

    let folder = TestFolder::new().unwrap();
    let end = |end: &str| {
        let program = program("custom-transport").argument("--socket").argument(folder.file("lanes.sock"));
        Example { process: program.argument("--end").argument(end).start().expect("it starts") }
    };
    let gateway = end("gateway");
    let (visitors, _) = gateway.address("visitors at ").await;
    let agent = end("agent");
    agent.process.wait_for_line("online", SOON).await.unwrap();
    assert_eq!(ask(visitors, "app.localhost", "/").await.1, "hello over a Unix socket\n");
    agent.stop().await;
    gateway.stop().await;
    assert!(!Path::new(&folder.file("lanes.sock")).exists());
}

#[tokio::test]
async fn custom_authenticator_binds_keys_to_domains_and_withdraws_them() {
    // R22, R24
    let example = Example::start("custom-authenticator", &[]);
    example.process.wait_for_line("refused, as it should be (not-allowed)", SOON).await.unwrap();
    let (gateway, _) = example.address("listening on ").await;
    for host in ["alpha.localhost", "beta.localhost"] {
        assert_eq!(ask(gateway, host, "/").await, (200, format!("hello from {host}\n")));
    }
    example.process.signal(Signal::Hangup).await.unwrap();
    example.process.wait_for_line(r#"withdrawn: ["beta"]"#, SOON).await.unwrap();
    eventually_async(SOON, "beta is gone", || async { ask(gateway, "beta.localhost", "/").await.0 != 200 }).await;
    assert_eq!(ask(gateway, "alpha.localhost", "/").await.0, 200);
    example.stop().await;
}

#[tokio::test]
async fn observe_prometheus_counts_at_both_ends() {
    let example = Example::start("observe-prometheus", &[]);
    let mut visitor = example.visitor().await;
    for (path, status) in [("/", 200), ("/missing", 404), ("/", 200)] {
        assert_eq!(visitor.get(path).await.unwrap().status(), status);
    }
    let (metrics, _) = example.address("metrics at ").await;
    for line in [
        "agent_exchanges_total{status=\"2xx\"} 2",
        "gateway_exchanges_total{status=\"4xx\"} 1",
        "gateway_duration_seconds_count 3",
    ] {
        eventually_async(SOON, line, || async { ask(metrics, "localhost", "/metrics").await.1.contains(line) }).await;
    }
    example.stop().await;
}

#[tokio::test]
async fn chat_tells_all_and_reads_its_page_again() {
    let folder = TestFolder::new().unwrap();
    let page = folder.file("page.html");
    std::fs::write(&page, "first").unwrap();
    let example = Example::start("chat", &["--dev", page.to_str().expect("it is UTF-8")]);
    assert_eq!(example.visitor().await.get("/").await.unwrap().text(), "first");
    std::fs::write(&page, "second").unwrap();
    assert_eq!(example.visitor().await.get("/").await.unwrap().text(), "second");
    assert_eq!(example.visitor().await.get("/chat").await.unwrap().status(), 400);

    let (address, host) = example.address("online at ").await;
    let mut one = VisitorWebSocket::connect(address, &host, "/chat").await.unwrap();
    assert_eq!(one.next().await.unwrap(), Message::text("* somebody from 127.0.0.1 came"));
    let mut other = VisitorWebSocket::connect(address, &host, "/chat").await.unwrap();
    for visitor in [&mut one, &mut other] {
        assert_eq!(visitor.next().await.unwrap(), Message::text("* somebody from 127.0.0.1 came"));
    }
    other.send(Message::text("hello")).await.unwrap();
    for visitor in [&mut one, &mut other] {
        assert_eq!(visitor.next().await.unwrap(), Message::text("hello"));
    }
    example.stop().await;
    assert!(one.next_close().await.is_ok());
}

#[tokio::test]
async fn chat_has_a_page_built_in() {
    let example = Example::start("chat", &[]);
    assert!(example.visitor().await.get("/").await.unwrap().text().contains("<h1>Chat</h1>"));
    example.stop().await;
}

#[tokio::test]
async fn minimal_deployment_starts_the_programs_as_they_are() {
    let (folder, upstream) = (TestFolder::new().unwrap(), TestUpstream::start().unwrap());
    let (gateway_at, agent_at) = (free_address().unwrap(), free_address().unwrap());
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/minimal-deployment");
    for name in ["gateway.sh", "agent.sh", "gateway.env", "agent.env"] {
        std::fs::copy(example.join(name), folder.file(name)).unwrap();
    }
    let settings = [
        ("gateway.env", format!("Gateway__Port={}\n", gateway_at.port())),
        (
            "agent.env",
            format!(
                "Agent__GatewayUrl=ws://{gateway_at}/tunnel\nAgent__Port={}\nMAP={HOST}=http://{}\n",
                agent_at.port(),
                upstream.address()
            ),
        ),
    ];
    for (name, lines) in settings {
        let file = folder.file(name);
        std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + &lines).unwrap();
    }
    let gateway_program = Program::named("octoporty-gateway").expect("build the programs first");
    let programs = gateway_program.path().parent().unwrap();
    let start = |script: &str| {
        let program = Program::at(folder.file(script)).variable("OCTOPORTY_PROGRAMS", programs);
        program.variable("PATH", std::env::var_os("PATH").unwrap_or_default()).start().unwrap()
    };
    let mut gateway = start("gateway.sh");
    eventually_async(SOON, "the gateway listens", || async {
        tokio::net::TcpStream::connect(gateway_at).await.is_ok()
    })
    .await;
    let mut agent = start("agent.sh");
    eventually_async(SOON, "requests come through", || async { ask(gateway_at, HOST, "/status/201").await.0 == 201 })
        .await;
    for process in [&mut agent, &mut gateway] {
        assert_eq!(process.stop(SOON).await.unwrap().code(), Some(0));
    }
}
