//! How much is kept of visitors' requests, as the configuration says.

/// How much is kept of visitors' requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Recording {
    /// Each request is in the log, and all are counted.
    #[default]
    On,
    /// They are counted, and nothing tells one from the other.
    Figures,
    /// Nothing.
    Off,
}

impl Recording {
    /// Reads a setting.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "on" => Ok(Self::On),
            "figures" => Ok(Self::Figures),
            "off" => Ok(Self::Off),
            _ => Err("is none of on, figures and off".to_owned()),
        }
    }
}
