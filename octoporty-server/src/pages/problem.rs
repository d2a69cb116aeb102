//! Every problem that a visitor can meet at the Gateway, with the words for it.

use http::StatusCode;

/// What a problem is called and what is said about it.
pub(super) struct Words {
    /// For programs: stable, in kebab case.
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    /// What happened.
    pub(super) sentence: &'static str,
    /// What the visitor can do.
    pub(super) advice: &'static str,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $code:literal, $title:literal, $sentence:literal, $advice:literal;)*) => {
        /// Why the Gateway answers by itself. The status code and the words follow from it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Problem {
            $($(#[$doc])* $name,)*
        }

        impl Problem {
            /// Every problem, in the order of their discriminants.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The status of the answer.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)*
                }
            }

            pub(super) const fn words(self) -> Words {
                match self {
                    $(Self::$name => Words { code: $code, title: $title, sentence: $sentence, advice: $advice },)*
                }
            }
        }
    };
}

problems! {
    /// The request broke the rules of HTTP.
    BadRequest = BAD_REQUEST, "bad-request", "The request is malformed",
        "The request does not follow the rules of HTTP, so it was not passed on.",
        "Another browser or a newer version of your program may help.";
    /// The host has no mapping.
    NoMapping = NOT_FOUND, "no-mapping", "Nothing is here",
        "No service has this address.",
        "Check the address for a typing mistake, or ask whoever gave it to you.";
    /// A path of the Gateway itself that does not exist.
    NotFound = NOT_FOUND, "not-found", "Nothing is here",
        "There is no page at this address.",
        "Check the address for a typing mistake.";
    /// The method is never passed on: `CONNECT` and `TRACE` (R07).
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method-not-allowed", "This method is not allowed",
        "Requests with this method are not passed on.",
        "Use another method, such as GET or POST.";
    /// The request did not arrive in time.
    RequestTimeout = REQUEST_TIMEOUT, "request-timeout", "The request took too long",
        "The request did not arrive completely in time.",
        "Check your connection, then try again.";
    /// The body is over a limit.
    ContentTooLarge = PAYLOAD_TOO_LARGE, "content-too-large", "The request is too large",
        "The content of the request is larger than this server takes.",
        "Send less at once.";
    /// The request target is over its limit.
    UriTooLong = URI_TOO_LONG, "uri-too-long", "The address is too long",
        "The address of the request is longer than this server takes.",
        "Shorten the address, or send its parameters in the body of the request.";
    /// The request expects something of its handling that is not known (RFC 9110 §10.1.1).
    ExpectationFailed = EXPECTATION_FAILED, "expectation-failed", "This expectation is not known",
        "The request expects a kind of handling that is not known here.",
        "Another browser or a newer version of your program may help.";
    /// A WebSocket request with another version than 13 (RFC 6455 §4.2.2), or none where only WebSocket is spoken.
    UpgradeRequired = UPGRADE_REQUIRED, "upgrade-required", "Only WebSocket is spoken here",
        "This address answers to WebSocket version 13 only.",
        "Connect with a WebSocket client.";
    /// The header section is over a limit.
    HeadersTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE, "headers-too-large", "The request has too many headers",
        "The headers of the request are larger than this server takes.",
        "Delete the cookies of this site, then try again.";
    /// The Gateway itself failed.
    Internal = INTERNAL_SERVER_ERROR, "internal-error", "Something went wrong here",
        "The Gateway could not handle the request. The cause is in its log.",
        "Try again. If it happens again, pass on the request id below.";
    /// Something that HTTP has and the Gateway does not speak (R02).
    NotImplemented = NOT_IMPLEMENTED, "not-implemented", "This is not supported",
        "The request uses a part of HTTP that is not supported here.",
        "Another browser or a newer version of your program may help.";
    /// No connection to the upstream could be made.
    UpstreamUnreachable = BAD_GATEWAY, "upstream-unreachable", "The service does not answer",
        "This address works, but the service behind it refused the connection or could not be reached.",
        "It may be starting. Try again in a minute.";
    /// The upstream broke off before its answer was there.
    UpstreamReset = BAD_GATEWAY, "upstream-reset", "The service broke off",
        "The service behind this address closed the connection before it had answered.",
        "Try again. Whatever you sent may have been handled or not.";
    /// What the upstream sent is not HTTP (R16).
    UpstreamInvalid = BAD_GATEWAY, "upstream-invalid", "The service sent a wrong answer",
        "The service behind this address sent an answer that is not valid HTTP.",
        "Try again. If it happens again, pass on the request id below.";
    /// The tunnel was lost after the request had been sent (R31).
    TunnelLost = BAD_GATEWAY, "tunnel-lost", "The connection to the service was lost",
        "The connection was lost while the service was handling the request.",
        "Try again. Whatever you sent may have been handled or not.";
    /// There is no tunnel to the Agent of this host.
    TunnelDown = SERVICE_UNAVAILABLE, "tunnel-down", "The service is not connected",
        "This address works, but the connection to the service behind it is down. It comes back by itself.",
        "Try again in a minute.";
    /// The Gateway or the Agent is about to restart.
    Draining = SERVICE_UNAVAILABLE, "draining", "A restart is under way",
        "This server is restarting and takes no new requests for a moment.",
        "Try again in a few seconds.";
    /// A limit on what goes on at once is reached (R20).
    Overloaded = SERVICE_UNAVAILABLE, "overloaded", "Too much is going on",
        "This server handles as many requests as it can right now.",
        "Try again in a few seconds.";
    /// The upstream was too slow.
    UpstreamTimeout = GATEWAY_TIMEOUT, "upstream-timeout", "The service took too long",
        "The service behind this address did not answer in time.",
        "Try again. Whatever you sent may have been handled or not.";
    /// Another version of HTTP than 1.0, 1.1 and 2.
    VersionNotSupported = HTTP_VERSION_NOT_SUPPORTED, "version-not-supported", "This version of HTTP is not supported",
        "HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here.",
        "Another browser or a newer version of your program may help.";
}

