//! The two programs as they are shipped: started, stopped, killed, misconfigured.

use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use octoporty_tests::{
    HOST, Process, Program, Signal, TEST_KEY, TestFolder, TestUpstream, Visitor, VisitorWebSocket, eventually,
    eventually_async, free_address,
};
use tokio::{net::TcpStream, time::Instant};

use crate::SOON;

/// How long an idle program may take to stop on a busy machine; the figure on an idle one is 1 s.
const IDLE_STOP_MAX: Duration = Duration::from_secs(5);

/// Both programs as they would be deployed, on loopback.
struct Site {
    folder: TestFolder,
    gateway_at: SocketAddr,
    agent_at: SocketAddr,
    upstream: TestUpstream,
}

fn program(name: &str) -> Program {
    Program::named(name).expect("build the programs first: cargo build -p octoporty-gateway -p octoporty-agent")
}

impl Site {
    fn new() -> Self {
        Self {
            folder: TestFolder::new().expect("a temporary folder"),
            gateway_at: free_address().expect("a free port"),
            agent_at: free_address().expect("a free port"),
            upstream: TestUpstream::start().expect("a free port"),
        }
    }

    fn gateway_program(&self) -> Program {
        program("octoporty-gateway")
            .folder(self.folder.path())
            .variable("Gateway__ApiKey", TEST_KEY)
            .variable("Gateway__BindAddress", "127.0.0.1")
            .variable("Gateway__Port", self.gateway_at.port().to_string())
            .variable("Gateway__CaddyAdminUrl", "")
            .variable("Gateway__StatePath", self.folder.file("gateway-state.json"))
            .variable("Gateway__UpdateSignalPath", self.folder.file("update-signal"))
            .variable("Logging__FilePath", "")
    }

    fn agent_program(&self, key: &str) -> Program {
        let database = format!("Data Source={}", self.folder.file("octoporty.db").display());
        program("octoporty-agent")
            .folder(self.folder.path())
            .variable("Agent__GatewayUrl", format!("ws://{}/tunnel", self.gateway_at))
            .variable("Agent__ApiKey", key)
            .variable("Agent__JwtSecret", "fedcba9876543210fedcba9876543210")
            .variable("Agent__Auth__PasswordHash", "!")
            .variable("Agent__BindAddress", "127.0.0.1")
            .variable("Agent__Port", self.agent_at.port().to_string())
            .variable("ConnectionStrings__DefaultConnection", database)
            .variable("Logging__FilePath", "")
            .argument("--map")
            .argument(format!("{HOST}=http://{}", self.upstream.address()))
    }

    async fn start_gateway(&self) -> Process {
        let process = self.gateway_program().start().expect("the program starts");
        eventually_async(SOON, "the gateway listens", || async { TcpStream::connect(self.gateway_at).await.is_ok() })
            .await;
        process
    }

    fn start_agent(&self) -> Process {
        self.agent_program(TEST_KEY).start().expect("the program starts")
    }

    async fn visitor(&self) -> Visitor {
        Visitor::connect(self.gateway_at, HOST).await.expect("the gateway listens")
    }

    /// Waits until requests come through.
    async fn serves(&self) {
        eventually_async(SOON, "requests come through", || async {
            matches!(self.visitor().await.get("/").await, Ok(answer) if answer.status() == 200)
        })
        .await;
    }

    async fn start(&self) -> (Process, Process) {
        let gateway = self.start_gateway().await;
        let agent = self.start_agent();
        self.serves().await;
        (gateway, agent)
    }
}

