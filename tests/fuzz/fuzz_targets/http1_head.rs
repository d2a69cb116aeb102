//! Hostile heads and chunked bodies: nothing panics, what passes has one reading only, and cuts change nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use octoporty_core::http1::{
    BodyFraming, ChunkedScanner, HeadError, RequestKind, Scan, check_answer_head,
    check_request_head, find_head_end, is_forbidden_trailer, is_valid_host_header,
};

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    heads(bytes);
    chunks(bytes, usize::from(cut));
    let _valid = is_valid_host_header(bytes);
    let _forbidden = is_forbidden_trailer(bytes);
});

fn heads(bytes: &[u8]) {
    let end = match find_head_end(bytes, 0) {
        Ok(Some(end)) => end,
        Ok(None) => bytes.len(),
        Err(_) => {
            assert!(check_request_head(bytes).is_err());
            bytes.len()
        }
    };
    let (head, rest) = bytes.split_at(end);
    if let Ok(facts) = check_request_head(head) {
        well_formed(head);
        assert!(!facts.upgrade || facts.body == BodyFraming::None);
        assert_ne!(facts.body, BodyFraming::UntilClose);
        assert_ne!(facts.body, BodyFraming::Length(0));
        if !rest.is_empty() {
            assert_eq!(check_request_head(bytes), Err(HeadError::Incomplete));
        }
    }
    for kind in [RequestKind::Head, RequestKind::Upgrade, RequestKind::Other] {
        if let Ok(facts) = check_answer_head(head, kind) {
            well_formed(head);
            assert!((100..=599).contains(&facts.status));
            assert!(kind != RequestKind::Head || facts.body == BodyFraming::None);
            assert!(!facts.is_upgrade() || kind == RequestKind::Upgrade);
        }
    }
}

/// No byte that another parser could take for the end of a line, and the end only at the end.
fn well_formed(head: &[u8]) {
    assert!(head.ends_with(b"\r\n\r\n"));
    assert!(!head.contains(&0));
    assert_eq!(find_head_end(head, 0), Ok(Some(head.len())));
    for from in [head.len() / 2, head.len() - 1] {
        assert_eq!(find_head_end(head, from), Ok(Some(head.len())));
    }
}

fn chunks(bytes: &[u8], cut: usize) {
    let whole = ChunkedScanner::new().scan(bytes);
    let (front, back) = bytes.split_at(cut.min(bytes.len()));
    let mut scanner = ChunkedScanner::new();
    let pieces = scanner.scan(front).and_then(|first| {
        scanner.scan(back).map(|second| Scan {
            used: first.used + second.used,
            done: second.done,
        })
    });
    assert_eq!(whole, pieces);
}
