//! Which page is shown, and who may change it: the last change wins, whoever is the last to sync.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use octoporty_core::{
    id::AgentId,
    message::{LandingOwner, LandingState, LandingSync, LandingSynced, PageDigest},
};
use sha2::{Digest, Sha256};

use super::stored::Stored;
use crate::{
    clock::SharedClock,
    pages::{LandingError, LandingPage},
};

/// A page that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LandingRefused {
    #[error(transparent)]
    Page(#[from] LandingError),
    #[error("the landing page is not UTF-8")]
    NotUtf8,
    #[error("the landing page has another digest than was said")]
    OtherDigest,
}

/// The page that is shown now. Reading it never waits.
#[derive(Debug)]
pub(crate) struct Landing {
    shown: ArcSwap<Shown>,
    /// Held while the page is replaced.
    changing: Mutex<()>,
    path: Option<PathBuf>,
    clock: SharedClock,
}

#[derive(Debug, Default)]
struct Shown {
    page: LandingPage,
    owner: Option<Owner>,
}

#[derive(Debug, Clone)]
struct Owner {
    agent: AgentId,
    words: LandingOwner,
}

impl Landing {
    /// The page of the last run, if it was kept at this path.
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        let shown = path.as_ref().and_then(|path| match Stored::read(path) {
            Ok(stored) => stored.and_then(Shown::of),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "landing page not read; the default one is shown");
                None
            }
        });
        Self {
            shown: ArcSwap::from_pointee(shown.unwrap_or_default()),
            changing: Mutex::new(()),
            path,
            clock: SharedClock::default(),
        }
    }

    /// Tells the time by this clock.
    pub(crate) fn with_clock(mut self, clock: SharedClock) -> Self {
        self.clock = clock;
        self
    }

    /// The page to show.
    pub(crate) fn page(&self) -> LandingPage {
        self.shown.load().page.clone()
    }

    /// Whose page is shown; `None` while nobody has set one.
    pub(crate) fn owner(&self) -> Option<LandingOwner> {
        self.shown.load().owner.as_ref().map(|owner| owner.words.clone())
    }

    /// Takes over what an Agent says about its page. `html` is empty when it sent the digest only. Writes a file.
    pub(crate) fn sync(
        &self,
        agent: AgentId,
        by: String,
        sync: &LandingSync,
        html: &[u8],
    ) -> Result<LandingSynced, LandingRefused> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = self.shown.load_full();
        // A clock that is ahead must not win for years.
        let changed_at_ms = sync.changed_at_ms.min(self.clock.now_ms());
        let other = shown.owner.as_ref().filter(|owner| owner.agent != agent).map(|owner| owner.words.clone());
        if sync.digest == shown.digest() {
            let before = shown.owner.as_ref().map(|owner| owner.words.changed_at_ms);
            if before.is_none_or(|before| before < changed_at_ms) {
                self.show(agent, by, changed_at_ms, shown.page.clone());
            }
            return Ok(LandingSynced { state: LandingState::Current, other });
        }
        if let Some(other) = other.as_ref().filter(|other| other.changed_at_ms >= changed_at_ms) {
            return Ok(LandingSynced { state: LandingState::Superseded, other: Some(other.clone()) });
        }
        let page = match sync.digest {
            Some(_) if html.is_empty() => return Ok(LandingSynced { state: LandingState::Wanted, other }),
            Some(digest) => checked_page(digest, html)?,
            None => LandingPage::default(),
        };
        tracing::info!(%agent, by, custom = !page.is_default(), "landing page changed");
        self.show(agent, by, changed_at_ms, page);
        Ok(LandingSynced { state: LandingState::Taken, other })
    }

    fn show(&self, agent: AgentId, by: String, changed_at_ms: u64, page: LandingPage) {
        let html = page.html();
        let stored = Stored { agent, by, changed_at_ms, html: html.as_deref().map(text_of) };
        self.keep(&stored);
        let words = LandingOwner { digest: html.as_deref().map(digest_of), by: stored.by, changed_at_ms };
        self.shown.store(Arc::new(Shown { page, owner: Some(Owner { agent, words }) }));
    }

    /// A page that cannot be kept is shown all the same: the Agent brings it again after a restart.
    fn keep(&self, stored: &Stored) {
        if let Some(path) = &self.path
            && let Err(error) = stored.write(path)
        {
            tracing::warn!(path = %path.display(), %error, "landing page not written; a restart forgets it");
        }
    }
}

impl Shown {
    fn of(stored: Stored) -> Option<Self> {
        let page = match stored.html {
            Some(html) => LandingPage::custom(html.into()).ok()?,
            None => LandingPage::default(),
        };
        let digest = page.html().map(|html| digest_of(&html));
        let words = LandingOwner { digest, by: stored.by, changed_at_ms: stored.changed_at_ms };
        Some(Self { page, owner: Some(Owner { agent: stored.agent, words }) })
    }

    fn digest(&self) -> Option<PageDigest> {
        self.owner.as_ref().and_then(|owner| owner.words.digest)
    }
}

fn checked_page(digest: PageDigest, html: &[u8]) -> Result<LandingPage, LandingRefused> {
    if std::str::from_utf8(html).is_err() {
        return Err(LandingRefused::NotUtf8);
    }
    let page = LandingPage::custom(Bytes::copy_from_slice(html))?;
    if digest_of(html) != digest {
        return Err(LandingRefused::OtherDigest);
    }
    Ok(page)
}

fn text_of(html: &[u8]) -> String {
    String::from_utf8_lossy(html).into_owned()
}

fn digest_of(html: &[u8]) -> PageDigest {
    PageDigest::new(Sha256::digest(html).into())
}
