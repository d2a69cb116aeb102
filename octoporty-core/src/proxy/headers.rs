//! Which header fields may cross: hop-by-hop ones go, in both directions (R12), and trailers carry no framing (R05).
//!
//! Pure functions over header maps. The forwarding fields that a gateway adds are not made here.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE},
};

static KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
static PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
static PROXY_AUTHENTICATION_INFO: HeaderName = HeaderName::from_static("proxy-authentication-info");
static HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// What becomes of `Upgrade` when hop-by-hop fields are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpgradeFields {
    /// It goes, whatever it asks for.
    Remove,
    /// `Upgrade: websocket` stays, and `Connection: Upgrade` with it; any other protocol goes (R14).
    KeepWebSocket,
}

/// Removes what a visitor said to this hop only (RFC 9110 §7.6.1), and what `Connection` names.
///
/// `Trailer` stays, and so does `TE: trailers`, because trailers are passed on. Names that routing, framing or the
/// upstream's trust depend on stay even if `Connection` names them.
/// Allocates only if `Connection` names a field that is not hop-by-hop anyway.
pub fn strip_request(headers: &mut HeaderMap, upgrade: UpgradeFields) {
    strip(headers, upgrade);
    keep_only_trailers(headers);
}

/// Removes what an upstream said to this hop only (RFC 9110 §7.6.1), and what `Connection` names.
///
/// `Trailer` stays: a server speaking HTTP/1.1 sends only the trailers that it names.
/// Allocates only if `Connection` names a field that is not hop-by-hop anyway.
pub fn strip_response(headers: &mut HeaderMap, upgrade: UpgradeFields) {
    strip(headers, upgrade);
    headers.remove(TE);
}

/// The fields of a head that go on, of those of a head in place: what [`strip_response`] leaves in a map.
///
/// Allocates only if `Connection` names a field that is not hop-by-hop anyway.
pub fn end_to_end<'a, I>(fields: I) -> impl Iterator<Item = (&'a [u8], &'a [u8])>
where
    I: Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
{
    let mut named = Vec::new();
    let mut is_plain = true;
    for (name, value) in fields.clone() {
        if is_connection_field(name) {
            is_plain = false;
            if name.eq_ignore_ascii_case(b"connection") {
                let tokens = value.split(|byte| *byte == b',').filter_map(|token| std::str::from_utf8(token).ok());
                named.extend(tokens.map(str::trim).filter(|token| !is_usual_option(token) && !is_protected(token)));
            }
        }
    }
    fields.filter(move |(name, _value)| {
        is_plain
            || !(is_connection_field(name) || named.iter().any(|token| token.as_bytes().eq_ignore_ascii_case(name)))
    })
}

/// Whether a field concerns one connection only, `TE` among them; in any case of letters.
fn is_connection_field(name: &[u8]) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    match name.len() {
        2 => is("te"),
        7 => is("upgrade"),
        10 => is("connection") || is("keep-alive"),
        14 => is("http2-settings"),
        16 => is("proxy-connection"),
        17 => is("transfer-encoding"),
        18 => is("proxy-authenticate"),
        19 => is("proxy-authorization"),
        25 => is("proxy-authentication-info"),
        _ => false,
    }
}

/// Whether a request with this field is more than a plain one: it is framed, upgraded, or has something to say to this
/// hop. In any case of letters; `Content-Length` is left to whoever knows the body.
#[must_use]
pub fn is_special_in_requests(name: &[u8]) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    is_connection_field(name) || (name.len() == 6 && is("expect")) || (name.len() == 7 && is("trailer"))
}

/// Removes the trailers that would change how the message is framed, routed or trusted, had they come as header
/// fields (R05, RFC 9110 §6.5.1). Trailers must not be merged into the headers even so.
pub fn strip_trailers(trailers: &mut HeaderMap) {
    let forbidden: Vec<HeaderName> =
        trailers.keys().filter(|name| is_forbidden_in_trailers(name.as_str())).cloned().collect();
    for name in forbidden {
        trailers.remove(name);
    }
}

