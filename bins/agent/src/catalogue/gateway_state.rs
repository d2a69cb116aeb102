//! How the Gateway took a mapping.

use octoporty_client::{ConnectionState, Status};

use super::entries::Entry;
use crate::clock::Timestamp;

/// Where a mapping stands at the Gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Visitors reach it.
    Live,
    /// The Gateway has not said yet, or the tunnel is down.
    Pending,
    /// The Gateway does not take it, or it cannot be served.
    Refused,
    /// It is off.
    Off,
}

/// Where a mapping stands at the Gateway, why, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GatewayState {
    pub(crate) place: Place,
    pub(crate) reason: Option<String>,
    pub(crate) since: Timestamp,
}

const DOWN: &str = "The tunnel is down. The mapping is saved, and goes live when the tunnel is back.";
const ASKED: &str = "The Gateway has not confirmed it yet.";
const UNNAMED: &str = "The Gateway refused more mappings than it named, and this may be one of them.";
const SHADOWED: &str = "The configuration has a mapping of the same domain, which is the one that counts.";

impl GatewayState {
    /// What the tunnel's status means for an entry, which is as it is now since this `revision` of the Agent's mappings.
    pub(super) fn of(entry: &Entry, status: &Status, revision: u64, shadowed: bool) -> (Place, Option<String>) {
        if !entry.settings().enabled {
            return (Place::Off, None);
        }
        if let Err(reason) = &entry.built {
            return (Place::Refused, Some(reason.clone()));
        }
        if shadowed {
            return (Place::Refused, Some(SHADOWED.to_owned()));
        }
        if status.state != ConnectionState::Connected {
            return (Place::Pending, Some(DOWN.to_owned()));
        }
        if status.synced < Some(revision) {
            return (Place::Pending, Some(ASKED.to_owned()));
        }
        let id = entry.id().as_u128();
        match status.problems.iter().find(|problem| problem.id.as_u128() == id) {
            Some(problem) => (Place::Refused, Some(sentence(&problem.message))),
            None if status.unnamed_problems > 0 => (Place::Pending, Some(UNNAMED.to_owned())),
            None => (Place::Live, None),
        }
    }
}

/// What a Gateway says, as a sentence and without what could steer a terminal (R50).
fn sentence(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}
