//! A host name that is known to be in normal form.

use std::{borrow::Borrow, fmt, net::IpAddr, str::FromStr, sync::Arc};

use super::{
    error::{HostError, excerpt},
    normalise::{SCRATCH_BYTES, normalise_into, write_ipv6, write_name},
    text::text_form,
};

/// Longest text that a person may give as a name, in bytes. Names of 253 bytes in punycode have fewer than four times
/// as many in UTF-8, and longer ones need not be converted to know that they are too long.
const TYPED_BYTES_MAX: usize = 1024;

/// A host in the normal form that routing uses (R09): lower case, punycode, no port, no final dot.
///
/// IP addresses are hosts too: IPv4 in plain dotted form, IPv6 in brackets and canonical text.
/// Cloning is cheap. Tables keyed by this can be asked with a `&str` in normal form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hostname(Arc<str>);

impl Hostname {
    /// Reads what a person typed: international letters are converted (UTS 46, with the feature `idna`), capitals
    /// lowered, one final dot taken away. An IPv6 address may come with or without brackets. Spaces around the name are
    /// not taken away.
    ///
    /// # Errors
    ///
    /// When this is no host name, with the offending part: see [`HostError`].
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let mut scratch = [0; SCRATCH_BYTES];
        Ok(Self(parse_typed(text, &mut scratch)?.into()))
    }

    /// Reads what a visitor sent as `Host` or `:authority`: ASCII, with an optional port. Allocates the name only.
    ///
    /// # Errors
    ///
    /// When this is no `host` or `host:port` (R08): see [`HostError`].
    pub fn parse_host_header(raw: &[u8]) -> Result<(Self, Option<u16>), HostError> {
        let mut scratch = [0; SCRATCH_BYTES];
        let (host, port) = normalise_into(raw, &mut scratch)?;
        Ok((Self(host.into()), port))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, if this host is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.strip_prefix('[') {
            Some(address) => address.strip_suffix(']')?.parse().ok().map(IpAddr::V6),
            None => self.0.parse().ok().map(IpAddr::V4),
        }
    }
}

fn parse_typed<'a>(text: &str, scratch: &'a mut [u8; SCRATCH_BYTES]) -> Result<&'a str, HostError> {
    if text.len() > TYPED_BYTES_MAX {
        return Err(HostError::TooLong { length: text.len() });
    }
    let address = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if address.parse::<std::net::Ipv6Addr>().is_ok() {
        return write_ipv6(address.as_bytes(), scratch);
    }
    if text.starts_with('[') {
        return Err(HostError::Ipv6);
    }
    write_international(text, scratch)
}

/// Plain names skip the conversion. Punycode goes through it: what decodes to nonsense is no name.
#[cfg(feature = "idna")]
fn write_international<'a>(text: &str, scratch: &'a mut [u8; SCRATCH_BYTES]) -> Result<&'a str, HostError> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    if text.is_ascii() && !has_punycode(text) {
        return write_name(text.as_bytes(), scratch);
    }
    let name = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_tells_nothing| HostError::International { name: excerpt(text) })?;
    write_name(name.as_bytes(), scratch)
}

#[cfg(not(feature = "idna"))]
fn write_international<'a>(text: &str, scratch: &'a mut [u8; SCRATCH_BYTES]) -> Result<&'a str, HostError> {
    if !text.is_ascii() {
        return Err(HostError::NotConverted { name: excerpt(text) });
    }
    write_name(text.as_bytes(), scratch)
}

#[cfg(feature = "idna")]
fn has_punycode(text: &str) -> bool {
    text.as_bytes().windows(4).any(|part| part.eq_ignore_ascii_case(b"xn--"))
}

impl AsRef<str> for Hostname {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Hostname {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hostname({})", self.0)
    }
}

impl FromStr for Hostname {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        Self::parse(text)
    }
}