fn strip(headers: &mut HeaderMap, upgrade: UpgradeFields) {
    // Most messages have none of these; looking at each name once is cheaper than asking for each field.
    if !headers.keys().any(|name| is_hop_by_hop(name.as_str())) {
        return;
    }
    remove_named_by_connection(headers);
    headers.remove(CONNECTION);
    for name in [&KEEP_ALIVE, &PROXY_CONNECTION, &PROXY_AUTHENTICATION_INFO, &HTTP2_SETTINGS] {
        headers.remove(name);
    }
    headers.remove(PROXY_AUTHENTICATE);
    headers.remove(PROXY_AUTHORIZATION);
    headers.remove(TRANSFER_ENCODING);
    if upgrade == UpgradeFields::KeepWebSocket && asks_for_websocket(headers) {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    } else {
        headers.remove(UPGRADE);
    }
}

/// Removes the fields that any `Connection` line names, but those that are protected.
fn remove_named_by_connection(headers: &mut HeaderMap) {
    let unusual = |value: &HeaderValue| tokens(value).any(|token| !is_usual_option(token));
    if !headers.get_all(CONNECTION).iter().any(unusual) {
        return;
    }
    // The values are shared, not copied.
    let lines: Vec<HeaderValue> = headers.get_all(CONNECTION).iter().cloned().collect();
    for token in lines.iter().flat_map(tokens) {
        if !is_usual_option(token) && !is_protected(token) {
            headers.remove(token);
        }
    }
}

/// The members of a comma-separated list; what is not text is no name and is left out.
fn tokens(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value
        .as_bytes()
        .split(|byte| *byte == b',')
        .filter_map(|token| std::str::from_utf8(token.trim_ascii()).ok())
        .filter(|token| !token.is_empty())
}

/// Options that are no field, or one that is dealt with by its own rule.
fn is_usual_option(token: &str) -> bool {
    ["keep-alive", "close", "upgrade", "te"].iter().any(|usual| token.eq_ignore_ascii_case(usual))
}

/// Whether naming this field in `Connection` has no effect: whoever could remove it could reroute a request, reframe it,
/// or pass for someone that the upstream trusts.
fn is_protected(name: &str) -> bool {
    const NAMES: [&str; 5] = ["host", "content-length", "trailer", "forwarded", "x-real-ip"];
    NAMES.iter().any(|protected| name.eq_ignore_ascii_case(protected))
        || starts_with_ignore_case(name, "x-forwarded-")
        || starts_with_ignore_case(name, "x-octoporty-")
}

fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// `TE` says which codings this hop may use; only `trailers` says something about the whole way (RFC 9110 §10.1.4).
fn keep_only_trailers(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(TE).iter();
    let (Some(first), second) = (lines.next(), lines.next()) else {
        return;
    };
    if second.is_none() && first.as_bytes() == b"trailers" {
        return;
    }
    let kept = headers.get_all(TE).iter().flat_map(tokens).any(|token| token.eq_ignore_ascii_case("trailers"));
    if kept {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    } else {
        headers.remove(TE);
    }
}

