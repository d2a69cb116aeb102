//! Header fields that keep a browser from doing more with an answer than it should (R48).

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Scripts from this origin alone and none inline; styles may be set by scripts, which some parts of the dashboard do.
/// The preview of the landing page is a sandboxed frame without an origin (R49).
const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                   font-src 'self'; connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; \
                   frame-ancestors 'none'; form-action 'self'";

const FIELDS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Half a year. Sent only over TLS, where a browser heeds it.
pub(crate) const HSTS: HeaderValue = HeaderValue::from_static("max-age=15768000");

/// Adds them, where a handler has not set its own. What says nothing of caching must not be kept.
pub(crate) fn add(headers: &mut HeaderMap) {
    for (name, value) in FIELDS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
