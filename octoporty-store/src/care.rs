//! Looking after the databases: what is wrong with both in one place, and tries to make it right again.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::database::{Database, Fault, Writer};
use crate::inner::Memory;
use crate::{Health, Problem, StoreConfig, retention};

/// How often a database that is well is looked at, and one that is not is tried again. A look is two calls of the
/// system.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Keeps the health of the whole in step with that of its parts.
pub(crate) async fn follow(
    health: watch::Sender<Health>,
    mut main: watch::Receiver<Option<Problem>>,
    mut logs: watch::Receiver<Option<Problem>>,
    closing: CancellationToken,
) {
    loop {
        let now = Health { main: main.borrow_and_update().clone(), logs: logs.borrow_and_update().clone() };
        health.send_if_modified(|health| {
            let changed = *health != now;
            *health = now;
            changed
        });
        let ended = tokio::select! {
            () = closing.cancelled() => true,
            changed = main.changed() => changed.is_err(),
            changed = logs.changed() => changed.is_err(),
        };
        if ended {
            return;
        }
    }
}

/// Tries databases again with which something is wrong, and puts back or opens anew what was deleted or replaced.
pub(crate) async fn care(
    main: Arc<Database>,
    logs: Arc<Database>,
    memory: Arc<Memory>,
    config: StoreConfig,
    closing: CancellationToken,
) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = closing.cancelled() => return,
            _now = ticks.tick() => {}
        }
        if main.needs_care()
            && let Err(fault) = try_main(&main, &memory).await
        {
            let _told_as_health = main.fault(fault);
        }
        // Ended while the disk could not be written.
        if !memory.sessions.dead().is_empty()
            && let Err(fault) = retention::forget_sessions(&main, &memory, &config).await
        {
            let _told_as_health = main.fault(fault);
        }
        if logs.needs_care()
            && let Err(fault) = try_logs(&logs).await
        {
            let _told_as_health = logs.fault(fault);
        }
    }
}

async fn try_main(main: &Arc<Database>, memory: &Memory) -> Result<(), Fault> {
    probe(memory.writer(main).await?).await
}

async fn try_logs(logs: &Arc<Database>) -> Result<(), Fault> {
    probe(logs.writer().await?).await
}

/// Writes a page that has to be written anyway to know whether one can: the same version into the header.
async fn probe(writer: Writer) -> Result<(), Fault> {
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA user_version");
    let row = writer.transaction().query_one_raw(statement).await?;
    let version: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
    writer.transaction().execute_unprepared(&format!("PRAGMA user_version = {version}")).await?;
    let _turn = writer.commit().await?;
    Ok(())
}
