//! The domain of a mapping: one host name, or every name under a suffix.

use std::{fmt, str::FromStr};

use super::{HOST_BYTES_MAX, HostError, Hostname, text::text_form};

/// What a mapping's domain matches. Never an IP address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// This host name only.
    Exact(Hostname),
    /// Names with one or more parts before this suffix; the suffix itself is not matched.
    Wildcard(Hostname),
}

impl HostPattern {
    /// Reads `app.example.com` or `*.example.com`, with the same liberties as [`Hostname::parse`].
    ///
    /// # Errors
    ///
    /// When this is neither, with the offending part: see [`HostError`].
    pub fn parse(text: &str) -> Result<Self, HostError> {
        if matches!(text, "*" | "*.") {
            return Err(HostError::BareWildcard);
        }
        let suffix = text.strip_prefix("*.");
        let host = Hostname::parse(suffix.unwrap_or(text)).map_err(|error| match error {
            HostError::Character { character: '*' } => HostError::WildcardPosition,
            other => other,
        })?;
        if host.address().is_some() {
            return Err(HostError::Address { address: host.as_str().into() });
        }
        if suffix.is_none() {
            return Ok(Self::Exact(host));
        }
        // The shortest name that could match has one character and a dot before the suffix.
        let length = host.as_str().len() + 2;
        if length > HOST_BYTES_MAX {
            return Err(HostError::TooLong { length });
        }
        Ok(Self::Wildcard(host))
    }

    /// Whether a host in normal form is one of those that this stands for.
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => name.as_str() == host,
            Self::Wildcard(suffix) => is_under(host, suffix.as_str()),
        }
    }

    /// Whether every host that `other` matches is matched by this too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Exact(host)) => self.matches(host.as_str()),
            (Self::Exact(_), Self::Wildcard(_)) => false,
            (Self::Wildcard(mine), Self::Wildcard(theirs)) => {
                mine == theirs || is_under(theirs.as_str(), mine.as_str())
            }
        }
    }

    /// The host name, or the suffix of a wildcard without its `*.`.
    #[must_use]
    pub const fn hostname(&self) -> &Hostname {
        match self {
            Self::Exact(host) | Self::Wildcard(host) => host,
        }
    }

    /// Whether this is a wildcard.
    #[must_use]
    pub const fn is_wildcard(&self) -> bool {
        matches!(self, Self::Wildcard(_))
    }
}

/// Whether `host` has at least one part more than `suffix`, and otherwise the same.
fn is_under(host: &str, suffix: &str) -> bool {
    host.strip_suffix(suffix).and_then(|rest| rest.strip_suffix('.')).is_some_and(|parts| !parts.is_empty())
}

impl From<Hostname> for HostPattern {
    /// The pattern of this host alone.
    fn from(host: Hostname) -> Self {
        Self::Exact(host)
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => write!(f, "{host}"),
            Self::Wildcard(suffix) => write!(f, "*.{suffix}"),
        }
    }
}

impl FromStr for HostPattern {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        Self::parse(text)
    }
}

text_form!(HostPattern, "a host name, or *. and a host name");

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> HostPattern {
        HostPattern::parse(text).unwrap()
    }

    #[test]
    fn domains_come_out_in_normal_form() {
        let check = |text: &str, expected: &str| assert_eq!(pattern(text).to_string(), expected);
        check("App.Example.com.", "app.example.com");
        check("*.Example.com", "*.example.com");
        check("*.bücher.example", "*.xn--bcher-kva.example");
        check("localhost", "localhost");
        check("*.com", "*.com");
        check("_acme.example.com", "_acme.example.com");
    }

    #[test]
    fn other_domains_are_refused_with_their_reason() {
        let check = |text: &str, error: HostError| {
            assert_eq!(HostPattern::parse(text), Err(error), "{text:?}");
        };
        check("", HostError::Empty);
        check("*", HostError::BareWildcard);
        check("*.", HostError::BareWildcard);
        check("**", HostError::WildcardPosition);
        check("a.*.com", HostError::WildcardPosition);
        check("*.*.com", HostError::WildcardPosition);
        check("*a.com", HostError::WildcardPosition);
        check("a.*", HostError::WildcardPosition);
        check("*..com", HostError::EmptyLabel);
        check("a..com", HostError::EmptyLabel);
        check("-a.com", HostError::Hyphen { label: "-a".into() });
        check("*.a-.com", HostError::Hyphen { label: "a-".into() });
        check("10.0.0.1", HostError::Address { address: "10.0.0.1".into() });
        check("*.10.0.0.1", HostError::Address { address: "10.0.0.1".into() });
        check("[::1]", HostError::Address { address: "[::1]".into() });
        check("::1", HostError::Address { address: "[::1]".into() });
        check("http://a.com", HostError::NotOnlyHost { character: ':' });
        let label = "a".repeat(63);
        let suffix = format!("{label}.{label}.{label}.{}", "b".repeat(59));
        assert!(HostPattern::parse(&format!("*.{suffix}")).is_ok());
        check(&format!("*.{suffix}b"), HostError::TooLong { length: 254 });
    }

    #[test]
    fn a_wildcard_matches_one_or_more_parts_under_its_suffix() {
        let check = |text: &str, host: &str, expected: bool| {
            assert_eq!(pattern(text).matches(host), expected, "{text} {host}");
        };
        check("*.example.com", "a.example.com", true);
        check("*.example.com", "a.b.example.com", true);
        check("*.example.com", "example.com", false);
        check("*.example.com", ".example.com", false);
        check("*.example.com", "aexample.com", false);
        check("*.example.com", "a.example.com.evil", false);
        check("a.example.com", "a.example.com", true);
        check("a.example.com", "b.a.example.com", false);
    }

    // R24
    #[test]
    fn a_pattern_covers_what_it_matches_in_whole() {
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!(pattern(one).covers(&pattern(other)), expected, "{one} {other}");
        };
        check("*.a.com", "x.a.com", true);
        check("*.a.com", "*.a.com", true);
        check("*.a.com", "*.x.a.com", true);
        check("*.a.com", "*.com", false);
        check("*.a.com", "a.com", false);
        check("*.a.com", "*.ba.com", false);
        check("a.com", "a.com", true);
        check("a.com", "*.a.com", false);
    }

    #[test]
    fn text_is_checked_when_it_is_read_back() {
        let read: HostPattern = serde_json::from_str("\"*.Example.COM\"").unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"*.example.com\"");
        assert!(serde_json::from_str::<HostPattern>("\"*\"").is_err());
    }
}
