//! Which requests are plain, and their heads as they go to an upstream.

use octoporty_core::{
    http1::RequestKind,
    proxy::{HeaderPolicy, RawRequestHead, headers::is_special_in_requests},
};

use crate::upstream::{Scheme, UpstreamProtocol, UpstreamTarget};

/// A request that is ready to be sent, but for its body.
#[derive(Debug)]
pub(crate) struct PlainRequest {
    /// The whole head.
    pub(super) head: Vec<u8>,
    /// Bytes of the body that follows.
    pub(super) body: u64,
    /// The body is held back until the upstream asks for it (RFC 9110 §10.1.1).
    pub(super) expects_continue: bool,
    pub(super) kind: RequestKind,
    /// Doing it twice is as good as once (RFC 9110 §9.2.2).
    pub(super) repeatable: bool,
}

impl PlainRequest {
    /// Makes the head, if the request is plain: towards an upstream that speaks HTTP/1.1 without TLS, under a policy that
    /// changes nothing, with one `Host`, and with no field that frames a body or speaks to this hop but the length of a
    /// body that is there.
    pub(crate) fn new(
        head: &RawRequestHead<'_>,
        has_body: bool,
        target: &UpstreamTarget,
        policy: &HeaderPolicy,
    ) -> Option<Self> {
        let speaks_http1 = matches!(target.protocol(), UpstreamProtocol::Auto | UpstreamProtocol::Http1);
        if !target.is_tcp() || target.scheme() != Scheme::Http || !speaks_http1 || !policy.is_empty() {
            return None;
        }
        let method = head.method;
        if method.eq_ignore_ascii_case("connect") {
            return None;
        }
        let mut out = Vec::with_capacity(head.fields.size_hint().0 * 48 + head.target.len() + 64);
        for part in [method.as_bytes(), b" ", head.target, b" HTTP/1.1\r\n"] {
            out.extend_from_slice(part);
        }
        let (mut hosts, mut lengths, mut body) = (0, 0, 0);
        let mut expects_continue = false;
        for (name, value) in head.fields {
            match name.len() {
                6 if has_body && is_expectation(name, value) => expects_continue = true,
                _ if is_special_in_requests(name) => return None,
                4 if name.eq_ignore_ascii_case(b"host") => hosts += 1,
                14 if name.eq_ignore_ascii_case(b"content-length") => {
                    body = parse_length(value)?;
                    lengths += 1;
                }
                _ => {}
            }
            for part in [name, b": ", value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
        if hosts != 1 || lengths > 1 || has_body != (body > 0) {
            return None;
        }
        if lengths == 0 && matches!(method, "POST" | "PUT" | "PATCH") {
            // Services wait for a body after these (RFC 9110 §8.6).
            out.extend_from_slice(b"content-length: 0\r\n");
        }
        out.extend_from_slice(b"\r\n");
        let kind = if method == "HEAD" { RequestKind::Head } else { RequestKind::Other };
        let repeatable = !has_body && matches!(method, "GET" | "HEAD" | "OPTIONS");
        Some(Self { head: out, body, expects_continue, kind, repeatable })
    }

    /// A body follows.
    pub(crate) const fn has_body(&self) -> bool {
        self.body > 0
    }
}

/// The one expectation that there is.
fn is_expectation(name: &[u8], value: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"expect") && value.eq_ignore_ascii_case(b"100-continue")
}

/// Digits without zeros in front, so that nobody reads them as another number.
fn parse_length(value: &[u8]) -> Option<u64> {
    let is_plain = value == b"0" || (value.first()? != &b'0' && value.iter().all(u8::is_ascii_digit));
    if is_plain { std::str::from_utf8(value).ok()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use octoporty_core::{
        id::{MappingId, RequestId},
        proxy::{HeadWriter, HostHeader},
    };

    use super::*;

    fn plain(method: &str, fields: &[(&str, &str)]) -> Option<String> {
        let target = UpstreamTarget::builder(Scheme::Http, "localhost", 3000).build().unwrap();
        plain_for(&target, &HeaderPolicy::new(), method, fields)
    }

    fn plain_for(
        target: &UpstreamTarget,
        policy: &HeaderPolicy,
        method: &str,
        fields: &[(&str, &str)],
    ) -> Option<String> {
        with_body(false, target, policy, method, fields)
    }

    fn with_body(
        has_body: bool,
        target: &UpstreamTarget,
        policy: &HeaderPolicy,
        method: &str,
        fields: &[(&str, &str)],
    ) -> Option<String> {
        let ids = (MappingId::from_u128(1), RequestId::from_u128(2));
        let mut head = HeadWriter::request(ids.0, ids.1, method.as_bytes(), b"/a%2F?q=1");
        for (name, value) in fields {
            head.field(name.as_bytes(), value.as_bytes());
        }
        let head = head.finish();
        let request = PlainRequest::new(&RawRequestHead::read(&head).unwrap(), has_body, target, policy)?;
        Some(String::from_utf8(request.head).unwrap())
    }

    #[test]
    fn a_plain_head_goes_out_as_it_came() {
        // R18
        let sent = plain("GET", &[("Host", "app.example.com"), ("X-A", "1"), ("X-A", "2")]);
        let expected = "GET /a%2F?q=1 HTTP/1.1\r\nhost: app.example.com\r\nx-a: 1\r\nx-a: 2\r\n\r\n";
        assert_eq!(sent.as_deref(), Some(expected));
    }

    #[test]
    fn methods_that_expect_a_body_say_that_there_is_none() {
        let host = ("host", "a");
        assert!(plain("POST", &[host]).unwrap().ends_with("\r\ncontent-length: 0\r\n\r\n"));
        let said = plain("POST", &[host, ("content-length", "0")]).unwrap();
        assert_eq!(said.matches("content-length").count(), 1);
        assert!(!plain("DELETE", &[host]).unwrap().contains("content-length"));
    }

    #[test]
    fn what_frames_or_speaks_to_this_hop_is_not_plain() {
        // R12, R36: a Gateway may be hostile too.
        for (name, value) in [
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("content-length", "00"),
            ("connection", "close"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("expect", "100-continue"),
            ("trailer", "x"),
            ("Proxy-Authorization", "Basic"),
            ("host", "other"),
        ] {
            assert_eq!(plain("GET", &[("host", "a"), (name, value)]), None, "{name}: {value}");
        }
        assert_eq!(plain("GET", &[]), None);
        assert_eq!(plain("CONNECT", &[("host", "a")]), None);
    }

    #[test]
    fn body_and_its_length_belong_together() {
        // R36
        let target = UpstreamTarget::builder(Scheme::Http, "localhost", 3000).build().unwrap();
        let policy = HeaderPolicy::new();
        let ask = |has_body, lengths: &[&str]| {
            let lengths = lengths.iter().map(|length| ("content-length", *length));
            let fields: Vec<_> = std::iter::once(("host", "a")).chain(lengths).collect();
            with_body(has_body, &target, &policy, "PUT", &fields)
        };
        assert!(ask(true, &["3"]).unwrap().ends_with("\r\ncontent-length: 3\r\n\r\n"));
        assert!(ask(true, &["18446744073709551615"]).is_some());
        for lengths in
            [&[][..], &["0"], &["03"], &["+3"], &["3 "], &["3,3"], &["3", "3"], &["18446744073709551616"], &[""]]
        {
            assert_eq!(ask(true, lengths), None, "{lengths:?}");
        }
        assert_eq!(ask(false, &["3"]), None);
        for (value, is_plain) in [("100-continue", true), ("something else", false)] {
            let fields = [("host", "a"), ("content-length", "3"), ("expect", value)];
            assert_eq!(with_body(true, &target, &policy, "PUT", &fields).is_some(), is_plain, "{value}");
        }
    }

    #[test]
    fn other_upstreams_and_policies_are_not_plain() {
        let fields = [("host", "a")];
        let policy = HeaderPolicy::new();
        let tls = UpstreamTarget::builder(Scheme::Https, "localhost", 443).build().unwrap();
        let h2c = UpstreamTarget::builder(Scheme::Http, "localhost", 80).protocol(UpstreamProtocol::H2c);
        assert_eq!(plain_for(&tls, &policy, "GET", &fields), None);
        assert_eq!(plain_for(&h2c.build().unwrap(), &policy, "GET", &fields), None);
        let http1 = UpstreamTarget::builder(Scheme::Http, "localhost", 80).build().unwrap();
        assert_eq!(plain_for(&http1, &policy.host(HostHeader::Upstream), "GET", &fields), None);
    }
}
