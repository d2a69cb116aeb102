//! The landing page: set at an Agent, shown by the Gateway, synced by digest.
//!
//! The last *change* wins, whoever comes last: Agents that reconnect do not fight over the page.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{MessageError, decode_next, encode};

/// Largest landing page in bytes (R49): it is held in memory and sent to anybody who asks.
pub const LANDING_BYTES_MAX: usize = 1 << 20;

/// Largest body of a `landing.sync` call: a page, and the map before it.
pub const LANDING_SYNC_BYTES_MAX: usize = LANDING_BYTES_MAX + 1024;

/// The SHA-256 digest of a page; shown as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageDigest([u8; 32]);

/// Text that is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest has 64 hex digits")]
pub struct ParseDigestError;

impl PageDigest {
    /// A digest of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for PageDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PageDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageDigest({self})")
    }
}

impl FromStr for PageDigest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, ParseDigestError> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseDigestError);
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..][..2], 16).map_err(|_not_hex| ParseDigestError)?;
        }
        Ok(Self(bytes))
    }
}

/// 32 bytes in binary formats, 64 hex digits in readable ones.
impl Serialize for PageDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for PageDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(DigestVisitor)
        } else {
            deserializer.deserialize_bytes(DigestVisitor)
        }
    }
}

struct DigestVisitor;

impl de::Visitor<'_> for DigestVisitor {
    type Value = PageDigest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("32 bytes or 64 hex digits")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<PageDigest, E> {
        let bytes = bytes.try_into().map_err(|_wrong_length| E::invalid_length(bytes.len(), &self))?;
        Ok(PageDigest(bytes))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<PageDigest, E> {
        text.parse().map_err(E::custom)
    }
}

/// What an Agent says about its landing page in `landing.sync`. The page itself may follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandingSync {
    /// The page; absent to bring back the Gateway's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<PageDigest>,
    /// When its user changed it, in milliseconds since 1970 (UTC). A time to come counts as now.
    pub changed_at_ms: u64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LandingState {
    /// The Gateway shows this page already.
    Current,
    /// The Gateway would take the page but has only its digest: call again with the page.
    Wanted,
    /// The Gateway shows this page from now on.
    Taken,
    /// Another Agent's page was changed later, and stays.
    Superseded,
    /// A state that this version does not know.
    #[serde(other)]
    Other,
}

/// Whose page it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandingOwner {
    /// The page; absent for the Gateway's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<PageDigest>,
    /// The name of the Agent that set it.
    #[serde(default)]
    pub by: String,
    /// When it was changed, in milliseconds since 1970 (UTC).
    #[serde(default)]
    pub changed_at_ms: u64,
}

/// The answer to `landing.sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandingSynced {
    /// What became of the page.
    pub state: LandingState,
    /// Another Agent's page: the one that was replaced, or the one that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<LandingOwner>,
}

/// The body of `landing.sync`: the map, and the page behind it if it is sent. HTML of any size is no MessagePack text.
#[must_use]
pub fn encode_landing(sync: &LandingSync, html: &[u8]) -> Vec<u8> {
    let mut body = encode(sync);
    body.extend_from_slice(html);
    body
}

/// Reads the body of `landing.sync`; the page is empty if it was not sent.
///
/// # Errors
///
/// When there is no map.
pub fn decode_landing(body: &[u8]) -> Result<(LandingSync, &[u8]), MessageError> {
    let mut rest = body;
    let sync = decode_next("landing page", &mut rest)?;
    Ok((sync, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_hex_for_people_and_bytes_on_the_wire() {
        let digest = PageDigest::new(std::array::from_fn(|index| u8::try_from(index).unwrap()));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!(digest.to_string().starts_with("000102"));
        for text in ["", "00", &"g".repeat(64), &"ä".repeat(32)] {
            assert_eq!(text.parse::<PageDigest>(), Err(ParseDigestError), "{text}");
        }
        let sync = LandingSync { digest: Some(digest), changed_at_ms: 5 };
        let body = encode_landing(&sync, b"<h1>");
        assert_eq!(decode_landing(&body), Ok((sync, &b"<h1>"[..])));
    }
}