text_form!(Hostname, "a host name");

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Hostname::parse(text).map(|host| host.to_string()), Ok(expected.to_owned()), "{text:?}");
    }

    // R09
    #[test]
    fn typed_names_come_out_in_normal_form() {
        check("App.Example.com.", "app.example.com");
        check("xn--bcher-KVA.example", "xn--bcher-kva.example");
        check("r3---sn.example", "r3---sn.example");
        check("localhost", "localhost");
        check("10.0.0.1", "10.0.0.1");
        check("::1", "[::1]");
        check("[2001:DB8::1]", "[2001:db8::1]");
    }

    #[cfg(feature = "idna")]
    #[test]
    fn international_letters_are_converted() {
        check("Bücher.example", "xn--bcher-kva.example");
        check("BÜCHER。example。", "xn--bcher-kva.example");
        check("faß.example", "xn--fa-hia.example");
    }

    #[cfg(not(feature = "idna"))]
    #[test]
    fn international_letters_ask_for_punycode() {
        let message = Hostname::parse("Bücher.example").unwrap_err().to_string();
        assert!(message.starts_with("\"Bücher.example\" has letters outside ASCII; write it in punycode"), "{message}");
    }

    #[test]
    fn typed_names_are_refused_with_the_offending_part() {
        let check = |text: &str, error: HostError| {
            assert_eq!(Hostname::parse(text), Err(error), "{text:?}");
        };
        check("", HostError::Empty);
        check("https://example.com", HostError::NotOnlyHost { character: ':' });
        check("example.com/path", HostError::NotOnlyHost { character: '/' });
        check("example.com:80", HostError::NotOnlyHost { character: ':' });
        check("me@example.com", HostError::NotOnlyHost { character: '@' });
        check(" example.com", HostError::Character { character: ' ' });
        check("*.example.com", HostError::Character { character: '*' });
        check("[::1", HostError::Ipv6);
        check("[::1]:80", HostError::Ipv6);
        check(&"ü".repeat(513), HostError::TooLong { length: 1026 });
    }

    #[cfg(feature = "idna")]
    #[test]
    fn international_names_are_refused_with_the_offending_part() {
        let check = |text: &str, error: HostError| {
            assert_eq!(Hostname::parse(text), Err(error), "{text:?}");
        };
        check("bü cher.example", HostError::Character { character: ' ' });
        check("xn--zzzzzzz99999.example", HostError::International { name: "xn--zzzzzzz99999.example".into() });
        let long = Hostname::parse(&"ü".repeat(60)).unwrap_err();
        assert!(matches!(long, HostError::LabelTooLong { .. }), "{long}");
    }

    #[test]
    fn messages_say_what_is_allowed() {
        let message = |text: &str| Hostname::parse(text).unwrap_err().to_string();
        assert_eq!(
            message("a$b"),
            "the host name contains '$'; letters, digits, hyphens, underscores and dots between parts are allowed"
        );
        assert_eq!(message("a.-b"), "the part \"-b\" of the host name starts or ends with a hyphen");
        assert_eq!(
            message("a\u{1b}b"),
            "the host name contains '\\u{1b}'; letters, digits, hyphens, underscores and dots between parts are allowed"
        );
    }

    #[test]
    fn a_request_and_a_mapping_meet_in_one_name() {
        let (sent, port) = Hostname::parse_host_header(b"XN--BCHER-KVA.Example.:8443").unwrap();
        assert_eq!(sent, Hostname::parse("xn--bcher-kva.example").unwrap());
        assert_eq!(port, Some(8443));
    }

    #[test]
    fn only_addresses_have_an_address() {
        let address = |text: &str| Hostname::parse(text).unwrap().address();
        assert_eq!(address("[::1]"), Some("::1".parse().unwrap()));
        assert_eq!(address("10.1.2.3"), Some("10.1.2.3".parse().unwrap()));
        assert_eq!(address("example.com"), None);
    }

    #[test]
    fn text_is_checked_when_it_is_read_back() {
        let host: Hostname = serde_json::from_str("\"Example.COM\"").unwrap();
        assert_eq!(serde_json::to_string(&host).unwrap(), "\"example.com\"");
        let error = serde_json::from_str::<Hostname>("\"a..b\"").unwrap_err().to_string();
        assert!(error.starts_with("the host name has an empty part"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn normal_form_is_stable(text in "\\PC{0,40}") {
            if let Ok(host) = Hostname::parse(&text) {
                proptest::prop_assert_eq!(Hostname::parse(host.as_str()), Ok(host.clone()));
                let (sent, port) = Hostname::parse_host_header(host.as_str().as_bytes()).unwrap();
                proptest::prop_assert_eq!((sent, port), (host, None));
            }
        }

        #[test]
        fn any_bytes_are_read_without_panic(raw in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            drop(Hostname::parse_host_header(&raw));
        }
    }
}
