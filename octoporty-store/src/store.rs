//! The handle of an open store.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::database::Fault;
use crate::inner::{self, Inner};
use crate::{
    Audit, Backup, ConnectionLog, Failures, Health, Mappings, Minutes, OpenError, Pruned, RequestLog, Sessions,
    Settings, SignInFailures, StoreConfig, StoreError, Transfer, TunnelStates, backup, retention, start,
};

/// An open store. Clones are cheap and share it. Dropping the last one ends its tasks, after what is queued was written;
/// [`Store::close`] also waits for that.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Inner>);

impl Store {
    /// Opens a store, creates it if need be, and brings its schema up to date. Its tasks run on `tasks`.
    ///
    /// A main file that cannot be opened is an error. Logs that cannot be opened are not: the store works without them,
    /// says so in [`Store::health`], and tries again.
    ///
    /// # Errors
    ///
    /// When the main file cannot be opened.
    pub async fn open(config: impl Into<StoreConfig>, tasks: &TaskTracker) -> Result<Self, OpenError> {
        start::open(config.into(), tasks).await.map(|inner| Self(Arc::new(inner)))
    }

    /// The mappings.
    #[must_use]
    pub const fn mappings(&self) -> Mappings<'_> {
        Mappings(self)
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> Settings<'_> {
        Settings(self)
    }

    /// Sessions and their refresh tokens.
    #[must_use]
    pub const fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }

    /// Failed sign-ins.
    #[must_use]
    pub const fn sign_in_failures(&self) -> SignInFailures<'_> {
        SignInFailures(self)
    }

    /// Who changed what.
    #[must_use]
    pub const fn audit(&self) -> Audit<'_> {
        Audit(self)
    }

    /// Import.
    #[must_use]
    pub const fn transfer(&self) -> Transfer<'_> {
        Transfer(self)
    }

    /// The request log.
    #[must_use]
    pub const fn request_log(&self) -> RequestLog<'_> {
        RequestLog(self)
    }

    /// The connection log.
    #[must_use]
    pub const fn connection_log(&self) -> ConnectionLog<'_> {
        ConnectionLog(self)
    }

    /// What happened in each minute.
    #[must_use]
    pub const fn minutes(&self) -> Minutes<'_> {
        Minutes(self)
    }

    /// Failures, counted.
    #[must_use]
    pub const fn failures(&self) -> Failures<'_> {
        Failures(self)
    }

    /// When the tunnel was up.
    #[must_use]
    pub const fn tunnel_states(&self) -> TunnelStates<'_> {
        TunnelStates(self)
    }

    /// What is wrong now, and after each change of that.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.0.health.clone()
    }

    /// Makes a copy of the main database: mappings, settings and audit, without sessions and logs. One at a time; a
    /// second call waits for the first.
    ///
    /// # Errors
    ///
    /// What ails the database, a full disk among it.
    ///
    /// # Cancel safety
    ///
    /// A copy that is half made is removed.
    pub async fn backup(&self) -> Result<Backup, StoreError> {
        let inner = Arc::clone(&self.0);
        self.change(async move { backup::make(&inner).await }).await
    }

    /// Forgets what is past the retention. The store does so by itself each few minutes.
    ///
    /// # Errors
    ///
    /// What ails the database.
    pub async fn prune(&self) -> Result<Pruned, StoreError> {
        let inner = Arc::clone(&self.0);
        self.change_logs(async move { retention::prune(&inner.logs, &inner.config).await }).await
    }

    /// Writes what is queued, ends the tasks, and closes the files. Later calls answer [`StoreError::Closed`].
    pub async fn close(&self) {
        self.0.closing.cancel();
        self.0.own_tasks.close();
        self.0.own_tasks.wait().await;
        self.0.main.close().await;
        self.0.logs.close().await;
    }

    /// Runs a change of the main database to its end.
    pub(crate) async fn change<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        inner::change(&self.0, &self.0.main, change).await
    }

    /// Runs a change of the logs to its end.
    pub(crate) async fn change_logs<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        inner::change(&self.0, &self.0.logs, change).await
    }

    /// Reads from the main database.
    pub(crate) async fn read<T>(&self, read: impl Future<Output = Result<T, Fault>>) -> Result<T, StoreError> {
        read.await.map_err(|fault| self.0.main.fault(fault))
    }

    /// Reads from the logs.
    pub(crate) async fn read_logs<T>(&self, read: impl Future<Output = Result<T, Fault>>) -> Result<T, StoreError> {
        read.await.map_err(|fault| self.0.logs.fault(fault))
    }
}
