//! Opening a store: both databases, what is held in memory, and the tasks.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::database::{Database, Spec, beside};
use crate::inner::{Inner, Memory};
use crate::migration::{LOGS, MAIN};
use crate::request_queue::{self, RequestQueue};
use crate::sequence::Sequence;
use crate::{Health, Location, LogsFile, OpenError, ProblemKind, StoreConfig, StoreError, care, retention};

/// What the logs' file has more in its name, before the extension.
const LOGS_SUFFIX: &str = "-logs";

pub(crate) async fn open(config: StoreConfig, tasks: &TaskTracker) -> Result<Inner, OpenError> {
    let main = Spec { location: config.location.clone(), schema: &MAIN, durable: true };
    let logs = Spec { location: logs_location(&config), schema: &LOGS, durable: false };
    let main = Arc::new(Database::new(main, config.clock.clone()));
    let logs = Arc::new(Database::new(logs, config.clock.clone()));

    let memory = Arc::new(Memory::new());
    if let Err(fault) = memory.open(&main).await {
        return Err(open_error(main.fault(fault)));
    }
    if let Err(fault) = logs.open().await {
        // It is remembered as a problem, and tried again.
        let error = logs.fault(fault);
        tracing::warn!(%error, "the logs cannot be opened, going on without them");
    }

    let closing = CancellationToken::new();
    let own_tasks = TaskTracker::new();
    let spawn = |future: Pin<Box<dyn Future<Output = ()> + Send>>| {
        // Tracked twice: by whoever lets us run, and by ourselves.
        tasks.spawn(own_tasks.track_future(future));
    };
    let sequence = Arc::new(Sequence::new());
    let (requests, writer) = RequestQueue::new(&config, Arc::clone(&logs), Arc::clone(&sequence), closing.clone());
    spawn(Box::pin(request_queue::run(writer)));
    let (health, health_seen) = watch::channel(Health::default());
    spawn(Box::pin(care::follow(health, main.problem(), logs.problem(), closing.clone())));
    spawn(Box::pin(care::care(
        Arc::clone(&main),
        Arc::clone(&logs),
        Arc::clone(&memory),
        config.clone(),
        closing.clone(),
    )));
    spawn(Box::pin(retention::run(
        Arc::clone(&main),
        Arc::clone(&logs),
        Arc::clone(&memory),
        config.clone(),
        closing.clone(),
    )));

    Ok(Inner {
        main,
        logs,
        memory,
        health: health_seen,
        requests,
        sequence,
        config,
        tasks: tasks.clone(),
        own_tasks,
        _end: closing.clone().drop_guard(),
        closing,
        copying: Mutex::new(()),
    })
}

fn logs_location(config: &StoreConfig) -> Location {
    match (&config.location, config.logs) {
        (Location::File { path, access }, LogsFile::Beside) => {
            let extension = path.extension().map(|extension| extension.to_owned());
            let stem = path.with_extension("");
            let mut path: PathBuf = beside(&stem, LOGS_SUFFIX);
            if let Some(extension) = extension {
                path.as_mut_os_string().push(".");
                path.as_mut_os_string().push(extension);
            }
            Location::File { path, access: *access }
        }
        _ => Location::Memory,
    }
}

fn open_error(error: StoreError) -> OpenError {
    match error {
        StoreError::Database { kind, file, detail } => OpenError { kind, file, detail },
        other => OpenError { kind: ProblemKind::Internal, file: None, detail: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_lie_beside_the_main_file() {
        for (main, logs) in [
            ("/app/data/octoporty.db", "/app/data/octoporty-logs.db"),
            ("octoporty.db", "octoporty-logs.db"),
            ("/data/store", "/data/store-logs"),
            ("/data.d/a.b.sqlite", "/data.d/a.b-logs.sqlite"),
        ] {
            let config = StoreConfig::new(Location::file(main));
            assert_eq!(logs_location(&config), Location::file(logs), "{main}");
            assert_eq!(logs_location(&config.logs(LogsFile::Memory)), Location::Memory);
        }
        assert_eq!(logs_location(&StoreConfig::new(Location::Memory)), Location::Memory);
    }
}
