//! Which bodies are worth compressing inside the tunnel.

use http::{HeaderMap, header};

/// Whether a body with these fields may shrink: a textual type, and not encoded already.
#[must_use]
pub fn is_compressible(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::CONTENT_ENCODING)
        && headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(is_compressible_type)
}

/// Whether a body of this `Content-Type` may shrink, if it is not encoded.
#[must_use]
pub fn is_compressible_type(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is = |prefix: &str| kind.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    // Events are small and want to be early; a block that waits for company would not help them.
    if is("text/event-stream") {
        return false;
    }
    is("text/")
        || ["application/json", "application/javascript", "application/xml", "application/wasm", "image/svg+xml"]
            .into_iter()
            .any(is)
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::is_compressible;

    #[test]
    fn only_plain_text_is_compressed() {
        let check = |kind: &'static str, encoding: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static(kind));
            if let Some(encoding) = encoding {
                headers.insert("content-encoding", HeaderValue::from_static(encoding));
            }
            is_compressible(&headers)
        };
        assert!(check("text/html; charset=utf-8", None));
        assert!(check("application/problem+json", None));
        assert!(!check("text/html", Some("gzip")));
        assert!(!check("image/png", None));
        assert!(!check("text/event-stream", None));
        assert!(!is_compressible(&HeaderMap::new()));
    }
}
