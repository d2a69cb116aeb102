//! Error pages: the bodies of all problems in all forms, made once, and an answer from one of them.

use std::{sync::LazyLock, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ALLOW, CONNECTION, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use octoporty_core::id::RequestId;

use super::{Format, Problem, Rendered, html};

static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
static GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Stands where the request id goes, and is as long.
const ID_PLACE: &str = "00request00id00goes00here0000000";

/// One answer to a visitor whose request could not be passed on.
///
/// Says what happened and what to do in constant words. Only the request id differs (R10, R57).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorPage {
    problem: Problem,
    request_id: RequestId,
    retry_after_s: Option<u64>,
}

impl ErrorPage {
    /// The page for a problem of this request.
    #[must_use]
    pub fn new(problem: Problem, request_id: RequestId) -> Self {
        Self { problem, request_id, retry_after_s: problem.retry_after_s().map(u64::from) }
    }

    /// Says when another try makes sense, instead of the problem's own time. Rounded up to whole seconds.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_s = Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        self
    }

    /// The answer in the form that a request with these headers wants.
    #[must_use]
    pub fn render(&self, request: &HeaderMap) -> Rendered {
        self.render_as(Format::of_request(request))
    }

    /// The answer in this form.
    #[must_use]
    pub fn render_as(&self, format: Format) -> Rendered {
        let bodies = &BODIES[self.problem.index()];
        let (status, body) = match format {
            Format::Html => (self.problem.status(), bodies.html.with_id(self.request_id)),
            Format::Json => (self.problem.status(), bodies.json.with_id(self.request_id)),
            Format::Text => (self.problem.status(), bodies.text.with_id(self.request_id)),
            // A gRPC answer without messages is its trailers, sent as headers, under status 200.
            Format::Grpc => (StatusCode::OK, Bytes::new()),
        };
        let mut rendered = Rendered::new(status, format, self.request_id, body);
        if format == Format::Grpc {
            let title = HeaderValue::from_static(self.problem.words().title);
            rendered.headers.insert(GRPC_STATUS.clone(), self.problem.grpc_status().into());
            rendered.headers.insert(GRPC_MESSAGE.clone(), title);
        } else {
            self.add_headers(&mut rendered.headers);
        }
        rendered
    }

    /// The fields that go with a status by HTTP's rules.
    fn add_headers(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        match self.problem {
            // RFC 9110 §15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
            Problem::MethodNotAllowed => {
                let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
                headers.insert(ALLOW, methods);
            }
            // RFC 9110 §15.5.22: "The server MUST send an Upgrade header field in a 426 response".
            Problem::UpgradeRequired => {
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            _ => {}
        }
    }
}

static BODIES: LazyLock<Vec<Bodies>> =
    LazyLock::new(|| Problem::ALL.iter().map(|problem| Bodies::new(*problem)).collect());

/// The bodies of one problem.
struct Bodies {
    html: Template,
    json: Template,
    text: Template,
}

impl Bodies {
    fn new(problem: Problem) -> Self {
        let words = problem.words();
        let status = problem.status().as_u16();
        let footer = format!("{status} · Request <code>{ID_PLACE}</code>");
        let json = serde_json::json!({
            "type": "about:blank",
            "title": words.title,
            "status": status,
            "detail": words.sentence,
            "code": words.code,
            "requestId": ID_PLACE,
        });
        Self {
            html: Template::new(html::page(words.title, &[words.sentence, words.advice], &footer)),
            json: Template::new(format!("{json}\n")),
            text: Template::new(format!(
                "{status} {}\n{} {}\nRequest {ID_PLACE}\n",
                words.title, words.sentence, words.advice
            )),
        }
    }
}

/// A body with a place for the request id.
struct Template {
    body: Box<[u8]>,
    id_at: usize,
}

impl Template {
    fn new(text: String) -> Self {
        let id_at = text.find(ID_PLACE).expect("every form shows the request id");
        Self { body: text.into_bytes().into(), id_at }
    }

