//! Reading a body of JSON, with problems that say what is wrong where.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::StatusCode,
};
use serde::de::DeserializeOwned;

use super::error::Problem;

/// A body of JSON. Its content type was checked by `origin` already.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| unreadable(&rejection))?;
        parse(&bytes).map(Self)
    }
}

/// Reads an object. What is not JSON is 400; JSON of another shape is 422.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let read = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        match error.classify() {
            serde_json::error::Category::Data => {
                // The place is told apart, so that the sentence can stand alone.
                let text = error.to_string();
                let text = text.split(" at line ").next().unwrap_or_default();
                Problem::field("body", format!("{text} ({place})"))
            }
            _ => Problem::bad_request("bad-json", format!("The body is not JSON: it breaks off or errs at {place}.")),
        }
    })?;
    // serde reads a struct from a list too, field by field.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::field("body", "is not an object"));
    }
    Ok(read)
}

fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is larger than is taken here.");
    }
    Problem::bad_request("bad-body", "The body broke off.")
}
