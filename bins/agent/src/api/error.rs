//! What goes wrong, as problem details (RFC 9457). Handlers give a [`Problem`]; the request's id is filled in on the
//! way out, by `request_id`.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What is wrong with each field of an input.
pub(crate) type FieldErrors = BTreeMap<String, Vec<String>>;

/// A refusal or a failure, as the API tells it. Internals go to the log, never in here (R57).
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    details: Box<Details>,
}

#[derive(Debug, Clone, Default)]
struct Details {
    code: &'static str,
    message: String,
    errors: FieldErrors,
    retry_after: Option<Duration>,
    tries_left: Option<u32>,
    next_lock: Option<Duration>,
}

/// Problem details as they are sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemDetails {
    /// Always `about:blank`: `code` tells problems apart.
    #[schema(example = "about:blank")]
    pub(crate) r#type: &'static str,
    /// The status in words.
    #[schema(example = "Unauthorized")]
    pub(crate) title: String,
    /// The status.
    #[schema(example = 401)]
    pub(crate) status: u16,
    /// The sentence for a person.
    pub(crate) detail: String,
    /// The same sentence, under the name that this API has always had for it.
    pub(crate) message: String,
    /// A stable word for programs.
    #[schema(example = "not-signed-in")]
    pub(crate) code: &'static str,
    /// The request's id, which the log has too.
    pub(crate) request_id: String,
    /// What is wrong with each field, where input was refused.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    pub(crate) errors: FieldErrors,
    /// Seconds until it is worth trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_seconds: Option<u64>,
    /// Passwords that may still be tried before the next lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tries_left: Option<u32>,
    /// How long the next lock will last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_lock_seconds: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, details: Box::new(Details { code, message: message.into(), ..Details::default() }) }
    }

    /// 400: the request cannot be read.
    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 404.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    /// 422 with what is wrong with each field.
    pub(crate) fn invalid(errors: FieldErrors) -> Self {
        let first = errors.iter().find_map(|(field, texts)| Some((field, texts.first()?)));
        let message = match (first, errors.len()) {
            (Some((field, text)), 1) => format!("{field}: {text}."),
            _ => format!("{} fields cannot be taken as they are.", errors.len()),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation-failed", message);
        problem.details.errors = errors;
        problem
    }

    /// 422 for one field.
    pub(crate) fn field(field: &str, text: impl Into<String>) -> Self {
        Self::invalid(BTreeMap::from([(field.to_owned(), vec![text.into()])]))
    }

    /// 500. What happened was logged; the person gets the request's id.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal-error",
            "The Agent could not do this. Its log tells why, under the id of this request.",
        )
    }

    /// With what is wrong with each field.
    pub(crate) fn with_errors(mut self, errors: FieldErrors) -> Self {
        self.details.errors = errors;
        self
    }

    /// With a time after which it is worth trying again.
    pub(crate) fn retry_after(mut self, duration: Duration) -> Self {
        self.details.retry_after = Some(duration);
        self
    }

    /// With what a person who mistyped a password should know.
    pub(crate) fn next_lock(mut self, tries_left: Option<u32>, lock: Duration) -> Self {
        self.details.tries_left = tries_left;
        self.details.next_lock = Some(lock);
        self
    }

    /// The answer, with the request's id.
    pub(crate) fn render(self, request_id: &str) -> Response {
        let Details { code, message, errors, retry_after, tries_left, next_lock } = *self.details;
        let body = ProblemDetails {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: message.clone(),
            message,
            code,
            request_id: request_id.to_owned(),
            errors,
            retry_after_seconds: retry_after.map(seconds_up),
            tries_left,
            next_lock_seconds: next_lock.map(seconds_up),
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds_up(wait)));
        }
        response
    }
}

/// Whole seconds, at least one: a wait of 0.4 s is not over after 0.
fn seconds_up(duration: Duration) -> u64 {
    let whole = duration.as_secs();
    if duration.subsec_nanos() > 0 || whole == 0 { whole + 1 } else { whole }
}

impl IntoResponse for Problem {
    /// An answer without a body, which `request_id` renders.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What a handler gives.
pub(crate) type Answer<T> = Result<T, Problem>;