    fn with_id(&self, request_id: RequestId) -> Bytes {
        let mut body = self.body.to_vec();
        body[self.id_at..][..ID_PLACE.len()].copy_from_slice(&request_id.to_hex());
        body.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: RequestId = RequestId::from_u128(0x1234_5678_9abc_def0_1122_3344_5566_7788);
    const ID_TEXT: &str = "123456789abcdef01122334455667788";

    fn text(rendered: &Rendered) -> &str {
        std::str::from_utf8(&rendered.body).unwrap()
    }

    // R57
    #[test]
    fn every_form_of_every_problem_shows_the_id_once() {
        for problem in Problem::ALL {
            for format in [Format::Html, Format::Json, Format::Text] {
                let rendered = ErrorPage::new(*problem, ID).render_as(format);
                assert_eq!(rendered.status, problem.status());
                assert_eq!(text(&rendered).matches(ID_TEXT).count(), 1, "{problem:?} {format:?}");
                assert!(!text(&rendered).contains(ID_PLACE));
                assert!(rendered.body.len() < 4096);
                assert_eq!(rendered.headers["x-octoporty-request-id"], ID_TEXT);
                assert_eq!(rendered.headers["cache-control"], "no-store");
            }
        }
    }

    #[test]
    fn html_has_no_script_and_forbids_all_but_its_style() {
        let rendered = ErrorPage::new(Problem::TunnelDown, ID).render_as(Format::Html);
        let page = text(&rendered);
        assert!(page.starts_with("<!doctype html>") && page.contains("<h1>The service is not connected</h1>"));
        assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:"));
        assert!(page.contains("prefers-color-scheme:dark") && page.contains("width=device-width"));
        let policy = rendered.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline';"));
        assert_eq!(rendered.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(rendered.headers["x-content-type-options"], "nosniff");
    }

    #[test]
    fn json_is_problem_details() {
        let rendered = ErrorPage::new(Problem::NoMapping, ID).render_as(Format::Json);
        assert_eq!(rendered.headers["content-type"], "application/problem+json");
        let json: serde_json::Value = serde_json::from_slice(&rendered.body).unwrap();
        let expected = serde_json::json!({
            "type": "about:blank", "title": "Nothing is here", "status": 404,
            "detail": "No service has this address.", "code": "no-mapping", "requestId": ID_TEXT,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn plain_text_is_short() {
        let rendered = ErrorPage::new(Problem::UpstreamTimeout, ID).render_as(Format::Text);
        let expected = format!(
            "504 The service took too long\nThe service behind this address did not answer in time. \
             Try again. Whatever you sent may have been handled or not.\nRequest {ID_TEXT}\n"
        );
        assert_eq!(text(&rendered), expected);
    }

    #[test]
    fn grpc_callers_get_a_status_without_a_body() {
        let rendered = ErrorPage::new(Problem::TunnelDown, ID).render_as(Format::Grpc);
        assert_eq!(rendered.status, StatusCode::OK);
        assert!(rendered.body.is_empty());
        assert_eq!(rendered.headers["content-type"], "application/grpc");
        assert_eq!(rendered.headers["grpc-status"], "14");
        assert_eq!(rendered.headers["grpc-message"], "The service is not connected");
        assert!(!rendered.headers.contains_key("retry-after"));
    }

    #[test]
    fn the_form_is_chosen_by_the_request() {
        let request = HeaderMap::from_iter([(http::header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let rendered = ErrorPage::new(Problem::NoMapping, ID).render(&request);
        assert_eq!(rendered.headers["content-type"], "application/problem+json");
        assert_eq!(rendered.headers["vary"], "accept");
    }

    // R31
    #[test]
    fn unavailable_says_when_to_come_back() {
        let page = ErrorPage::new(Problem::TunnelDown, ID);
        assert_eq!(page.render_as(Format::Text).headers["retry-after"], "10");
        let page = page.retry_after(Duration::from_millis(2001));
        assert_eq!(page.render_as(Format::Text).headers["retry-after"], "3");
        let page = ErrorPage::new(Problem::UpstreamReset, ID);
        assert!(!page.render_as(Format::Text).headers.contains_key("retry-after"));
    }

    #[test]
    fn some_statuses_come_with_the_fields_that_http_demands() {
        let headers = |problem| ErrorPage::new(problem, ID).render_as(Format::Text).headers;
        assert_eq!(headers(Problem::MethodNotAllowed)["allow"], "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        let upgrade = headers(Problem::UpgradeRequired);
        assert_eq!(upgrade["upgrade"], "websocket");
        assert_eq!(upgrade["sec-websocket-version"], "13");
    }
}
