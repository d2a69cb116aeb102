//! The landing page: what the Gateway shows on its own host, and on hosts without a mapping.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY},
};
use octoporty_core::id::RequestId;
pub use octoporty_core::message::LANDING_BYTES_MAX;

use super::{ErrorPage, Format, Problem, Rendered, html};

/// What a page written by a user may do. `sandbox` takes its origin and its scripts away, so that it can harm neither
/// the Gateway nor a mapped host (R49).
const CUSTOM_POLICY: HeaderValue = HeaderValue::from_static("sandbox allow-popups");

const TITLE: &str = "An Octoporty Gateway answers here";
const SENTENCE: &str = "It leads visitors of public addresses to services in private networks.";
const ADVICE: &str = "If you expected a website, check the address for a typing mistake.";

static HTML: LazyLock<Bytes> = LazyLock::new(|| html::page(TITLE, &[SENTENCE, ADVICE], "Octoporty").into());
static JSON: LazyLock<Bytes> = LazyLock::new(|| {
    let json = serde_json::json!({ "name": "Octoporty Gateway", "message": format!("{TITLE}.") });
    format!("{json}\n").into()
});
static TEXT: LazyLock<Bytes> = LazyLock::new(|| format!("{TITLE}.\n").into());

/// A text that cannot be a landing page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LandingError {
    /// The page is larger than [`LANDING_BYTES_MAX`].
    #[error("the landing page has {bytes} bytes, at most {LANDING_BYTES_MAX} are possible")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The page is empty or blank.
    #[error("the landing page is empty")]
    Empty,
}

/// On whose host the landing page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LandingHost {
    /// The Gateway's own: 200.
    Own,
    /// One without a mapping: 404.
    Unknown,
}

/// The page itself: the default one, or a user's HTML. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LandingPage {
    custom: Option<Bytes>,
}

impl LandingPage {
    /// A page that a user wrote. Shown to browsers as it is; other callers get the same as from the default page.
    ///
    /// # Errors
    ///
    /// When the page is blank or too large.
    pub fn custom(html: Bytes) -> Result<Self, LandingError> {
        if html.len() > LANDING_BYTES_MAX {
            return Err(LandingError::TooLarge { bytes: html.len() });
        }
        if html.trim_ascii().is_empty() {
            return Err(LandingError::Empty);
        }
        Ok(Self { custom: Some(html) })
    }

    /// Whether this is the default page.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.custom.is_none()
    }

    /// What the user wrote; `None` for the default page.
    #[must_use]
    pub fn html(&self) -> Option<Bytes> {
        self.custom.clone()
    }

    /// The default page as browsers get it on the Gateway's own host.
    #[must_use]
    pub fn default_html() -> Bytes {
        Bytes::clone(&HTML)
    }

    /// The answer in the form that a request with these headers wants. Constant but for the request id (R10).
    #[must_use]
    pub fn render(&self, host: LandingHost, request: &HeaderMap, request_id: RequestId) -> Rendered {
        let format = Format::of_request(request);
        if let (Some(html), Format::Html) = (&self.custom, format) {
            return render_custom(html, host, request_id);
        }
        let body = match (host, format) {
            (LandingHost::Unknown, _) | (LandingHost::Own, Format::Grpc) => {
                return ErrorPage::new(Problem::NoMapping, request_id).render_as(format);
            }
            (LandingHost::Own, Format::Html) => &HTML,
            (LandingHost::Own, Format::Json) => &JSON,
            (LandingHost::Own, Format::Text) => &TEXT,
        };
        Rendered::new(StatusCode::OK, format, request_id, Bytes::clone(body))
    }
}

fn render_custom(html: &Bytes, host: LandingHost, request_id: RequestId) -> Rendered {
    let status = match host {
        LandingHost::Own => StatusCode::OK,
        LandingHost::Unknown => StatusCode::NOT_FOUND,
    };
    let mut rendered = Rendered::new(status, Format::Html, request_id, html.clone());
    rendered.headers.insert(CONTENT_SECURITY_POLICY, CUSTOM_POLICY);
    // The page may link to where its author likes; other sites need not learn more than the host.
    rendered.headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    rendered
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, CONTENT_TYPE};

    use super::*;

    const ID: RequestId = RequestId::from_u128(7);

    fn render(page: &LandingPage, host: LandingHost, accept: &'static str) -> Rendered {
        let request = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        page.render(host, &request, ID)
    }

    fn check(host: LandingHost, accept: &'static str, status: u16, content_type: &str, contains: &str) {
        let rendered = render(&LandingPage::default(), host, accept);
        assert_eq!(rendered.status, status);
        assert_eq!(rendered.headers[CONTENT_TYPE], content_type);
        let body = std::str::from_utf8(&rendered.body).unwrap();
        assert!(body.contains(contains), "{body}");
    }

    #[test]
    fn the_gateways_own_host_shows_what_answers() {
        let own = LandingHost::Own;
        check(own, "text/html", 200, "text/html; charset=utf-8", "<h1>An Octoporty Gateway answers here</h1>");
        check(own, "application/json", 200, "application/json", "\"name\":\"Octoporty Gateway\"");
        check(own, "*/*", 200, "text/plain; charset=utf-8", "An Octoporty Gateway answers here.\n");
    }

    // R10
    #[test]
    fn a_host_without_a_mapping_is_not_found() {
        let unknown = LandingHost::Unknown;
        check(unknown, "text/html", 404, "text/html; charset=utf-8", "No service has this address.");
        check(unknown, "application/json", 404, "application/problem+json", "\"code\":\"no-mapping\"");
        check(unknown, "*/*", 404, "text/plain; charset=utf-8", "404 Nothing is here");
    }

    // R49
    #[test]
    fn a_users_page_is_shown_in_a_sandbox() {
        let page = LandingPage::custom(Bytes::from_static(b"<h1>Hello</h1>")).unwrap();
        for (host, status) in [(LandingHost::Own, 200), (LandingHost::Unknown, 404)] {
            let rendered = render(&page, host, "text/html");
            assert_eq!((rendered.status.as_u16(), &rendered.body[..]), (status, &b"<h1>Hello</h1>"[..]));
            assert_eq!(rendered.headers[CONTENT_SECURITY_POLICY], "sandbox allow-popups");
            assert_eq!(rendered.headers["x-content-type-options"], "nosniff");
        }
        assert_eq!(render(&page, LandingHost::Unknown, "application/json").status, 404);
        assert!(!page.is_default() && LandingPage::default().is_default());
    }

    // R49
    #[test]
    fn a_users_page_is_taken_up_to_its_limit() {
        assert!(LandingPage::custom(vec![b'x'; LANDING_BYTES_MAX].into()).is_ok());
        let bytes = LANDING_BYTES_MAX + 1;
        assert_eq!(LandingPage::custom(vec![b'x'; bytes].into()), Err(LandingError::TooLarge { bytes }));
        assert_eq!(LandingPage::custom(Bytes::from_static(b" \n")), Err(LandingError::Empty));
    }

    #[test]
    fn grpc_callers_learn_that_nothing_is_here() {
        let request = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/grpc"))]);
        for host in [LandingHost::Own, LandingHost::Unknown] {
            let rendered = LandingPage::default().render(host, &request, ID);
            assert_eq!(rendered.headers["grpc-status"], "12");
        }
    }
}
