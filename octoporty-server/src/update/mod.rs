//! Updates that Agents ask for (R37): the Gateway only writes a file, which a watcher on the host takes away and acts on.
//!
//! ```text
//!   Agent ── update.request ──► Gateway ── signal file ──► watcher on the host ── pulls, restarts, checks, rolls back
//! ```

mod remote;
mod signal;

pub(crate) use remote::Updates;

#[cfg(test)]
mod tests;
