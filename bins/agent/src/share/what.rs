//! What is shared.

use std::{fmt, path::PathBuf, sync::Arc};

use octoporty_client::{Upstream, upstream::UpstreamTarget};

use super::{HttpShare, ServeShare, target};

/// What is shared.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A service that listens.
    Service(Service),
    /// The files of a folder.
    Folder(PathBuf),
}

/// A service that listens.
#[derive(Debug, Clone)]
pub(crate) struct Service(Arc<UpstreamTarget>);

impl Service {
    pub(super) fn upstream(&self) -> Upstream {
        Arc::clone(&self.0).into()
    }
}

impl What {
    /// The service that was named; the error names what was wrong.
    pub(crate) fn service(share: &HttpShare) -> Result<Self, String> {
        Ok(Self::Service(Service(target::parse(&share.target, share.allow_invalid_certificates)?)))
    }

    /// The folder that was named; the error names what was wrong.
    pub(crate) fn folder(share: &ServeShare) -> Result<Self, String> {
        let shown = share.folder.display();
        match std::fs::canonicalize(&share.folder) {
            Ok(folder) if folder.is_dir() => Ok(Self::Folder(folder)),
            Ok(_) => Err(format!("{shown} is no folder; allowed: the path of a folder")),
            Err(error) => Err(format!("{shown} cannot be read: {error}; allowed: the path of a folder")),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(Service(target)) => target.fmt(f),
            Self::Folder(folder) => folder.display().fmt(f),
        }
    }
}
