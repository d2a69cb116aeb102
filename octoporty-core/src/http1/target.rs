//! Request targets and Host values (R07, R08). Only syntax: names are normalised by [`crate::host`].

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    str,
};

use super::error::HeadError;

/// Longest name in bytes, the final dot aside (RFC 1035 §2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// Longest label of a name in bytes (RFC 1035 §2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// Checks that the target has one of the four forms, and one that is served (RFC 9112 §3.2).
pub(super) fn check(method: &[u8], target: &[u8], host: Option<&[u8]>) -> Result<(), HeadError> {
    match target {
        [b'/', ..] => Ok(()),
        b"*" if method == b"OPTIONS" => Ok(()),
        _ => {
            let (authority, port) = absolute(target).ok_or(HeadError::TargetForm)?;
            if !is_valid_host_header(authority) {
                return Err(HeadError::TargetForm);
            }
            // Two names for one request is what routing must never have to choose from (R08).
            let host = host.ok_or(HeadError::AuthorityMismatch)?;
            let same = without_port(authority, port).eq_ignore_ascii_case(without_port(host, port));
            if same { Ok(()) } else { Err(HeadError::AuthorityMismatch) }
        }
    }
}

/// The authority of an absolute target and the default port of its scheme.
fn absolute(target: &[u8]) -> Option<(&[u8], &'static [u8])> {
    let (rest, port): (_, &[u8]) = if let Some(rest) = after_prefix(target, b"http://") {
        (rest, b":80")
    } else {
        (after_prefix(target, b"https://")?, b":443")
    };
    let end = rest.iter().position(|&byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    Some((&rest[..end], port))
}

fn after_prefix<'a>(target: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = target.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn without_port<'a>(authority: &'a [u8], port: &[u8]) -> &'a [u8] {
    authority.strip_suffix(port).unwrap_or(authority)
}

/// Whether a Host value is a name, an IPv4 address or an IPv6 address in brackets, with an optional port from 1
/// to 65535 (R08). Allocates nothing.
///
/// A name has labels of letters, digits, `-` and `_`; one final dot is allowed. A name that ends in a number
/// must be an IPv4 address, since resolvers take it for one. Names outside ASCII must come as punycode.
#[must_use]
pub fn is_valid_host_header(value: &[u8]) -> bool {
    if let Some(rest) = value.strip_prefix(b"[") {
        let Some(end) = rest.iter().position(|&byte| byte == b']') else {
            return false;
        };
        return is_address::<Ipv6Addr>(&rest[..end]) && is_port_suffix(&rest[end + 1..]);
    }
    let end = value.iter().position(|&byte| byte == b':').unwrap_or(value.len());
    is_name(&value[..end]) && is_port_suffix(&value[end..])
}

fn is_address<A: str::FromStr>(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.parse::<A>().is_ok())
}

fn is_port_suffix(suffix: &[u8]) -> bool {
    let Some(digits) = suffix.strip_prefix(b":") else {
        return suffix.is_empty();
    };
    let port = digits.iter().try_fold(0_u16, |port, &byte| {
        let digit = if byte.is_ascii_digit() {
            u16::from(byte - b'0')
        } else {
            return None;
        };
        port.checked_mul(10)?.checked_add(digit)
    });
    port.is_some_and(|port| port != 0)
}

fn is_name(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return false;
    }
    let mut last: &[u8] = &[];
    for label in name.split(|&byte| byte == b'.') {
        let is_label = !label.is_empty()
            && label.len() <= LABEL_BYTES_MAX
            && label.iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !is_label {
            return false;
        }
        last = label;
    }
    !last.iter().all(u8::is_ascii_digit) || is_address::<Ipv4Addr>(name)
}
