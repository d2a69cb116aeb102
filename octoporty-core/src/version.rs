//! Versions: of the wire, and of the programs that speak it.

use semver::Version;

/// The WebSocket subprotocol of this wire format.
pub const SUBPROTOCOL: &str = "octoporty.v1";

/// The wire version that `Hello` and `Welcome` carry. A peer with another major version is refused.
pub const WIRE_VERSION: u16 = 1;

/// The version of this library, as its users see it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Longest version in bytes that is taken from a peer.
const VERSION_BYTES_MAX: usize = 64;

/// A text that is no strict semantic version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no version such as 1.2.3: {reason}")]
pub struct VersionError {
    text: String,
    reason: String,
}

/// Whether a version is newer than another by precedence (semver.org, §11): numbers count as numbers, a pre-release
/// comes before its release, and build metadata does not count (R37).
///
/// # Errors
///
/// When either is no strict semantic version of at most 64 bytes.
pub fn is_newer(candidate: &str, than: &str) -> Result<bool, VersionError> {
    Ok(parse(candidate)?.cmp_precedence(&parse(than)?).is_gt())
}

fn parse(text: &str) -> Result<Version, VersionError> {
    let refuse = |reason: String| VersionError { text: text.chars().take(VERSION_BYTES_MAX).collect(), reason };
    if text.len() > VERSION_BYTES_MAX {
        return Err(refuse(format!("longer than {VERSION_BYTES_MAX} bytes")));
    }
    Version::parse(text).map_err(|error| refuse(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        // R37
        let newer = [("1.10.0", "1.9.9"), ("2.0.0", "2.0.0-rc.1"), ("1.0.0-rc.10", "1.0.0-rc.9"), ("0.1.1", "0.1.0")];
        for (candidate, than) in newer {
            assert_eq!(is_newer(candidate, than), Ok(true), "{candidate} {than}");
            assert_eq!(is_newer(than, candidate), Ok(false), "{than} {candidate}");
        }
        assert_eq!(is_newer("1.0.0", "1.0.0"), Ok(false));
        assert_eq!(is_newer("1.0.0+b2", "1.0.0+b1"), Ok(false), "build metadata does not count");
    }

    #[test]
    fn only_strict_versions_are_versions() {
        // R37
        let long = format!("1.0.0-{}", "x".repeat(64));
        for text in ["", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0 ", "1.0.0\n", "latest", "1.0.0;rm", &long] {
            assert!(is_newer(text, "0.1.0").is_err(), "{text:?}");
            assert!(is_newer("0.1.0", text).is_err(), "{text:?}");
        }
    }
}
