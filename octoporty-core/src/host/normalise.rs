//! The host of a request in normal form, without allocating: the hot path of routing.

use std::{
    io::Write,
    net::{Ipv4Addr, Ipv6Addr},
    str,
};

use super::error::{HostError, excerpt};

/// Longest host name in bytes, without the final dot: the 255 octets of RFC 1035 §2.3.4 less the two for its root
/// and first length.
pub const HOST_BYTES_MAX: usize = 253;

/// Longest part of a host name in bytes (RFC 1035 §2.3.4).
pub const LABEL_BYTES_MAX: usize = 63;

/// Bytes that [`normalise_into`] needs to write to: a name of [`HOST_BYTES_MAX`], rounded up.
pub const SCRATCH_BYTES: usize = 256;

/// What each byte of a name becomes in normal form; zero for those that no name has.
const NORMAL: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The host and port of what a visitor sent as `Host` or `:authority`, the host in normal form (R08, R09).
///
/// Does not allocate unless it fails. The answer compares equal to the text of the [`Hostname`](super::Hostname) that
/// the same host makes, so it is what tables are asked with.
///
/// # Errors
///
/// When this is no `host` or `host:port`: see [`HostError`]. An empty port is refused.
pub fn normalise_into<'a>(
    raw: &[u8],
    scratch: &'a mut [u8; SCRATCH_BYTES],
) -> Result<(&'a str, Option<u16>), HostError> {
    let (host, port) = split_port(raw)?;
    let host = match host {
        [b'[', address @ .., b']'] => write_ipv6(address, scratch)?,
        name => write_name(name, scratch)?,
    };
    Ok((host, port))
}

/// Splits off `:port`. What comes back first is either bracketed on both sides or has no bracket at its start.
fn split_port(raw: &[u8]) -> Result<(&[u8], Option<u16>), HostError> {
    let end = if raw.first() == Some(&b'[') {
        raw.iter().position(|byte| *byte == b']').ok_or(HostError::Ipv6)? + 1
    } else {
        raw.iter().position(|byte| *byte == b':').unwrap_or(raw.len())
    };
    match raw.split_at(end) {
        (host, []) => Ok((host, None)),
        (host, [b':', digits @ ..]) => Ok((host, Some(parse_port(digits)?))),
        _ => Err(HostError::Ipv6),
    }
}

fn parse_port(digits: &[u8]) -> Result<u16, HostError> {
    if !(1..=5).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(HostError::Port);
    }
    let number = digits.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit - b'0'));
    u16::try_from(number).ok().filter(|port| *port != 0).ok_or(HostError::Port)
}

/// Writes `[address]` in canonical text (RFC 5952).
pub(super) fn write_ipv6<'a>(address: &[u8], scratch: &'a mut [u8; SCRATCH_BYTES]) -> Result<&'a str, HostError> {
    let address: Ipv6Addr = str::from_utf8(address).ok().and_then(|text| text.parse().ok()).ok_or(HostError::Ipv6)?;
    let mut rest = &mut scratch[..];
    write!(rest, "[{address}]").expect("an IPv6 address has at most 39 characters");
    let length = SCRATCH_BYTES - rest.len();
    Ok(as_ascii(&scratch[..length]))
}

/// Writes a DNS name or an IPv4 address, checking every rule on the way.
pub(super) fn write_name<'a>(name: &[u8], scratch: &'a mut [u8; SCRATCH_BYTES]) -> Result<&'a str, HostError> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.is_empty() {
        return Err(HostError::Empty);
    }
    if name.len() > HOST_BYTES_MAX {
        return Err(HostError::TooLong { length: name.len() });
    }
    let mut label_start = 0;
    for (at, byte) in name.iter().enumerate() {
        let normal = NORMAL[usize::from(*byte)];
        if normal == 0 {
            return Err(bad_byte(*byte));
        }
        if normal == b'.' {
            check_label(&name[label_start..at])?;
            label_start = at + 1;
        }
        scratch[at] = normal;
    }
    check_label(&name[label_start..])?;
    let text = as_ascii(&scratch[..name.len()]);
    let last = &text[label_start..];
    // Browsers and resolvers take any name that ends in a number for an IPv4 address, some in odd notations.
    // Only the plain one is a host here, so that no two texts mean one address.
    if last.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<Ipv4Addr>().is_err() {
        return Err(HostError::NumericEnd { label: excerpt(last) });
    }
    Ok(text)
}

fn check_label(label: &[u8]) -> Result<(), HostError> {
    match label {
        [] => Err(HostError::EmptyLabel),
        [b'-', ..] | [.., b'-'] => Err(HostError::Hyphen { label: excerpt(as_ascii(label)) }),
        _ if label.len() > LABEL_BYTES_MAX => {
            Err(HostError::LabelTooLong { label: excerpt(as_ascii(label)), length: label.len() })
        }
        _ => Ok(()),
    }
}

