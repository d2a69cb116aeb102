//! An Agent's management port under test.

use std::{cell::Cell, net::SocketAddr, path::PathBuf, sync::LazyLock, time::Duration};

use clap::Parser;
use octoporty_client::{Agent, ConnectionState};
use octoporty_shell::logging::LogRing;
use octoporty_store::Clock;
use octoporty_tests::TestGateway;
use sha_crypt::{Algorithm, Params, PasswordHasher, ShaCrypt};
use tempfile::TempDir;
use tokio::{net::TcpListener, time::Instant};

use super::client::Browser;
use crate::{
    api::ApiState,
    catalogue::Fixed,
    cli::Cli,
    config::{self, AgentConfig},
    management::{Management, address_policy},
    observe::Recorder,
    storage::StorageConfig,
};

pub(super) const PASSWORD: &str = "correct horse";
const KEY: &str = octoporty_tests::TEST_KEY;
const JWT: &str = "fedcba9876543210fedcba9876543210";

/// How long anything may take that a test waits for.
const DEADLINE: Duration = Duration::from_secs(20);

/// A SHA-512 crypt hash of few rounds.
pub(super) fn hash_of(password: &str) -> String {
    let params = Params::new(1_000).expect("enough rounds");
    let hasher = ShaCrypt::new(Algorithm::Sha512Crypt, params);
    hasher.hash_password_with_salt(password.as_bytes(), &[7; 12]).expect("a hash").to_string()
}

static HASH: LazyLock<String> = LazyLock::new(|| hash_of(PASSWORD));

/// A management port, with everything behind it.
pub(super) struct TestApi {
    pub(super) address: SocketAddr,
    pub(super) agent: Agent,
    pub(super) ring: LogRing,
    management: Management,
    directory: TempDir,
}

/// Settings of a [`TestApi`].
pub(super) struct Setup {
    variables: Vec<(String, String)>,
    maps: Vec<String>,
    file: Option<String>,
    gateway: Option<SocketAddr>,
    clock: Clock,
    directory: TempDir,
    database: PathBuf,
}

impl Setup {
    pub(super) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let database = directory.path().join("octoporty.db");
        Self {
            variables: Vec::new(),
            maps: Vec::new(),
            file: None,
            gateway: None,
            clock: Clock::default(),
            directory,
            database,
        }
    }

    /// Changes a setting of the configuration.
    pub(super) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A mapping of the configuration.
    pub(super) fn map(mut self, map: &str) -> Self {
        self.maps.push(map.to_owned());
        self
    }

    /// The configuration file.
    pub(super) fn file(mut self, text: &str) -> Self {
        self.file = Some(text.to_owned());
        self
    }

    pub(super) fn gateway(mut self, gateway: &TestGateway) -> Self {
        self.gateway = Some(gateway.address());
        self
    }

    pub(super) fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The database somewhere else than in a directory of its own.
    pub(super) fn database(mut self, path: PathBuf) -> Self {
        self.database = path;
        self
    }

    pub(super) async fn start(self) -> TestApi {
        let config = self.config();
        let fixed = Fixed::build(&config.mappings).expect("good mappings");
        let agent = Agent::builder(&config.gateway_url.to_string(), &config.api_key)
            .name(&config.name)
            .address_policy(address_policy(&config))
            .mappings(fixed.served())
            .start()
            .expect("a good gateway");
        let mut storage = StorageConfig::new(config.database.clone(), &config.password_hash, &config.jwt_secret);
        storage.clock = self.clock;
        let ring = LogRing::new();
        let management = Management::start_with(
            &config,
            agent.clone(),
            fixed,
            Recorder::new(chrono::Utc::now(), config.recording),
            ring.clone(),
            Instant::now(),
            storage,
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        management.serve(listener);
        management.state.storage.tried().await;
        TestApi { address, agent, ring, management, directory: self.directory }
    }

    fn config(&self) -> AgentConfig {
        // Nothing listens on port 9 of this machine.
        let gateway =
            self.gateway.map_or_else(|| "ws://127.0.0.1:9/tunnel".to_owned(), |at| format!("ws://{at}/tunnel"));
        let mut variables = vec![
            ("Agent__GatewayUrl".to_owned(), gateway),
            ("Agent__ApiKey".to_owned(), KEY.to_owned()),
            ("Agent__JwtSecret".to_owned(), JWT.to_owned()),
            ("Agent__Auth__PasswordHash".to_owned(), HASH.clone()),
            ("Agent__Name".to_owned(), "test-agent".to_owned()),
            ("Logging__FilePath".to_owned(), self.directory.path().join("agent-.log").display().to_string()),
            ("ConnectionStrings__DefaultConnection".to_owned(), format!("Data Source={}", self.database.display())),
        ];
        variables.retain(|(name, _)| !self.variables.iter().any(|(own, _)| own == name));
        variables.extend(self.variables.iter().cloned());
        let mut arguments = vec!["octoporty-agent".to_owned()];
        for map in &self.maps {
            arguments.extend(["--map".to_owned(), map.clone()]);
        }
        if let Some(text) = &self.file {
            let path = self.directory.path().join("agent.toml");
            std::fs::write(&path, text).expect("the directory can be written");
            arguments.extend(["--config".to_owned(), path.display().to_string()]);
        }
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        config::load(&Cli::parse_from(arguments), variables).expect("a good configuration").config
    }
}

impl TestApi {
    /// With nothing special.
    pub(super) async fn start() -> Self {
        Setup::new().start().await
    }

    /// With a Gateway, connected.
    pub(super) async fn with_gateway(gateway: &TestGateway) -> Self {
        let api = Setup::new().gateway(gateway).start().await;
        api.connected().await;
        api
    }

    /// Waits until the tunnel is up, and the catalogue knows.
    pub(super) async fn connected(&self) {
        within("the tunnel is up", self.agent.connected()).await;
        let mut status = self.agent.status();
        let up = status.wait_for(|status| status.state == ConnectionState::Connected).await;
        assert!(up.is_ok());
    }

    pub(super) fn state(&self) -> &ApiState {
        &self.management.state
    }

    pub(super) fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// A browser that is not signed in.
    pub(super) fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A browser that is signed in.
    pub(super) async fn signed_in(&self) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    /// Ends the program in good order, and keeps its files.
    pub(super) async fn stop(self) -> Setup {
        let database = self.directory.path().join("octoporty.db");
        self.agent.shutdown(Duration::ZERO).await;
        self.management.shutdown().await;
        Setup {
            variables: Vec::new(),
            maps: Vec::new(),
            file: None,
            gateway: None,
            clock: Clock::default(),
            directory: self.directory,
            database,
        }
    }
}

/// What a future gives, in good time.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_elapsed| panic!("{what}: not in time"))
}

/// Asks again until the answer is as it should be.
pub(super) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let found = Cell::new(None);
    octoporty_tests::eventually_async(DEADLINE, what, || {
        let (asked, found) = (ask(), &found);
        async move {
            let answer = asked.await;
            let is_found = answer.is_some();
            found.set(answer);
            is_found
        }
    })
    .await;
    found.into_inner().expect("it was found")
}
