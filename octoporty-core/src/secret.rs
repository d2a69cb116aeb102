//! Text that nobody may see: never printed, wiped from memory on drop, compared in constant time.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Characters below which [`Secret::masked`] shows nothing of the text: two and two of fewer than eight would give
/// half of it away.
const MASK_CHARACTERS_MIN: usize = 8;

/// What stands for the hidden part, whatever its length is.
const MASK: &str = "****";

/// A key, password or hash.
///
/// It has no `Display`, its `Debug` shows no part of the text, and the memory is wiped on drop. Clones are wiped
/// too, each on its own drop.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over. No copy is made, so none stays behind.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first two and the last two characters around four stars; of a text with fewer than eight characters,
    /// the four stars alone. The result tells nothing about the length (R56).
    #[must_use]
    pub fn masked(&self) -> String {
        if self.0.chars().count() < MASK_CHARACTERS_MIN {
            return MASK.to_owned();
        }
        let head = self.0.chars().take(2);
        let tail_start = self.0.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
        let tail = self.0[tail_start..].chars();
        head.chain(MASK.chars()).chain(tail).collect()
    }

    /// Whether `other` is the same text.
    ///
    /// The time depends on the length of `other` alone, which its sender knows anyway: not on where the first
    /// difference is, and not on the length of the secret.
    #[must_use]
    pub fn ct_eq(&self, other: &[u8]) -> bool {
        let own = self.0.as_bytes();
        if own.is_empty() {
            return other.is_empty();
        }
        let mut equal = own.len().ct_eq(&other.len());
        for (byte, own) in other.iter().zip(own.iter().cycle()) {
            equal &= byte.ct_eq(own);
        }
        equal.into()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Copies the text: what it was copied from stays readable in memory.
impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_shows_two_and_two_of_long_texts_only() {
        // R56
        for (text, masked) in [
            ("", "****"),
            ("seven77", "****"),
            ("eight888", "ei****88"),
            ("my-very-long-api-key", "my****ey"),
            ("äöü-four-äöü", "äö****öü"),
        ] {
            assert_eq!(Secret::new(text.to_owned()).masked(), masked, "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new("my-very-long-api-key".to_owned());
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(format!("{:#?}", Some(&secret)), "Some(\n    [secret],\n)");
    }

    #[test]
    fn only_the_same_text_is_equal() {
        // R22
        let secret = Secret::new("abcabc".to_owned());
        assert!(secret.ct_eq(b"abcabc"));
        for other in [&b""[..], b"abc", b"abcabcabc", b"abcabcabcabc", b"abcabd", b"xbcabc", b"abcabca"] {
            assert!(!secret.ct_eq(other), "{other:?}");
        }
        assert!(Secret::new(String::new()).ct_eq(b""));
        assert!(!Secret::new(String::new()).ct_eq(b"a"));
    }
}
