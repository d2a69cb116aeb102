//! Host values.

use crate::http1::is_valid_host_header;

// R08
#[test]
fn names_and_addresses_with_ports_are_hosts() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    for host in [
        "a",
        "a.example",
        "A.Example.",
        "xn--bcher-kva.example",
        "_a-b.example",
        "a.example:1",
        "a.example:65535",
        "127.0.0.1",
        "127.0.0.1:8080",
        "[::1]",
        "[2001:db8::1]:443",
        "1.example",
        "localhost:080",
        &longest,
    ] {
        assert!(is_valid_host_header(host.as_bytes()), "{host}");
    }
}

// R08
#[test]
fn anything_else_is_no_host() {
    let long_label = "a".repeat(64);
    let long_name = format!("{}a", "a.".repeat(127));
    for host in [
        "",
        ".",
        "a..b",
        ".a",
        "a.example:",
        "a.example:0",
        "a.example:65536",
        "a.example:+1",
        "a.example:1:2",
        "a b",
        "a/b",
        "a@b",
        "u:p@a",
        "a%20b",
        "a,b",
        "a.example, b",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]:",
        "[fe80::1%25eth0]",
        "[1.2.3.4]",
        "1.2.3",
        "256.1.1.1",
        "1.2.3.4.5",
        "127.1",
        "b\u{fc}cher.example",
        "a\0",
        "*",
        "a*",
        &long_label,
        &long_name,
    ] {
        assert!(!is_valid_host_header(host.as_bytes()), "{host:?}");
    }
}
