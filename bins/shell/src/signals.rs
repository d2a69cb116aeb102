//! The signals that end a program.

/// Waits for a request to end and gives its name: `SIGTERM`, `SIGINT`, or `Ctrl-C` where there are no signals.
///
/// A signal that cannot be listened for costs a warning; the others still work.
///
/// # Cancel safety
///
/// Cancel-safe, but a signal that arrives while nobody waits is lost: once this ran, the signals no longer end the
/// process by themselves.
#[cfg(unix)]
pub async fn shutdown_signal() -> &'static str {
    use tokio::signal::unix::SignalKind;
    tokio::select! {
        () = wait(SignalKind::terminate()) => "SIGTERM",
        () = wait(SignalKind::interrupt()) => "SIGINT",
    }
}

#[cfg(unix)]
async fn wait(kind: tokio::signal::unix::SignalKind) {
    match tokio::signal::unix::signal(kind) {
        Ok(mut signal) => {
            if signal.recv().await.is_some() {
                return;
            }
        }
        Err(error) => {
            tracing::warn!(signal = kind.as_raw_value(), %error, "cannot listen for a signal");
        }
    }
    std::future::pending::<()>().await;
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
pub async fn shutdown_signal() -> &'static str {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "cannot listen for Ctrl-C");
        std::future::pending::<()>().await;
    }
    "Ctrl-C"
}
