//! Which form of an answer a request wants (RFC 9110 §12.5.1).

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, CONTENT_TYPE},
};

/// Most members of `Accept` that are looked at; browsers send fewer than ten.
pub const ACCEPT_MEMBERS_MAX: usize = 32;

/// The form of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people in a browser.
    Html,
    /// For programs: problem details (RFC 9457).
    Json,
    /// For people at a terminal, and for whoever did not say.
    Text,
    /// For gRPC callers: a status in the headers and no body.
    Grpc,
}

impl Format {
    /// The form that a request with these headers wants.
    ///
    /// The highest quality wins, then the order of the list. Whoever takes anything gets plain text: those who want HTML
    /// say so, and those who do not are programs and terminals.
    #[must_use]
    pub fn of_request(headers: &HeaderMap) -> Self {
        if headers.get(CONTENT_TYPE).is_some_and(is_grpc) {
            return Self::Grpc;
        }
        let members = headers.get_all(ACCEPT).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        let mut best = (0, Self::Text);
        for member in members.take(ACCEPT_MEMBERS_MAX) {
            if let Some((quality, format)) = parse_member(member)
                && quality > best.0
            {
                best = (quality, format);
            }
        }
        best.1
    }
}

/// `application/grpc`, alone or with a suffix such as `+proto`, `-web` or parameters.
pub(crate) fn is_grpc(content_type: &HeaderValue) -> bool {
    let prefix = b"application/grpc";
    content_type.as_bytes().split_at_checked(prefix.len()).is_some_and(|(start, rest)| {
        start.eq_ignore_ascii_case(prefix) && rest.first().is_none_or(|next| b"+-; \t".contains(next))
    })
}

/// The quality in thousandths and the form of one member; `None` if it is a form that we do not have.
fn parse_member(member: &[u8]) -> Option<(u16, Format)> {
    let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let media_type = parts.next()?;
    let format = parse_media_type(media_type)?;
    let quality = parts.find_map(|parameter| match parameter {
        [b'q' | b'Q', b'=', quality @ ..] => Some(parse_quality(quality)),
        _ => None,
    });
    Some((quality.unwrap_or(1000), format))
}

fn parse_media_type(media_type: &[u8]) -> Option<Format> {
    let is = |name: &str| media_type.eq_ignore_ascii_case(name.as_bytes());
    let is_json = || {
        is("application/json")
            || is("application/*")
            || media_type.last_chunk().is_some_and(|end: &[u8; 5]| end.eq_ignore_ascii_case(b"+json"))
    };
    if is("text/html") || is("application/xhtml+xml") {
        Some(Format::Html)
    } else if is_json() {
        Some(Format::Json)
    } else if is("text/plain") || is("text/*") || is("*/*") {
        Some(Format::Text)
    } else {
        None
    }
}

/// `0`, `0.5`, `1.000` in thousandths; anything else counts as not wanted (RFC 9110 §12.4.2).
fn parse_quality(text: &[u8]) -> u16 {
    match text {
        [b'1'] | [b'1', b'.', ..] => 1000,
        [b'0', b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => {
            let weights = [100, 10, 1];
            digits.iter().zip(weights).map(|(digit, weight)| u16::from(digit - b'0') * weight).sum()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &[&'static str], expected: Format) {
        let headers: HeaderMap = HeaderMap::new();
        let headers = accept.iter().fold(headers, |mut headers, line| {
            headers.append(ACCEPT, HeaderValue::from_static(line));
            headers
        });
        assert_eq!(Format::of_request(&headers), expected, "{accept:?}");
    }

    #[test]
    fn browsers_get_html() {
        check(&["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"], Format::Html);
        check(&["TEXT/HTML"], Format::Html);
        check(&["application/json;q=0.5, text/html;q=0.6"], Format::Html);
        check(&["application/json;q=0.5", "text/html"], Format::Html);
    }

    #[test]
    fn programs_that_ask_for_json_get_it() {
        check(&["application/json"], Format::Json);
        check(&["application/json, text/plain, */*"], Format::Json);
        check(&["application/problem+json"], Format::Json);
        check(&["application/vnd.api+json; charset=utf-8"], Format::Json);
        check(&["text/html;q=0, application/*;q=0.001"], Format::Json);
    }

    #[test]
    fn all_others_get_plain_text() {
        check(&[], Format::Text);
        check(&["*/*"], Format::Text);
        check(&["text/*"], Format::Text);
        check(&["image/avif,image/webp,*/*;q=0.8"], Format::Text);
        check(&["image/png"], Format::Text);
        check(&["text/html;q=0"], Format::Text);
        check(&["text/html;q=x"], Format::Text);
        check(&["text/html;q=0.1234"], Format::Text);
        check(&[",;,;;q=1,"], Format::Text);
    }

    #[test]
    fn the_list_is_read_up_to_its_limit() {
        let accept = |count: usize| {
            let line = format!("{}text/html", "image/png,".repeat(count));
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::try_from(line).unwrap())]);
            Format::of_request(&headers)
        };
        assert_eq!(accept(ACCEPT_MEMBERS_MAX - 1), Format::Html);
        assert_eq!(accept(ACCEPT_MEMBERS_MAX), Format::Text);
    }

    #[test]
    fn grpc_callers_are_known_by_their_content_type() {
        let check = |content_type: &'static str, expected: Format| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            assert_eq!(Format::of_request(&headers), expected, "{content_type}");
        };
        check("application/grpc", Format::Grpc);
        check("Application/GRPC+proto", Format::Grpc);
        check("application/grpc-web", Format::Grpc);
        check("application/grpc; charset=utf-8", Format::Grpc);
        check("application/grpcx", Format::Text);
        check("application/grp", Format::Text);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(value in proptest::collection::vec(0x20_u8..=0xff, 0..80)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let mut headers = HeaderMap::from_iter([(ACCEPT, value.clone())]);
                let _: Format = Format::of_request(&headers);
                headers.insert(CONTENT_TYPE, value);
                let _: Format = Format::of_request(&headers);
            }
        }
    }
}
