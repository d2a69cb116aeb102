//! Restarts of the Gateway's program under load, with the socket that systemd holds: nobody is refused, nothing fails.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use octoporty_tests::{Answer, AnswerError, HOST, TestAgent, TestFolder, TestUpstream, Visitor, eventually, pattern};

use super::service::start_with_socket;
use crate::SOON;

/// Restarts in a row.
const RESTARTS: usize = 3;

/// Good answers of each visitor between two restarts.
const GOOD_BETWEEN: usize = 20;

/// What one visitor met.
#[derive(Debug, Default)]
struct Met {
    good: AtomicUsize,
    bad: Mutex<Vec<String>>,
}

impl Met {
    fn note(&self, outcome: Result<Answer, AnswerError>, status: u16) -> Option<Answer> {
        match outcome {
            Ok(answer) if answer.status() == status && answer.is_complete() => {
                self.good.fetch_add(1, Ordering::Relaxed);
                Some(answer)
            }
            other => {
                self.bad.lock().expect("no test panics with it").push(format!("{other:?}"));
                None
            }
        }
    }

    async fn connect(&self, at: SocketAddr) -> Option<Visitor> {
        match Visitor::connect(at, HOST).await {
            Ok(visitor) => Some(visitor.with_patience(SOON)),
            Err(error) => {
                self.bad.lock().expect("no test panics with it").push(format!("refused: {error}"));
                None
            }
        }
    }

    /// Asks for ever, on a new connection each time.
    async fn ask_anew(&self, at: SocketAddr, method: &str, body: &[u8]) {
        loop {
            if let Some(mut visitor) = self.connect(at).await {
                self.note(visitor.request(method, "/status/201", &[], body).await, 201);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Asks for ever, on one connection until an answer says that it is the last.
    async fn ask_on(&self, at: SocketAddr, method: &str, body: &[u8]) {
        loop {
            let Some(mut visitor) = self.connect(at).await else {
                tokio::task::yield_now().await;
                continue;
            };
            loop {
                let answer = self.note(visitor.request(method, "/status/201", &[], body).await, 201);
                let Some(answer) = answer else { break };
                if answer.fields().only("connection") == Some("close") {
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn restarts_under_load_refuse_nobody_and_fail_no_idempotent_request() {
    let folder = TestFolder::new().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    let mut gateway = start_with_socket(&folder, &socket).await;
    let upstream = TestUpstream::start().unwrap();
    let _agent = TestAgent::builder(at).map(HOST, upstream.address()).connect().await;
    let met: [Met; 4] = Default::default();
    let body = pattern(20_000);
    let restarting = async {
        for _ in 0..RESTARTS {
            more_good(&met).await;
            assert_eq!(gateway.stop(SOON).await.unwrap().code(), Some(0));
            gateway = start_with_socket(&folder, &socket).await;
        }
        more_good(&met).await;
    };
    tokio::select! {
        () = met[0].ask_anew(at, "GET", b"") => {}
        () = met[1].ask_on(at, "GET", b"") => {}
        () = met[2].ask_anew(at, "PUT", &body) => {}
        () = met[3].ask_on(at, "PUT", &body) => {}
        () = restarting => {}
    }
    for met in met {
        let bad = met.bad.into_inner().unwrap();
        assert_eq!(bad, [""; 0], "beside {} good ones", met.good.load(Ordering::Relaxed));
    }
}

/// Waits until each was answered well some more times.
async fn more_good(met: &[Met]) {
    for met in met {
        let before = met.good.load(Ordering::Relaxed);
        eventually(SOON, "requests come through", || met.good.load(Ordering::Relaxed) >= before + GOOD_BETWEEN).await;
    }
}