impl Problem {
    /// The name of this problem for programs and logs: stable, in kebab case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.words().code
    }

    /// After how many seconds another try makes sense, for those problems that pass by themselves.
    #[must_use]
    pub const fn retry_after_s(self) -> Option<u32> {
        match self {
            // An Agent that lost its tunnel dials again within seconds.
            Self::TunnelDown => Some(10),
            Self::Draining | Self::Overloaded => Some(5),
            _ => None,
        }
    }

    /// The gRPC status code that stands for this problem, after gRPC's mapping of HTTP statuses where that has one.
    #[must_use]
    pub(super) const fn grpc_status(self) -> u16 {
        const UNKNOWN: u16 = 2;
        const DEADLINE_EXCEEDED: u16 = 4;
        const RESOURCE_EXHAUSTED: u16 = 8;
        const UNIMPLEMENTED: u16 = 12;
        const INTERNAL: u16 = 13;
        const UNAVAILABLE: u16 = 14;
        match self.status().as_u16() {
            400 | 500 => INTERNAL,
            404 | 405 | 501 | 505 => UNIMPLEMENTED,
            408 | 504 => DEADLINE_EXCEEDED,
            413 | 414 | 431 => RESOURCE_EXHAUSTED,
            502 | 503 => UNAVAILABLE,
            _ => UNKNOWN,
        }
    }

    /// The place of this problem in [`ALL`](Self::ALL).
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_kebab_case() {
        let mut codes: Vec<&str> = Problem::ALL.iter().map(|problem| problem.code()).collect();
        assert!(codes.iter().all(|code| { code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') }));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Problem::ALL.len());
    }

    #[test]
    fn each_problem_is_found_at_its_index() {
        assert!(Problem::ALL.iter().enumerate().all(|(index, problem)| problem.index() == index));
    }

    #[test]
    fn every_status_of_the_edge_has_a_problem() {
        for status in [400, 404, 405, 408, 413, 414, 417, 426, 431, 500, 501, 502, 503, 504, 505] {
            assert!(Problem::ALL.iter().any(|problem| problem.status().as_u16() == status), "{status}");
        }
    }

    #[test]
    fn words_need_no_escaping_in_any_form() {
        for problem in Problem::ALL {
            let words = problem.words();
            for text in [words.title, words.sentence, words.advice] {
                assert!(
                    text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !b"<>&\"'%\\".contains(&byte)),
                    "{text}"
                );
            }
            assert!(words.sentence.ends_with('.') && words.advice.ends_with('.'));
        }
    }

    #[test]
    fn what_is_unavailable_says_when_to_come_back() {
        for problem in Problem::ALL {
            assert_eq!(problem.retry_after_s().is_some(), problem.status() == StatusCode::SERVICE_UNAVAILABLE);
        }
    }

    #[test]
    fn grpc_statuses_follow_grpcs_mapping() {
        let check = |problem: Problem, expected: u16| {
            assert_eq!(problem.grpc_status(), expected, "{problem:?}");
        };
        check(Problem::BadRequest, 13);
        check(Problem::NoMapping, 12);
        check(Problem::ContentTooLarge, 8);
        check(Problem::UpstreamUnreachable, 14);
        check(Problem::TunnelDown, 14);
        check(Problem::UpstreamTimeout, 4);
        check(Problem::UpgradeRequired, 2);
    }
}
