//! Caddy as a process with its own ports, folders and certificate authority.

use std::{env, io, net::SocketAddr, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use thiserror::Error;
use tokio::net::TcpStream;

use crate::{AnswerError, Line, Process, ProcessError, Program, TestFolder, Visitor, eventually_async, free_address};

/// How long Caddy may take to start on a busy machine.
const START_DEADLINE: Duration = Duration::from_secs(20);

/// Why something could not be done with a Caddy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaddyError {
    /// The program cannot be started or ended.
    #[error("the program")]
    Process(#[from] ProcessError),
    /// No folder, port or connection.
    #[error("the system refused")]
    System(#[from] io::Error),
    /// The admin API did not answer.
    #[error("the admin API did not answer")]
    Answer(#[from] AnswerError),
    /// The admin API said no.
    #[error("the admin API said {status}: {text}")]
    Refused {
        /// The status.
        status: u16,
        /// The body.
        text: String,
    },
}

/// A real Caddy. It keeps its ports and its certificate authority when it is started again.
#[derive(Debug)]
pub struct TestCaddy {
    program: Program,
    folder: TestFolder,
    admin: SocketAddr,
    http: SocketAddr,
    https: SocketAddr,
    process: Option<Process>,
}

impl TestCaddy {
    /// A Caddy that does not run yet. `None` where none is installed: `tests/setup.sh` does that, and `TEST_BIN_CADDY`
    /// names another one.
    ///
    /// # Panics
    /// There is no folder or port.
    #[must_use]
    pub fn find() -> Option<Self> {
        let given = env::var_os("TEST_BIN_CADDY").map(PathBuf::from);
        let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
        let installed = cache.map(|cache| cache.join("octoporty-tests/venv/bin/caddy"));
        let Some(path) = given.into_iter().chain(installed).find(|path| path.is_file()) else {
            tracing::warn!("no Caddy, so its tests are skipped; tests/setup.sh installs one");
            return None;
        };
        let folder = TestFolder::new().expect("a temporary folder");
        let program = Program::at(path)
            .folder(folder.path())
            .variable("HOME", folder.path())
            .variable("XDG_DATA_HOME", folder.file("data"))
            .variable("XDG_CONFIG_HOME", folder.file("config"));
        let port = || free_address().expect("a free port");
        Some(Self { program, folder, admin: port(), http: port(), https: port(), process: None })
    }

    /// Sets an environment variable of it.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.program = self.program.variable(name, value);
        self
    }

    /// Whether it is of this version or a later one. Streams outlive a change of its configuration since 2.7.
    ///
    /// # Errors
    /// It cannot be started, or does not say its version.
    pub async fn is_at_least(&self, major: u32, minor: u32) -> Result<bool, CaddyError> {
        let process = self.program.clone().argument("version").start()?;
        let is_version = |line: &Line| line.text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
        let line = process.wait_for_line_that("a version", is_version, START_DEADLINE).await?;
        let mut numbers = line.text.trim_start_matches('v').split(['.', '-', ' ']).map_while(|part| part.parse().ok());
        let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Ok(version >= (major, minor))
    }

    /// Starts it with a configuration, such as one of [`Self::config_with_routes`], and waits for its admin API.
    ///
    /// # Errors
    /// It cannot be started.
    ///
    /// # Panics
    /// It does not listen in time.
    pub async fn start(&mut self, config: &Value) -> Result<(), CaddyError> {
        let file = self.folder.write("caddy.json", config.to_string())?;
        let process = self.program.clone().argument("run").argument("--config").argument(file).start()?;
        self.process = Some(process);
        let admin = self.admin;
        eventually_async(START_DEADLINE, "caddy listens", || async move { TcpStream::connect(admin).await.is_ok() })
            .await;
        Ok(())
    }

    /// Kills it.
    ///
    /// # Errors
    /// The system refused.
    pub async fn kill(&mut self) -> Result<(), CaddyError> {
        if let Some(mut process) = self.process.take() {
            process.kill().await?;
        }
        Ok(())
    }

    /// A configuration with one server block for HTTPS, certificates of its own authority, and these routes.
    #[must_use]
    pub fn config_with_routes(&self, routes: &Value) -> Value {
        let mut config = self.config_without_servers();
        config["apps"]["http"]["servers"] = json!({ "srv0": {
            "listen": [self.https.to_string()],
            "routes": routes,
            "automatic_https": { "disable_redirects": true },
        } });
        config
    }

    /// A configuration that has ports and certificates, and serves nothing.
    #[must_use]
    pub fn config_without_servers(&self) -> Value {
        json!({
            "admin": { "listen": self.admin.to_string(), "config": { "persist": false } },
            "apps": {
                "http": { "http_port": self.http.port(), "https_port": self.https.port() },
                "tls": { "automation": { "policies": [{ "issuers": [{ "module": "internal" }] }] } },
                // Nobody's trust store is touched.
                "pki": { "certificate_authorities": { "local": { "install_trust": false } } },
            },
        })
    }

    /// Where the admin API is, or will be.
    #[must_use]
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Where it serves HTTPS.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// The folder that it runs in.
    #[must_use]
    pub fn folder(&self) -> &TestFolder {
        &self.folder
    }

    /// The certificate of its authority, in PEM, once there is one.
    ///
    /// # Errors
    /// It did not make one yet.
    pub fn root_certificate(&self) -> io::Result<String> {
        self.folder.read("data/caddy/pki/authorities/local/root.crt")
    }

    /// Its whole configuration as it is now.
    ///
    /// # Errors
    /// It does not run, or does not answer.
    pub async fn config(&self) -> Result<Value, CaddyError> {
        let text = self.ask("GET", "/config/", None).await?;
        serde_json::from_str(&text).map_err(|error| CaddyError::System(error.into()))
    }

    /// Asks its admin API for anything.
    ///
    /// # Errors
    /// It does not run, or refused.
    pub async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<String, CaddyError> {
        let mut visitor = Visitor::connect(self.admin, &self.admin.to_string()).await?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = visitor.request(method, path, &[("Content-Type", "application/json")], body.as_bytes()).await?;
        match answer.status() {
            200 => Ok(answer.text()),
            status => Err(CaddyError::Refused { status, text: answer.text() }),
        }
    }
}
