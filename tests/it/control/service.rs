//! The programs under systemd: what they tell it, the socket that it holds, and the health check of containers.

use std::{net::TcpListener, path::Path};

use octoporty_tests::{HOST, Process, Program, TEST_KEY, TestAgent, TestFolder, TestUpstream, Visitor, within};
use tokio::net::UnixDatagram;

use super::{gateway_program, listens};
use crate::SOON;

/// Where a program's words to systemd arrive.
struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    fn new(path: &Path) -> Self {
        Self { socket: UnixDatagram::bind(path).expect("the folder can be written") }
    }

    async fn hears(&self, word: &str) {
        let mut heard = [0; 256];
        let waiting = async {
            loop {
                let length = self.socket.recv(&mut heard).await.expect("a datagram");
                if heard[..length].split(|byte| *byte == b'\n').any(|line| line == word.as_bytes()) {
                    return;
                }
            }
        };
        within(SOON, word, waiting).await;
    }
}

fn agent_program(folder: &TestFolder, gateway: std::net::SocketAddr, at: std::net::SocketAddr) -> Program {
    let database = format!("Data Source={}", folder.file("octoporty.db").display());
    Program::named("octoporty-agent")
        .expect("build the programs first: cargo build -p octoporty-gateway -p octoporty-agent")
        .folder(folder.path())
        .variable("Agent__GatewayUrl", format!("ws://{gateway}/tunnel"))
        .variable("Agent__ApiKey", TEST_KEY)
        .variable("Agent__JwtSecret", "fedcba9876543210fedcba9876543210")
        .variable("Agent__Auth__PasswordHash", "!")
        .variable("Agent__BindAddress", "0.0.0.0")
        .variable("Agent__Port", at.port().to_string())
        .variable("ConnectionStrings__DefaultConnection", database)
        .variable("Logging__FilePath", "")
}

#[tokio::test]
async fn programs_tell_systemd_how_they_are() {
    let folder = TestFolder::new().unwrap();
    let manager = Manager::new(&folder.file("notify"));
    let (gateway_at, agent_at) = (octoporty_tests::free_address().unwrap(), octoporty_tests::free_address().unwrap());
    for program in [gateway_program(&folder, gateway_at), agent_program(&folder, gateway_at, agent_at)] {
        let mut process = program
            .variable("NOTIFY_SOCKET", folder.file("notify"))
            .variable("WATCHDOG_USEC", "200000")
            .start()
            .unwrap();
        manager.hears("READY=1").await;
        manager.hears("WATCHDOG=1").await;
        manager.hears("WATCHDOG=1").await;
        assert_eq!(process.stop(SOON).await.unwrap().code(), Some(0));
        manager.hears("STOPPING=1").await;
    }
}

/// Starts the Gateway as systemd does, with a socket as its third descriptor.
pub(super) async fn start_with_socket(folder: &TestFolder, socket: &TcpListener) -> Process {
    let address = socket.local_addr().expect("it listens");
    // The port is in use, so a Gateway that opened one of its own would not start.
    let gateway = gateway_program(folder, address);
    let script = format!("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec {}", gateway.path().display());
    let program = gateway.replace_path("/bin/sh").argument("-c").argument(script);
    let socket = socket.try_clone().expect("a descriptor is free");
    let process = program.listener_as_input(socket).start().expect("a shell starts");
    process.wait_for_line("listening", SOON).await.expect("the gateway starts");
    process
}

#[tokio::test]
async fn a_restart_with_a_socket_of_systemd_refuses_nobody() {
    let folder = TestFolder::new().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut gateway = start_with_socket(&folder, &socket).await;
    let upstream = TestUpstream::start().unwrap();
    let agent = TestAgent::builder(address).map(HOST, upstream.address()).connect().await;
    let mut visitor = Visitor::connect(address, HOST).await.unwrap();
    assert_eq!(visitor.get("/").await.unwrap().status(), 200);

    assert_eq!(gateway.stop(SOON).await.unwrap().code(), Some(0));
    // Nobody runs, and yet the connection is taken; it waits for the next Gateway and for the Agent's return.
    let mut early = Visitor::connect(address, HOST).await.unwrap().with_patience(SOON);
    let (answer, _second) = tokio::join!(early.get("/"), async {
        let second = start_with_socket(&folder, &socket).await;
        agent.connected().await;
        second
    });
    assert_eq!(answer.unwrap().status(), 200);
}

#[tokio::test]
async fn the_health_check_asks_the_program_that_runs() {
    let folder = TestFolder::new().unwrap();
    let (gateway_at, agent_at) = (octoporty_tests::free_address().unwrap(), octoporty_tests::free_address().unwrap());
    let gateway = gateway_program(&folder, gateway_at).variable("Gateway__BindAddress", "0.0.0.0");
    let agent = agent_program(&folder, gateway_at, agent_at);
    for (program, at) in [(gateway, gateway_at), (agent, agent_at)] {
        let check = program.clone().argument("health");
        let mut none = check.start().unwrap();
        none.wait_for_line("does not answer", SOON).await.unwrap();
        assert_eq!(none.wait_for_exit(SOON).await.unwrap().code(), Some(1), "nobody runs yet");
        let _running = program.start().unwrap();
        listens(at).await;
        let mut well = check.start().unwrap();
        well.wait_for_line("\"status\"", SOON).await.unwrap();
        assert_eq!(well.wait_for_exit(SOON).await.unwrap().code(), Some(0));
        assert_eq!(well.lines().len(), 1, "{:?}", well.lines());
    }
}
