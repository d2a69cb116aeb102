//! Which Gateway an example connects to: one that runs elsewhere, or one of its own.

use std::{env, net::Ipv4Addr, path::PathBuf};

use anyhow::{Context as _, bail};
use octoporty_client::Secret;
use octoporty_server::{Gateway, GatewayBuilder};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// Names the Gateway's URL if no flag does.
const URL_VARIABLE: &str = "OCTOPORTY_GATEWAY";

/// Holds the key if no flag names a file.
const KEY_VARIABLE: &str = "OCTOPORTY_API_KEY";

/// Where the key comes from.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// A file with the key that Agents present; if not given, the key itself is in OCTOPORTY_API_KEY
    #[arg(long, value_name = "FILE", conflicts_with = "self_contained")]
    api_key_file: Option<PathBuf>,
    /// Needs nothing else: runs a Gateway in this program, on a free port of loopback
    #[arg(long)]
    pub self_contained: bool,
}

impl KeyArgs {
    /// The key.
    ///
    /// # Errors
    ///
    /// There is none; the error says how to give one.
    pub fn key(&self) -> anyhow::Result<Secret> {
        if self.self_contained {
            // 128 random bits, for a Gateway that ends with this program.
            return Ok(Secret::new(format!("{:032x}", rand::random::<u128>())));
        }
        if let Some(path) = &self.api_key_file {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("cannot read the key from {}", path.display()))?;
            return Ok(Secret::from(text.trim()));
        }
        match env::var(KEY_VARIABLE) {
            Ok(key) => Ok(Secret::from(key.trim())),
            Err(_unset) => bail!("no key: set {KEY_VARIABLE}, or --api-key-file, or --self-contained"),
        }
    }
}

/// Which Gateway, and which public name there.
#[derive(Debug, clap::Args)]
pub struct GatewayArgs {
    /// The Gateway's URL, such as wss://gateway.example.com/tunnel; OCTOPORTY_GATEWAY if not given
    #[arg(long, value_name = "URL", conflicts_with = "self_contained")]
    gateway: Option<String>,
    #[command(flatten)]
    key: KeyArgs,
    /// The public name; its DNS records must lead to the Gateway
    #[arg(long, default_value = "app.localhost")]
    pub host: String,
}

/// Where to connect to.
#[derive(Debug)]
pub struct GatewayAddress {
    /// The URL.
    pub url: String,
    /// The key.
    pub key: Secret,
}

impl GatewayArgs {
    /// Finds the Gateway, or starts one.
    ///
    /// # Errors
    ///
    /// It was not named, or there is no key; the error says how to.
    pub async fn find(&self) -> anyhow::Result<GatewayAddress> {
        self.find_or_start(|gateway| gateway).await
    }

    /// The same; `change` has the last word on the settings of a Gateway that is started here.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub async fn find_or_start(
        &self,
        change: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> anyhow::Result<GatewayAddress> {
        let url = self.gateway.clone().or_else(|| env::var(URL_VARIABLE).ok());
        if self.key.self_contained {
            let key = self.key.key()?;
            let url = start(change(Gateway::builder().api_key(key.clone()))).await?;
            return Ok(GatewayAddress { url, key });
        }
        let Some(url) = url else {
            bail!("no gateway: set {URL_VARIABLE}, or --gateway, or --self-contained");
        };
        Ok(GatewayAddress { url, key: self.key.key()? })
    }
}

/// Runs a Gateway until the program ends; gives its URL.
async fn start(builder: GatewayBuilder) -> anyhow::Result<String> {
    let gateway = builder.build()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port on loopback")?;
    let url = format!("ws://{}/tunnel", listener.local_addr()?);
    TaskTracker::new().spawn(async move { gateway.serve(listener, 0).await });
    Ok(url)
}