#[tokio::test]
async fn programs_serve_and_stop_on_sigterm() {
    let site = Site::new();
    let (mut gateway, mut agent) = site.start().await;
    let mut kept_alive = site.visitor().await;
    assert_eq!(kept_alive.get("/status/201").await.unwrap().status(), 201);
    let mut health = Visitor::connect(site.agent_at, "localhost").await.unwrap();
    assert_eq!(health.get("/health").await.unwrap().json().unwrap()["status"], "healthy");
    for process in [&mut agent, &mut gateway] {
        let begin = Instant::now();
        assert_eq!(process.stop(SOON).await.unwrap().code(), Some(0));
        assert!(begin.elapsed() < IDLE_STOP_MAX, "{:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn sigterm_tells_websockets_and_cuts_what_hangs_in_time() {
    const DRAIN_PERIOD: Duration = Duration::from_secs(2);
    let site = Site::new();
    let drain_period = format!("{}s", DRAIN_PERIOD.as_secs());
    let mut gateway = site.gateway_program().variable("Gateway__DrainPeriod", drain_period).start().unwrap();
    eventually_async(SOON, "the gateway listens", || async { TcpStream::connect(site.gateway_at).await.is_ok() }).await;
    let _agent = site.start_agent();
    site.serves().await;
    let mut socket = VisitorWebSocket::connect(site.gateway_at, HOST, "/ws").await.unwrap();
    let mut hanging = site.visitor().await;
    hanging.sender().send_request("GET", "/hang?tag=hang", &[], b"").await.unwrap();
    site.upstream.wait_for("hang", |_| true, SOON).await.unwrap();
    let begin = Instant::now();
    gateway.signal(Signal::Terminate).await.unwrap();
    assert_eq!(socket.next_close().await.unwrap().map(|(code, _)| code), Some(1001), "going away");
    assert!(begin.elapsed() < DRAIN_PERIOD + IDLE_STOP_MAX);
    assert_eq!(gateway.wait_for_exit(SOON).await.unwrap().code(), Some(0));
    let took = begin.elapsed();
    // A second more than the period, and what a busy machine needs.
    assert!(took >= DRAIN_PERIOD && took < DRAIN_PERIOD + IDLE_STOP_MAX, "{took:?}");
    assert!(hanging.closed_within(SOON).await);
}

#[tokio::test]
async fn secrets_are_not_printed() {
    let site = Site::new();
    let (mut gateway, mut agent) = site.start().await;
    for process in [&mut agent, &mut gateway] {
        process.stop(SOON).await.unwrap();
        let lines = process.lines();
        assert!(!lines.is_empty());
        for line in lines {
            assert!(!line.text.contains(TEST_KEY) && !line.text.contains("fedcba98765"), "{line:?}");
        }
    }
}

#[tokio::test]
async fn programs_finish_what_is_in_flight() {
    let site = Site::new();
    let (mut gateway, mut agent) = site.start().await;
    finish_in_flight(&site, &mut agent, "agent").await;
    let _second_agent = site.start_agent();
    site.serves().await;
    finish_in_flight(&site, &mut gateway, "gateway").await;
}

async fn finish_in_flight(site: &Site, process: &mut Process, tag: &str) {
    let mut visitor = site.visitor().await;
    let sent = visitor.sender().send_request("POST", &format!("/gate?tag={tag}"), &[], b"body").await;
    sent.expect("the gateway reads");
    site.upstream.wait_for(tag, |_| true, SOON).await.expect("the request arrives");
    process.signal(Signal::Terminate).await.expect("it runs");
    process.wait_for_line("stopping", SOON).await.expect("it says that it stops");
    assert!(process.is_running().expect("the system tells"), "{tag} did not wait");
    site.upstream.step(tag);
    let answer = visitor.answer("POST").await.expect("an answer");
    assert_eq!(answer.json().expect("an echo")["body_bytes"], 4, "{tag}");
    let status = process.wait_for_exit(SOON).await.expect("it exits");
    assert_eq!(status.code(), Some(0), "{tag}");
}

/// What a visitor met who asked again and again.
#[derive(Debug, Default)]
struct Met {
    good: AtomicUsize,
    bad: Mutex<Vec<String>>,
}

impl Met {
    /// Asks for ever, on a new connection each time.
    async fn ask(&self, site: &Site) {
        loop {
            let bad = match Visitor::connect(site.gateway_at, HOST).await {
                Err(_) => REFUSED.to_owned(),
                Ok(mut visitor) => match visitor.get("/echo").await {
                    Err(_) => LOST.to_owned(),
                    Ok(answer) if answer.status() == 200 && answer.is_complete() => {
                        self.good.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    Ok(answer) => format!("{answer:?}"),
                },
            };
            self.bad.lock().expect("no test panics with it").push(bad);
            tokio::task::yield_now().await;
        }
    }

    /// Waits until some more were answered well.
    async fn more_good(&self) {
        let before = self.good.load(Ordering::Relaxed);
        eventually(SOON, "requests come through", || self.good.load(Ordering::Relaxed) > before + 5).await;
    }

    fn bad(&self) -> Vec<String> {
        self.bad.lock().expect("no test panics with it").clone()
    }
}

const REFUSED: &str = "connection refused";
const LOST: &str = "connection lost";

#[tokio::test]
async fn killed_agent_costs_no_get() {
    let site = Site::new();
    let (_gateway, mut agent) = site.start().await;
    let met = Met::default();
    let restarting = async {
        for _ in 0..3 {
            met.more_good().await;
            agent.kill().await.unwrap();
            agent = site.start_agent();
        }
        met.more_good().await;
    };
    tokio::select! {
        () = met.ask(&site) => {}
        () = restarting => {}
    }
    assert_eq!(met.bad(), [""; 0], "{:?} were good", met.good);
}

#[tokio::test]
async fn killed_gateway_costs_only_connections() {
    let site = Site::new();
    let (mut gateway, _agent) = site.start().await;
    let met = Met::default();
    let restarting = async {
        for _ in 0..2 {
            met.more_good().await;
            gateway.kill().await.unwrap();
            gateway = site.start_gateway().await;
        }
        met.more_good().await;
    };
    tokio::select! {
        () = met.ask(&site) => {}
        () = restarting => {}
    }
    // While nobody listens, nobody can wait; but no visitor that is let in is turned away.
    let turned_away: Vec<_> = met.bad().into_iter().filter(|what| what != REFUSED && what != LOST).collect();
    assert_eq!(turned_away, [""; 0], "{:?} were good", met.good);
}

#[tokio::test]
async fn port_in_use_is_said_with_the_setting() {
    let site = Site::new();
    let _first = site.start_gateway().await;
    for shards in ["1", "2"] {
        let mut second = site.gateway_program().variable("Gateway__Shards", shards).start().unwrap();
        let line = second.wait_for_line("cannot be listened on (Gateway__Port", SOON).await.unwrap();
        assert!(line.text.contains(&site.gateway_at.to_string()), "{line:?}");
        assert_eq!(second.wait_for_exit(SOON).await.unwrap().code(), Some(1), "{shards} shards");
    }
}

#[tokio::test]
async fn port_in_use_is_noticed_though_shards_share_it() {
    let site = Site::new();
    let shared = || site.gateway_program().variable("Gateway__Shards", "2");
    let first = shared().start().unwrap();
    eventually_async(SOON, "the gateway listens", || async { TcpStream::connect(site.gateway_at).await.is_ok() }).await;
    let mut second = shared().start().unwrap();
    second.wait_for_line("cannot be listened on (Gateway__Port", SOON).await.unwrap();
    assert_eq!(second.wait_for_exit(SOON).await.unwrap().code(), Some(1));
    drop(first);
}

#[tokio::test]
async fn wrong_key_is_said_with_the_setting() {
    let site = Site::new();
    let _gateway = site.start_gateway().await;
    let mut agent = site.agent_program("ffffffffffffffffffffffffffffffff").start().unwrap();
    agent.wait_for_line("set Agent__ApiKey to", SOON).await.unwrap();
    assert!(agent.is_running().unwrap(), "a person may mend it at the other end");
    assert_eq!(agent.stop(SOON).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn bad_settings_are_all_said_at_once() {
    let site = Site::new();
    let mut gateway = site
        .gateway_program()
        .variable("GATEWAY__APIKEY", "short")
        .variable("Gateway__GracePeriod", "soon")
        .start()
        .unwrap();
    for name in ["Gateway__ApiKey", "Gateway__GracePeriod"] {
        gateway.wait_for_line(name, SOON).await.unwrap();
    }
    assert_ne!(gateway.wait_for_exit(SOON).await.unwrap().code(), Some(0));
}
