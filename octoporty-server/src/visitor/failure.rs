//! From what went wrong to what the visitor is told. One place, so that the answer follows from the side.

use http::HeaderMap;
use octoporty_core::{
    frame::{Reset, ResetCode, Side},
    http1::VerdictQueue,
    id::RequestId,
    proto::OpenError,
    proxy::ExchangeError,
};

use crate::pages::{ErrorPage, Problem, Rendered};

/// The problem that an exchange without an answer is.
pub(super) const fn problem_of(error: &ExchangeError) -> Problem {
    match error {
        ExchangeError::NotSent(OpenError::NoRoom) => Problem::Overloaded,
        ExchangeError::NotSent(OpenError::TooLarge { .. }) => Problem::HeadersTooLarge,
        ExchangeError::NotSent(_) => Problem::TunnelDown,
        ExchangeError::Lost(_) => Problem::TunnelLost,
        ExchangeError::Reset(reset) => problem_of_reset(reset),
        _ => Problem::UpstreamInvalid,
    }
}

const fn problem_of_reset(reset: &Reset) -> Problem {
    match (reset.code, reset.side) {
        (ResetCode::Timeout, Side::Visitor) => Problem::RequestTimeout,
        (ResetCode::Timeout, _) => Problem::UpstreamTimeout,
        (ResetCode::Unreachable | ResetCode::Forbidden, _) => Problem::UpstreamUnreachable,
        (ResetCode::BadAnswer, _) => Problem::UpstreamInvalid,
        (ResetCode::TooLarge, _) => Problem::ContentTooLarge,
        (ResetCode::BadRequest, _) => Problem::BadRequest,
        (ResetCode::NoMapping, _) => Problem::NoMapping,
        (ResetCode::Refused, _) => Problem::Draining,
        (ResetCode::Internal, _) => Problem::Internal,
        _ => Problem::UpstreamReset,
    }
}

/// The problem that a refused head is.
pub(super) const fn problem_of_status(status: u16) -> Problem {
    match status {
        405 => Problem::MethodNotAllowed,
        408 => Problem::RequestTimeout,
        413 => Problem::ContentTooLarge,
        414 => Problem::UriTooLong,
        417 => Problem::ExpectationFailed,
        426 => Problem::UpgradeRequired,
        431 => Problem::HeadersTooLarge,
        501 => Problem::NotImplemented,
        505 => Problem::VersionNotSupported,
        _ => Problem::BadRequest,
    }
}

/// The page for an exchange that failed. What was wrong with the visitor's own body, if anything, comes first.
pub(super) fn page(
    error: &ExchangeError,
    verdicts: Option<&VerdictQueue>,
    accept: &HeaderMap,
    id: RequestId,
) -> Rendered {
    let body_error = verdicts.and_then(VerdictQueue::body_error);
    let problem = body_error.map_or_else(|| problem_of(error), |error| problem_of_status(error.status()));
    ErrorPage::new(problem, id).render(accept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sent_says_why() {
        let check = |error: OpenError, problem: Problem| {
            assert_eq!(problem_of(&ExchangeError::NotSent(error.clone())), problem, "{error:?}");
        };
        // R20
        check(OpenError::NoRoom, Problem::Overloaded);
        check(OpenError::TooLarge { what: "head", limit: 1, actual: 2 }, Problem::HeadersTooLarge);
        check(OpenError::Draining, Problem::TunnelDown);
    }
}