fn bad_byte(byte: u8) -> HostError {
    match byte {
        b':' | b'/' | b'?' | b'#' | b'@' => HostError::NotOnlyHost { character: char::from(byte) },
        0x80.. => HostError::NotAscii,
        _ => HostError::Character { character: char::from(byte) },
    }
}

fn as_ascii(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("only ASCII bytes pass the table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "the expected value reads better without a reference")]
    fn check(raw: &str, expected: Result<(&str, Option<u16>), HostError>) {
        let mut scratch = [0; SCRATCH_BYTES];
        assert_eq!(normalise_into(raw.as_bytes(), &mut scratch), expected, "{raw:?}");
    }

    // R09
    #[test]
    fn one_host_has_one_normal_form() {
        check("App.Example.COM", Ok(("app.example.com", None)));
        check("app.example.com.", Ok(("app.example.com", None)));
        check("app.example.com:8080", Ok(("app.example.com", Some(8080))));
        check("APP.example.com.:443", Ok(("app.example.com", Some(443))));
        check("_dmarc.example.com", Ok(("_dmarc.example.com", None)));
        check("localhost:1", Ok(("localhost", Some(1))));
        check("XN--BCHER-KVA.example:65535", Ok(("xn--bcher-kva.example", Some(65535))));
    }

    #[test]
    fn addresses_are_hosts_in_canonical_text() {
        check("127.0.0.1:80", Ok(("127.0.0.1", Some(80))));
        check("[::1]", Ok(("[::1]", None)));
        check("[2001:DB8:0:0:0:0:0:1]:443", Ok(("[2001:db8::1]", Some(443))));
        check("[::ffff:10.0.0.1]", Ok(("[::ffff:10.0.0.1]", None)));
    }

    #[test]
    fn brackets_hold_an_ipv6_address_and_nothing_else() {
        for raw in ["[", "[]", "[::1", "[::1]80", "[1.2.3.4]", "[fe80::1%eth0]", "[v1.x]", "[[::1]]", "[::1]]"] {
            check(raw, Err(HostError::Ipv6));
        }
        check("::1", Err(HostError::Port));
        check("::", Err(HostError::Port));
        check("a]", Err(HostError::Character { character: ']' }));
    }

    // R08
    #[test]
    fn ports_run_from_1_to_65535() {
        for raw in ["a:", "a:0", "a:65536", "a:99999", "a:000001", "a:+1", "a:1 ", "a:x", "a:1:2", "[::1]:", "[::1]:0"]
        {
            check(raw, Err(HostError::Port));
        }
        check("a:00080", Ok(("a", Some(80))));
    }

    // R08
    #[test]
    fn what_is_no_host_is_refused_with_its_reason() {
        check("", Err(HostError::Empty));
        check(".", Err(HostError::Empty));
        check(":80", Err(HostError::Empty));
        check("a..b", Err(HostError::EmptyLabel));
        check(".a", Err(HostError::EmptyLabel));
        check("a..", Err(HostError::EmptyLabel));
        check("a b", Err(HostError::Character { character: ' ' }));
        check("a\0b", Err(HostError::Character { character: '\0' }));
        check("a,b", Err(HostError::Character { character: ',' }));
        check("a%20", Err(HostError::Character { character: '%' }));
        check("*.a", Err(HostError::Character { character: '*' }));
        check("user@a", Err(HostError::NotOnlyHost { character: '@' }));
        check("a/b", Err(HostError::NotOnlyHost { character: '/' }));
        check("bücher.example", Err(HostError::NotAscii));
        check("-a.b", Err(HostError::Hyphen { label: "-a".into() }));
        check("a.b-", Err(HostError::Hyphen { label: "b-".into() }));
        check("-", Err(HostError::Hyphen { label: "-".into() }));
    }

    #[test]
    fn names_that_end_in_a_number_are_plain_ipv4_addresses() {
        for (raw, label) in [("1.2.3", "3"), ("1.2.3.256", "256"), ("01.2.3.4", "4"), ("example.1", "1"), ("7", "7")] {
            check(raw, Err(HostError::NumericEnd { label: label.into() }));
        }
        check("1.example", Ok(("1.example", None)));
    }

    #[test]
    fn lengths_are_taken_up_to_their_limit() {
        let label = "a".repeat(LABEL_BYTES_MAX);
        check(&label, Ok((&label, None)));
        let longer = "a".repeat(LABEL_BYTES_MAX + 1);
        check(&longer, Err(HostError::LabelTooLong { label: label.as_str().into(), length: 64 }));
        let name = format!("{label}.{label}.{label}.{}", "b".repeat(61));
        assert_eq!(name.len(), HOST_BYTES_MAX);
        check(&name, Ok((&name, None)));
        check(&format!("{name}.:80"), Ok((&name, Some(80))));
        check(&format!("{name}b"), Err(HostError::TooLong { length: HOST_BYTES_MAX + 1 }));
    }
}
