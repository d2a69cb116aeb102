//! The landing page on its way to the Gateway.

use bytes::Bytes;
use octoporty_core::message::{
    LANDING_BYTES_MAX, LandingOwner, LandingState, LandingSync, LandingSynced, PageDigest, decode, encode_landing,
};
use sha2::{Digest, Sha256};

use super::{ControlError, call::Lanes, error::words};

/// Largest answer in bytes.
const ANSWER_BYTES_MAX: usize = 16 << 10;

/// HTML that cannot be a landing page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LandingPageError {
    /// More than [`LANDING_BYTES_MAX`] bytes (R49).
    #[error("the landing page has {bytes} bytes, at most {LANDING_BYTES_MAX} are possible")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Empty or blank.
    #[error("the landing page is empty")]
    Empty,
}

/// What an Agent's user wants to be shown on hosts without a mapping, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    html: Option<Bytes>,
    digest: Option<PageDigest>,
    changed_at_ms: u64,
}

impl Landing {
    /// A page of the user's own, changed at this moment (milliseconds since 1970, UTC).
    ///
    /// # Errors
    ///
    /// When it is blank or too large.
    pub fn custom(html: impl Into<String>, changed_at_ms: u64) -> Result<Self, LandingPageError> {
        let html: String = html.into();
        if html.len() > LANDING_BYTES_MAX {
            return Err(LandingPageError::TooLarge { bytes: html.len() });
        }
        if html.trim_ascii().is_empty() {
            return Err(LandingPageError::Empty);
        }
        let digest = PageDigest::new(Sha256::digest(&html).into());
        Ok(Self { html: Some(html.into()), digest: Some(digest), changed_at_ms })
    }

    /// The Gateway's own page, brought back at this moment.
    #[must_use]
    pub const fn reset(changed_at_ms: u64) -> Self {
        Self { html: None, digest: None, changed_at_ms }
    }

    /// The page's digest; `None` for the Gateway's own page.
    #[must_use]
    pub const fn digest(&self) -> Option<PageDigest> {
        self.digest
    }
}

/// What became of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LandingOutcome {
    /// The Gateway shows it already.
    Current,
    /// The Gateway shows it from now on.
    Taken {
        /// Another Agent's page that it replaced.
        replaced: Option<LandingOwner>,
    },
    /// Another Agent's page was changed later, and stays.
    Superseded {
        /// Whose.
        by: LandingOwner,
    },
}

/// The digest first, the page if it is wanted.
pub(super) async fn sync(lanes: &Lanes, page: &Landing) -> Result<LandingOutcome, ControlError> {
    let synced = ask(lanes, page, b"").await?;
    let html = page.html.as_deref().unwrap_or_default();
    let synced = match synced.state {
        LandingState::Wanted if !html.is_empty() => ask(lanes, page, html).await?,
        _ => synced,
    };
    match (synced.state, synced.other) {
        (LandingState::Current, _) => Ok(LandingOutcome::Current),
        (LandingState::Taken, replaced) => Ok(LandingOutcome::Taken { replaced }),
        (LandingState::Superseded, Some(by)) => Ok(LandingOutcome::Superseded { by }),
        (state, _) => Err(ControlError::Refused {
            code: "refused".to_owned(),
            message: format!("the gateway did not take the landing page, and says {state:?}"),
        }),
    }
}

async fn ask(lanes: &Lanes, page: &Landing, html: &[u8]) -> Result<LandingSynced, ControlError> {
    let sync = LandingSync { digest: page.digest, changed_at_ms: page.changed_at_ms };
    let answer = lanes.call("landing.sync", encode_landing(&sync, html), ANSWER_BYTES_MAX).await?;
    let mut synced: LandingSynced = decode("answer to a landing page", &answer)?;
    if let Some(other) = &mut synced.other {
        other.by = words(&other.by);
    }
    Ok(synced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_checked_before_it_is_sent() {
        // R49
        assert_eq!(Landing::custom(" \n", 1), Err(LandingPageError::Empty));
        let bytes = LANDING_BYTES_MAX + 1;
        assert_eq!(Landing::custom("x".repeat(bytes), 1), Err(LandingPageError::TooLarge { bytes }));
        assert!(Landing::custom("x".repeat(LANDING_BYTES_MAX), 1).is_ok());
    }
}
