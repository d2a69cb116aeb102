//! The flags and settings that both programs have, and how a command line becomes layers.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::logging::{FORMAT, MINIMUM_LEVEL};
use crate::settings::{Layers, Schema, Setting};

/// The name of the environment that the program runs in.
pub const ENVIRONMENT: Setting = Setting::new(
    "Octoporty__Environment",
    "name of the environment, shown in the banner",
    "a word such as Production or Staging",
)
.default("Production");

/// The settings of this module as a part of a [`Schema`].
pub const SETTINGS: &[Setting] = &[ENVIRONMENT];

/// Variables with a name of their own; the first one wins.
pub const PLAIN_VARIABLES: &[(&str, &str)] =
    &[("OCTOPORTY_ENVIRONMENT", "Octoporty__Environment"), ("ASPNETCORE_ENVIRONMENT", "Octoporty__Environment")];

/// Reads [`ENVIRONMENT`]'s value.
///
/// # Errors
///
/// When it is not a word.
pub fn environment_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("is not a word".to_owned());
    }
    Ok(text.to_owned())
}

/// The flags that both programs take, each above file and environment.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CommonFlags {
    /// Read settings from this TOML file; environment variables and flags win over it
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// Listen on this port
    #[arg(long, value_name = "PORT", global = true)]
    pub port: Option<String>,

    /// Listen on this address, IPv4 or IPv6
    #[arg(long, value_name = "ADDRESS", global = true)]
    pub bind: Option<String>,

    /// Log from this level on: Trace, Debug, Information, Warning, Error, Critical, None
    #[arg(long, value_name = "LEVEL", global = true)]
    pub log_level: Option<String>,

    /// Log lines for people (human) or for programs (json)
    #[arg(long, value_name = "FORMAT", global = true)]
    pub log_format: Option<String>,

    /// Set anything that is not a secret by its environment name; may be repeated
    #[arg(long, value_name = "NAME=VALUE", global = true)]
    pub set: Vec<String>,
}

impl CommonFlags {
    /// Stacks the layers of a program up to, and with, these flags. `section` is the program's own (`Gateway`).
    /// `defaults` are those known at run time only.
    pub fn layers(
        &self,
        schema: &'static Schema,
        section: &str,
        defaults: &[(&Setting, String)],
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Layers {
        let mut layers = Layers::new(schema);
        for (setting, text) in defaults {
            layers.default(setting, text);
        }
        if let Some(path) = &self.config {
            layers.file(path);
        }
        layers.environment(variables);
        for assignment in &self.set {
            layers.assignment("--set", assignment);
        }
        let flags = [
            ("--port", format!("{section}__Port"), &self.port),
            ("--bind", format!("{section}__BindAddress"), &self.bind),
            ("--log-level", MINIMUM_LEVEL.name().to_owned(), &self.log_level),
            ("--log-format", FORMAT.name().to_owned(), &self.log_format),
        ];
        for (flag, name, value) in flags {
            if let Some(value) = value {
                layers.flag(flag, &name, value);
            }
        }
        layers
    }
}
