//! The command line of the quick share.

use std::path::PathBuf;

/// Share a local HTTP service until Ctrl-C
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct HttpShare {
    /// What to share: a port such as 3000, a host and a port, or a URL such as https://localhost:8443
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,

    /// Take any certificate of an HTTPS service, as services under development have them
    #[arg(long)]
    pub(crate) allow_invalid_certificates: bool,

    #[command(flatten)]
    pub(crate) options: ShareOptions,
}

/// Share the files of a folder until Ctrl-C
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ServeShare {
    /// The folder; its index.html is shown for /
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,

    #[command(flatten)]
    pub(crate) options: ShareOptions,
}

/// Flags of a running Agent that a share has no use for. They stand here to be left out of its help; their values are in
/// [`Cli`](crate::cli::Cli) too, and refused there.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Useless {
    #[arg(long, hide = true)]
    map: Vec<String>,
    #[arg(long, hide = true)]
    port: Option<String>,
    #[arg(long, hide = true)]
    bind: Option<String>,
    #[arg(long, hide = true)]
    jwt_secret_file: Option<PathBuf>,
    #[arg(long, hide = true)]
    password_hash_file: Option<PathBuf>,
}

/// What both kinds take.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ShareOptions {
    /// The public domain; without it, a readable name under the Gateway's share domain
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,

    /// A word that the made-up name follows from: the same word and key give the same name [this machine and the target]
    #[arg(long, value_name = "WORD", conflicts_with = "domain")]
    pub(crate) share_as: Option<String>,

    /// A name that nobody knows before, another one each time
    #[arg(long, conflicts_with_all = ["domain", "share_as"])]
    pub(crate) random: bool,

    /// Print one JSON object a line, for programs
    #[arg(long)]
    pub(crate) json: bool,

    /// Print no QR code
    #[arg(long)]
    pub(crate) no_qr: bool,

    #[command(flatten)]
    useless: Useless,
}