/// Whether exactly `websocket` is asked for, or agreed to.
fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(UPGRADE).iter();
    let only = lines.next().filter(|_line| lines.next().is_none());
    only.is_some_and(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// Fields that concern one connection only, `TE` aside; lower case.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "http2-settings"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authentication-info"
            | "proxy-authorization"
            | "proxy-connection"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// Fields that say how a message is framed or what this hop does with it; lower case.
pub(super) fn is_framing_or_hop_by_hop(name: &str) -> bool {
    is_hop_by_hop(name) || matches!(name, "content-length" | "expect" | "te" | "trailer")
}

/// RFC 9110 §6.5.1: framing, routing, request modifiers, authentication, control data and content format.
fn is_forbidden_in_trailers(name: &str) -> bool {
    is_framing_or_hop_by_hop(name)
        || is_protected(name)
        || name.starts_with("if-")
        || name.starts_with("sec-websocket-")
        || matches!(
            name,
            "age"
                | "authorization"
                | "cache-control"
                | "content-encoding"
                | "content-range"
                | "content-type"
                | "cookie"
                | "date"
                | "expires"
                | "location"
                | "max-forwards"
                | "pragma"
                | "range"
                | "retry-after"
                | "set-cookie"
                | "vary"
                | "www-authenticate"
                | "x-api-key"
                | "x-http-method-override"
                | "x-original-url"
                | "x-rewrite-url"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).fold(
            HeaderMap::new(),
            |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            },
        )
    }

    fn check_request(
        upgrade: UpgradeFields,
        sent: &[(&'static str, &'static str)],
        left: &[(&'static str, &'static str)],
    ) {
        let mut headers = map(sent);
        strip_request(&mut headers, upgrade);
        assert_eq!(headers, map(left), "{sent:?}");
    }

    fn check_response(
        upgrade: UpgradeFields,
        sent: &[(&'static str, &'static str)],
        left: &[(&'static str, &'static str)],
    ) {
        let mut headers = map(sent);
        strip_response(&mut headers, upgrade);
        assert_eq!(headers, map(left), "{sent:?}");
    }

    #[test]
    fn heads_in_place_lose_what_heads_in_maps_lose() {
        // R12
        let heads: [&[(&str, &str)]; 5] = [
            &[("content-type", "a/b"), ("set-cookie", "a=1"), ("set-cookie", "b=2")],
            &[("connection", "keep-alive"), ("keep-alive", "timeout=5"), ("x-a", "1")],
            &[("connection", "close, x-gone"), ("x-gone", "1"), ("x-kept", "2"), ("connection", "X-Also , te")],
            &[("te", "trailers"), ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("trailer", "x")],
            &[("connection", "content-length, host,x-forwarded-for"), ("content-length", "3"), ("x-also", "1")],
        ];
        for sent in heads {
            let mut headers = HeaderMap::new();
            for (name, value) in sent {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            strip_response(&mut headers, UpgradeFields::Remove);
            let shouted: Vec<_> = sent.iter().map(|(name, value)| (name.to_uppercase(), *value)).collect();
            let in_place = end_to_end(shouted.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
            let mut left = HeaderMap::new();
            for (name, value) in in_place {
                left.append(HeaderName::from_bytes(name).unwrap(), HeaderValue::from_bytes(value).unwrap());
            }
            assert_eq!(left, headers, "{sent:?}");
        }
    }

    const HOP_BY_HOP: [(&str, &str); 9] = [
        ("connection", "keep-alive"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("proxy-authenticate", "Basic"),
        ("proxy-authorization", "Basic eA=="),
        ("proxy-authentication-info", "x"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("http2-settings", "AAMAAABkAAQAAP__"),
    ];

    // R12
    #[test]
    fn hop_by_hop_fields_never_cross() {
        for upgrade in [UpgradeFields::Remove, UpgradeFields::KeepWebSocket] {
            check_request(upgrade, &HOP_BY_HOP, &[]);
            check_response(upgrade, &HOP_BY_HOP, &[]);
        }
    }

    // R12
    #[test]
    fn fields_that_any_connection_line_names_go() {
        let sent = [
            ("connection", "close, X-One"),
            ("connection", " ,x-two ,, keep-alive"),
            ("x-one", "1"),
            ("x-two", "2"),
            ("x-two", "2 again"),
            ("x-three", "3"),
        ];
        check_request(UpgradeFields::Remove, &sent, &[("x-three", "3")]);
        check_response(UpgradeFields::Remove, &sent, &[("x-three", "3")]);
    }

    // R12
    #[test]
    fn connection_cannot_take_away_what_others_rely_on() {
        let kept = [
            ("host", "app.example.com"),
            ("content-length", "5"),
            ("trailer", "x-sum"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("x-real-ip", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1"),
            ("x-octoporty-request-id", "1"),
        ];
        let mut sent = kept.to_vec();
        sent.push((
            "connection",
            "Host, Content-Length, Trailer, X-Forwarded-For, x-forwarded-proto, X-Real-IP, Forwarded, X-Octoporty-Request-Id",
        ));
        check_request(UpgradeFields::Remove, &sent, &kept);
    }

    #[test]
    fn connection_options_that_are_no_names_do_no_harm() {
        let odd = HeaderValue::from_bytes(b"\xff\xfe, x y, @, ,, x-one").unwrap();
        let mut headers = map(&[("x-one", "1"), ("x-two", "2")]);
        headers.insert(CONNECTION, odd);
        strip_request(&mut headers, UpgradeFields::Remove);
        assert_eq!(headers, map(&[("x-two", "2")]));
    }

    // R12
    #[test]
    fn of_te_only_trailers_is_kept() {
        let check = |sent: &[(&'static str, &'static str)], left: &[(&'static str, &'static str)]| {
            check_request(UpgradeFields::Remove, sent, left);
        };
        check(&[("te", "trailers")], &[("te", "trailers")]);
        check(&[("te", "gzip;q=0.5, Trailers"), ("connection", "TE")], &[("te", "trailers")]);
        check(&[("te", "gzip"), ("te", "trailers")], &[("te", "trailers")]);
        check(&[("te", "gzip")], &[]);
        check(&[("te", "xtrailers")], &[]);
        check_response(UpgradeFields::Remove, &[("te", "trailers")], &[]);
    }

    #[test]
    fn trailer_is_kept_both_ways() {
        check_request(UpgradeFields::Remove, &[("trailer", "x-sum")], &[("trailer", "x-sum")]);
        check_response(UpgradeFields::Remove, &[("trailer", "grpc-status")], &[("trailer", "grpc-status")]);
    }

    // R12, R14
    #[test]
    fn only_a_websocket_upgrade_is_kept_and_only_when_wanted() {
        let keep = UpgradeFields::KeepWebSocket;
        let kept = [("connection", "Upgrade"), ("upgrade", "WebSocket")];
        let sent = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")];
        check_request(keep, &sent, &kept);
        check_response(keep, &sent, &kept);
        check_request(UpgradeFields::Remove, &sent, &[]);
        check_request(keep, &[("connection", "upgrade"), ("upgrade", "h2c")], &[]);
        check_request(keep, &[("connection", "upgrade"), ("upgrade", "websocket, h2c")], &[]);
        check_request(keep, &[("upgrade", "websocket"), ("upgrade", "h2c")], &[]);
        check_request(keep, &[("connection", "upgrade")], &[]);
    }

    // R12, R17
    #[test]
    fn end_to_end_fields_stay_as_they_are() {
        let sent = [
            ("host", "a"),
            ("cookie", "a=1"),
            ("authorization", "Bearer x"),
            ("content-length", "0"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("sec-websocket-key", "x"),
        ];
        check_request(UpgradeFields::Remove, &sent, &sent);
        check_response(UpgradeFields::Remove, &sent, &sent);
    }

    // R05
    #[test]
    fn trailers_carry_no_framing_routing_or_credentials() {
        let mut trailers = map(&[
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("host", "evil"),
            ("connection", "x"),
            ("authorization", "Bearer x"),
            ("cookie", "a=1"),
            ("set-cookie", "a=1"),
            ("content-type", "text/html"),
            ("trailer", "x"),
            ("x-forwarded-for", "::1"),
            ("x-octoporty-request-id", "1"),
            ("if-match", "x"),
            ("grpc-status", "0"),
            ("x-sum", "1"),
            ("x-sum", "2"),
            ("etag", "\"x\""),
        ]);
        strip_trailers(&mut trailers);
        assert_eq!(trailers, map(&[("grpc-status", "0"), ("x-sum", "1"), ("x-sum", "2"), ("etag", "\"x\"")]));
    }
}
