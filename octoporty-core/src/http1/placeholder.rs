//! What hyper sees in place of a refused head, so that it asks the service for an answer, in the right order behind the
//! answers to earlier requests, and closes behind it.

use crate::limits;

/// For visitors who do not say which form they like.
const PLAIN: &[u8] = b"GET / HTTP/1.1\r\nHost: refused.invalid\r\nConnection: close\r\n\r\n";
const HTML: &[u8] = b"GET / HTTP/1.1\r\nHost: refused.invalid\r\nAccept: text/html\r\nConnection: close\r\n\r\n";
const JSON: &[u8] = b"GET / HTTP/1.1\r\nHost: refused.invalid\r\nAccept: application/json\r\nConnection: close\r\n\r\n";

/// The placeholder for a head that is refused, or for as much of it as came.
///
/// Nothing of such a head can be relied on, but people meet these answers too, with too many cookies say. So what looks
/// like `Accept` chooses between constant placeholders, and through them the form of the page.
pub(super) fn placeholder(head: &[u8]) -> &'static [u8] {
    let head = &head[..head.len().min(limits::HEAD_BYTES_MAX)];
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).take_while(|line| !line.is_empty());
    let Some(accept) = lines.find_map(accept_of) else {
        return PLAIN;
    };
    if contains(accept, b"text/html") {
        HTML
    } else if contains(accept, b"json") {
        JSON
    } else {
        PLAIN
    }
}

fn accept_of(line: &[u8]) -> Option<&[u8]> {
    let (name, value) = line.split_at_checked(b"accept:".len())?;
    name.eq_ignore_ascii_case(b"accept:").then_some(value)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_accept_chooses() {
        let browser = b"GET /%zz HTTP/1.1\r\nHost : a\r\nACCEPT: text/html,application/xhtml+xml\r\n\r\n";
        assert_eq!(placeholder(browser), HTML);
        assert_eq!(placeholder(b"X\nAccept: application/problem+json\n\n"), JSON);
        assert_eq!(placeholder(b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"), PLAIN);
        assert_eq!(placeholder(b"GET / HTTP/1.1\r\n\r\nAccept: text/html\r\n"), PLAIN, "a body is none of it");
        assert_eq!(placeholder(b"\xff\x00"), PLAIN);
    }
}
