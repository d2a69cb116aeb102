//! Identifiers of agents, sessions, mappings and requests: 128 bits, shown as 32 hex digits.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an identifier has 32 hex digits (dashes may stand between them), this text has {digits} digits or other characters"
)]
pub struct ParseIdError {
    digits: usize,
}

fn parse_hex(text: &str) -> Result<u128, ParseIdError> {
    let mut value = 0_u128;
    let mut digits = 0;
    let mut clean = true;
    for character in text.chars().filter(|c| *c != '-').take(64) {
        match character.to_digit(16) {
            Some(digit) => value = value << 4 | u128::from(digit),
            None => clean = false,
        }
        digits += 1;
    }
    if clean && digits == 32 { Ok(value) } else { Err(ParseIdError { digits }) }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// An identifier of these 128 bits.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits)
            }

            /// The 128 bits.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                self.0
            }

            /// The identifier as 32 lower-case hex digits, without allocating.
            #[must_use]
            pub fn to_hex(self) -> [u8; 32] {
                const DIGITS: [u8; 16] = *b"0123456789abcdef";
                let mut text = [0; 32];
                for (pair, byte) in text.chunks_exact_mut(2).zip(self.0.to_be_bytes()) {
                    pair[0] = DIGITS[usize::from(byte >> 4)];
                    pair[1] = DIGITS[usize::from(byte & 15)];
                }
                text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:032x})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                parse_hex(text).map(Self)
            }
        }

        /// Sixteen bytes, big-endian, in binary formats; 32 hex digits in readable ones.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    serializer.serialize_bytes(&self.0.to_be_bytes())
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize(deserializer).map(Self)
            }
        }
    };
}

identifier! {
    /// Who an Agent is, over restarts and over all its connections.
    AgentId
}
identifier! {
    /// One stay of an Agent at a Gateway: from its first lane to the loss of its last.
    SessionId
}
identifier! {
    /// A mapping in an Agent's own set. A Gateway names mappings by this and nothing else.
    MappingId
}
identifier! {
    /// One exchange, from the visitor's request to its answer; shown to the visitor and in both logs.
    RequestId
}

struct IdVisitor;

impl de::Visitor<'_> for IdVisitor {
    type Value = u128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("16 bytes or 32 hex digits")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<u128, E> {
        let bytes: [u8; 16] = bytes.try_into().map_err(|_wrong_length| E::invalid_length(bytes.len(), &self))?;
        Ok(u128::from_be_bytes(bytes))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<u128, E> {
        parse_hex(text).map_err(E::custom)
    }
}

fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(IdVisitor)
    } else {
        deserializer.deserialize_bytes(IdVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_digits_survive_a_round_trip() {
        let id = MappingId::from_u128(0x0123_4567_89ab_cdef_0011_2233_4455_6677);
        assert_eq!(id.to_string(), "0123456789abcdef0011223344556677");
        assert_eq!(id.to_hex(), *b"0123456789abcdef0011223344556677");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("01234567-89ab-cdef-0011-223344556677".parse(), Ok(id));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "12", "0123456789abcdef001122334455667g", "0123456789abcdef00112233445566778"] {
            assert!(text.parse::<MappingId>().is_err(), "{text:?}");
        }
    }
}
