//! Header fields that keep a browser from doing more with an answer than it should (R48).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Everything from this origin alone, and nothing inline.
const CSP: &str = "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                   form-action 'self'";

/// For the frame that shows the landing page: what somebody wrote, so without an origin and without this API (R49).
const PREVIEW_CSP: &str = "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
                           img-src data: https:; font-src data: https:; frame-ancestors 'self'";

/// The document of that frame.
const PREVIEW_PATH: &str = "/landing-preview.html";

const FIELDS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Half a year. Sent only over TLS, where a browser heeds it.
pub(crate) const HSTS: HeaderValue = HeaderValue::from_static("max-age=15768000");

/// Adds them, where a handler has not set its own. What says nothing of caching must not be kept.
pub(crate) fn add(path: &str, headers: &mut HeaderMap) {
    if path == PREVIEW_PATH {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PREVIEW_CSP));
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    for (name, value) in FIELDS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
