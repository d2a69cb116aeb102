//! Asking for an update: versions are compared on this side too (R37).

use octoporty_core::{
    message::{UpdateAnswer, UpdateRequest, UpdateStatus},
    version::{VERSION, is_newer},
};

use super::error::words;

/// Whether an update is asked for even if this Agent is not newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Force {
    /// Only forward.
    #[default]
    No,
    /// To this Agent's version, whatever the Gateway has.
    Yes,
}

/// What became of a request for an update.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdateOutcome {
    /// In a word.
    pub status: UpdateStatus,
    /// Why it was rejected: `not-newer`, `bad-version`, `not-allowed`, `too-soon`, `unavailable`; else empty.
    pub code: String,
    /// For people.
    pub message: String,
    /// This Agent's version.
    pub agent_version: String,
    /// The Gateway's version.
    pub gateway_version: String,
}

impl UpdateOutcome {
    pub(super) fn of(answer: &UpdateAnswer) -> Self {
        Self {
            status: answer.status,
            code: words(&answer.code),
            message: words(&answer.message),
            agent_version: VERSION.to_owned(),
            gateway_version: words(&answer.version),
        }
    }
}

/// The request for this Agent's version, or why there is none.
pub(super) fn compare(agent: &str, gateway: &str, force: Force) -> Result<UpdateRequest, UpdateOutcome> {
    let request = UpdateRequest { version: agent.to_owned(), force: force == Force::Yes };
    let (code, message) = match (is_newer(agent, gateway), force) {
        (Ok(true), _) | (_, Force::Yes) => return Ok(request),
        (Ok(false), Force::No) => {
            ("not-newer", format!("The agent's {agent} is not newer than the gateway's {gateway}."))
        }
        (Err(error), Force::No) => ("bad-version", format!("The versions cannot be compared: {error}.")),
    };
    Err(UpdateOutcome {
        status: UpdateStatus::Rejected,
        code: code.to_owned(),
        message,
        agent_version: agent.to_owned(),
        gateway_version: gateway.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_asked_only_forward_unless_forced() {
        // R37
        let code = |agent, gateway, force| compare(agent, gateway, force).map_err(|outcome| outcome.code);
        assert!(code("1.10.0", "1.9.0", Force::No).is_ok_and(|request| !request.force && request.version == "1.10.0"));
        assert_eq!(code("1.9.0", "1.9.0", Force::No), Err("not-newer".to_owned()));
        assert_eq!(code("1.9.0", "1.10.0", Force::No), Err("not-newer".to_owned()));
        assert_eq!(code("1.9.0", "nonsense", Force::No), Err("bad-version".to_owned()));
        assert!(code("1.9.0", "1.10.0", Force::Yes).is_ok_and(|request| request.force));
    }
}
