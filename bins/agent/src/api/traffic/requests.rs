//! `GET /request-logs`: every exchange, by pages, newest first.

use axum::{Json, extract::State};
use octoporty_store::{Cursor, RequestFilter, StatusFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::{RequestView, SideView};
use crate::{
    api::{
        error::{Answer, FieldErrors, Problem},
        query::{Parameters, PathId},
        state::ApiState,
    },
    clock::Timestamp,
};

/// Rows of a page, unless another number is asked for.
pub(super) const LIMIT: u32 = 100;

/// Longest text that is searched for, in bytes.
const TEXT_BYTES_MAX: usize = 256;

/// Which requests.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RequestsQuery {
    mapping: Option<Uuid>,
    method: Option<String>,
    /// `404`, `4xx`, or `none` for those without an answer.
    #[param(example = "5xx", pattern = "^([1-9][0-9]{2}|[1-5](xx|XX)|none)$")]
    status: Option<String>,
    /// Those that failed there.
    #[param(inline)]
    side: Option<SideView>,
    /// Text in host, path, query, visitor's address, user agent or failure; or a request id.
    #[param(max_length = 256)]
    q: Option<String>,
    /// Those that began then or later.
    from: Option<Timestamp>,
    /// Those that began before.
    to: Option<Timestamp>,
    /// Where the last page ended.
    #[param(pattern = "^[0-9A-Fa-f]{16}$")]
    cursor: Option<String>,
    /// 1 to 1000; default 100.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// Some requests.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestList {
    /// Newest first. There may be fewer than asked for, even none, with more to come.
    requests: Vec<RequestView>,
    /// Where the next page begins; null: that was all.
    next_cursor: Option<String>,
}

/// An exchange with its header fields.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestDetail {
    #[serde(flatten)]
    request: RequestView,
    /// Names and values; secrets are masked. Null: they are kept of the last thousand requests alone.
    #[schema(value_type = Option<Vec<Vec<String>>>)]
    request_headers: Option<Vec<(String, String)>>,
    #[schema(value_type = Option<Vec<Vec<String>>>)]
    response_headers: Option<Vec<(String, String)>>,
}

/// The requests that passed, newest first.
#[utoipa::path(get, path = "/request-logs", tag = "traffic", operation_id = "list_requests", params(RequestsQuery),
    responses((status = 200, body = RequestList)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Parameters(query): Parameters<RequestsQuery>,
) -> Answer<Json<RequestList>> {
    let mut errors = FieldErrors::new();
    let mut wrong = |field: &str, text: &str| {
        errors.entry(field.to_owned()).or_default().push(text.to_owned());
    };
    let limit = limit(query.limit).unwrap_or_else(|| {
        wrong("limit", "is not from 1 to 1000");
        LIMIT
    });
    let cursor = query.cursor.as_deref().map(str::parse::<Cursor>).transpose().unwrap_or_else(|_invalid| {
        wrong("cursor", "is none that this API gave");
        None
    });
    let status = query.status.as_deref().map(status_filter).transpose().unwrap_or_else(|()| {
        wrong("status", "is neither a status such as 404, nor a class such as 4xx, nor none");
        None
    });
    if query.q.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
        wrong("q", "has more than 256 bytes");
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let filter = RequestFilter {
        mapping: query.mapping,
        method: query.method.map(|method| method.to_uppercase()),
        status,
        side: query.side.map(Into::into),
        text: query.q.filter(|text| !text.is_empty()),
        from: query.from.map(Timestamp::utc),
        to: query.to.map(Timestamp::utc),
    };
    let page = state.storage.store()?.request_log().page(&filter, cursor, limit).await?;
    let requests = page.requests.iter().map(RequestView::of).collect();
    Ok(Json(RequestList { requests, next_cursor: page.next.map(|cursor| cursor.to_string()) }))
}

/// A request with its header fields.
#[utoipa::path(get, path = "/request-logs/{id}", tag = "traffic", operation_id = "get_request",
    params(("id" = Uuid, Path)), responses((status = 200, body = RequestDetail)))]
pub(crate) async fn get(State(state): State<ApiState>, PathId(id): PathId) -> Answer<Json<RequestDetail>> {
    let found = state.storage.store()?.request_log().get(id).await?;
    let record = found.ok_or_else(|| Problem::not_found("This request is not in the log, or no more."))?;
    let request = RequestView::of(&record);
    let masked = |mut headers: Vec<(String, String)>| {
        octoporty_store::mask_headers(&mut headers);
        headers
    };
    let (request_headers, response_headers) =
        record.headers.map(|headers| (masked(headers.request), masked(headers.response))).unzip();
    Ok(Json(RequestDetail { request, request_headers, response_headers }))
}

/// A number of rows that may be asked for.
pub(super) fn limit(asked: Option<u32>) -> Option<u32> {
    let limit = asked.unwrap_or(LIMIT);
    (1..=octoporty_store::limits::PAGE_ROWS_MAX).contains(&limit).then_some(limit)
}

fn status_filter(text: &str) -> Result<StatusFilter, ()> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(StatusFilter::None);
    }
    if let Some(class) = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
        let class = class.parse::<u8>().map_err(|_not_a_number| ())?;
        return if (1..=5).contains(&class) { Ok(StatusFilter::Class(class)) } else { Err(()) };
    }
    let status = text.parse::<u16>().map_err(|_not_a_number| ())?;
    if (100..1000).contains(&status) { Ok(StatusFilter::Exactly(status)) } else { Err(()) }
}
