//! What the programs under test log, for whoever looks for the cause of a failure.

use std::sync::Once;

use tracing_subscriber::EnvFilter;

/// Writes the log to the test's output if the variable `TEST_LOG` has a filter, such as `debug` or
/// `octoporty_server=trace`. Only the first call of a process counts.
pub(crate) fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let Ok(filter) = EnvFilter::try_from_env("TEST_LOG") else { return };
        tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().init();
    });
}
