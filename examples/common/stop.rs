//! When an example stops, and what it says.

use std::{
    fmt,
    io::{self, Write as _},
    time::Duration,
};

/// How long open requests have to finish when an example is stopped: long enough for a page, short enough for whoever
/// waits at a terminal.
pub const DRAIN_PERIOD: Duration = Duration::from_secs(5);

/// Prints a line.
///
/// # Errors
///
/// Nobody reads any more.
pub fn say(line: impl fmt::Display) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Ends on Ctrl-C or SIGTERM. The handlers are in place when this returns, before the future is first polled.
///
/// # Errors
///
/// The system takes no handlers.
#[cfg(unix)]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends on Ctrl-C.
///
/// # Errors
///
/// Never here.
#[cfg(not(unix))]
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
