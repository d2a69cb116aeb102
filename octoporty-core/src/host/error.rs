//! Why a text is not a host name or a pattern, in words for the person who typed it.

use super::{HOST_BYTES_MAX, LABEL_BYTES_MAX};

/// A text that cannot be used as a host name or as a mapping's domain.
///
/// The fault lies with whoever wrote the text. Parts of it that a message repeats are cut and escaped, but a visitor
/// gets a constant page all the same (R10).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// Nothing is there, or only a dot.
    #[error("the host name is empty")]
    Empty,
    /// The name is longer than DNS can carry (RFC 1035 §2.3.4).
    #[error("the host name has {length} characters, at most {HOST_BYTES_MAX} are possible")]
    TooLong {
        /// Bytes of the name, without its final dot; for a name in Unicode, before it was converted.
        length: usize,
    },
    /// Two dots stand in a row, or one at the start.
    #[error("the host name has an empty part: it starts with a dot or has two dots in a row")]
    EmptyLabel,
    /// One part is longer than DNS can carry.
    #[error("the part {label:?} of the host name has {length} characters, at most {LABEL_BYTES_MAX} are possible")]
    LabelTooLong {
        /// The start of the part.
        label: Box<str>,
        /// Its length in bytes.
        length: usize,
    },
    /// A part starts or ends with a hyphen (RFC 1123 §2.1).
    #[error("the part {label:?} of the host name starts or ends with a hyphen")]
    Hyphen {
        /// The part.
        label: Box<str>,
    },
    /// A character that no host name has.
    #[error(
        "the host name contains {character:?}; letters, digits, hyphens, underscores and dots between parts are allowed"
    )]
    Character {
        /// The first such character.
        character: char,
    },
    /// A URL, a port or a user was given where only the name belongs.
    #[error("the host name contains {character:?}; give the name alone, without scheme, user, port or path")]
    NotOnlyHost {
        /// The character that gave it away.
        character: char,
    },
    /// A request's host has bytes outside ASCII, where names must come in punycode (RFC 9110 §7.2, RFC 3986 §3.2.2).
    #[error("the host of a request has a byte outside ASCII")]
    NotAscii,
    /// International letters that have no valid form in DNS (UTS 46).
    #[error("{name:?} is not a valid international host name")]
    International {
        /// The start of the name.
        name: Box<str>,
    },
    /// International letters, in a build without the feature `idna`.
    #[error("{name:?} has letters outside ASCII; write it in punycode (xn--…), or build with the feature idna")]
    NotConverted {
        /// The start of the name.
        name: Box<str>,
    },
    /// The last part is a number, so this must be an IPv4 address, but it is not.
    #[error(
        "the host name ends in the number {label:?} but is not an IPv4 address of four numbers from 0 to 255 without leading zeros"
    )]
    NumericEnd {
        /// The last part.
        label: Box<str>,
    },
    /// Brackets without an IPv6 address between them, or something after them that is not a port.
    #[error("the host starts like an IPv6 address in brackets but is none")]
    Ipv6,
    /// A colon without a valid port behind it.
    #[error("the port behind the host is not a number from 1 to 65535")]
    Port,
    /// An IP address where a mapping's domain belongs.
    #[error("{address} is an IP address; a mapping needs a host name, such as app.example.com")]
    Address {
        /// The address.
        address: Box<str>,
    },
    /// A `*` alone.
    #[error("a lone * would take every host; name a suffix, such as *.example.com")]
    BareWildcard,
    /// A `*` anywhere but as the whole first part.
    #[error("a * can only be the whole first part, as in *.example.com")]
    WildcardPosition,
}

/// The start of `text` as a message may repeat it.
pub(super) fn excerpt(text: &str) -> Box<str> {
    text.chars().take(LABEL_BYTES_MAX).collect()
}
