//! However a head is cut into pieces, the result is the same.

use proptest::prelude::*;

use super::support::{PLACEHOLDER, visited};
use crate::http1::{Verdict, check_request_head, find_head_end};

const HEADS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
    b"\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nX: \xe9\r\n\r\n",
    b"PUT / HTTP/1.0\r\nContent-Length: 5\r\n\r\n",
    b"GET /a HTTP/1.1\nHost: a\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nX(: a\r\nY: b\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    b"GET /a HTTP/1.1\r\nX y\r\nHost: a\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
];

#[tokio::test(start_paused = true)]
async fn a_head_cut_anywhere_gives_the_same_verdict() {
    for head in HEADS {
        let expected = check_request_head(head);
        for cut in 1..head.len() {
            let mut visited = visited();
            visited.send(&head[..cut]).await;
            let early = tokio::time::timeout(std::time::Duration::from_secs(1), visited.read()).await;
            let seen = if let Ok(seen) = early {
                // Only a refusal can be early.
                assert!(expected.is_err());
                seen
            } else {
                visited.send(&head[cut..]).await;
                visited.read().await
            };
            let verdict = visited.verdict().0;
            match expected {
                Ok(facts) => {
                    assert_eq!(verdict, Verdict::Accepted(facts));
                    assert_eq!(&seen.unwrap(), head);
                }
                Err(error) => {
                    assert_eq!(verdict, Verdict::Refused(error), "{:?} at {cut}", String::from_utf8_lossy(head));
                    assert_eq!(seen.unwrap(), PLACEHOLDER);
                }
            }
        }
    }
}

#[test]
fn the_end_of_a_head_is_found_from_anywhere() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
    let end = head.len() - 4;
    for from in 0..end {
        assert_eq!(find_head_end(head, from), Ok(Some(end)), "{from}");
        assert_eq!(find_head_end(&head[..from], 0), Ok(None), "{from}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Mutations of good heads: what is accepted is well formed, and cutting changes nothing.
    #[test]
    fn what_passes_has_no_second_reading(which in 0..HEADS.len(), at in 0_usize..200, byte: u8, insert: bool) {
        let mut head = HEADS[which].to_vec();
        let at = at % head.len();
        if insert { head.insert(at, byte) } else { head[at] = byte }
        if check_request_head(&head).is_ok() {
            prop_assert!(head.ends_with(b"\r\n\r\n"));
            let lines = head.split(|&byte| byte == b'\n');
            prop_assert!(lines.clone().count() > 1);
            for line in lines.filter(|line| !line.is_empty()) {
                prop_assert_eq!(line.iter().position(|&byte| byte == b'\r'), Some(line.len() - 1));
                prop_assert!(!line.contains(&0));
            }
            prop_assert_eq!(find_head_end(&head, 0), Ok(Some(head.len())));
        }
    }

    /// Arbitrary bytes neither panic nor pass unterminated.
    #[test]
    fn arbitrary_bytes_are_no_head(bytes: Vec<u8>) {
        prop_assert!(check_request_head(&bytes).is_err() || bytes.ends_with(b"\r\n\r\n"));
    }
}
