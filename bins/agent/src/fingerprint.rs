//! SHA-256 fingerprints of certificates, as people copy them.

/// What a fingerprint looks like.
pub(crate) const ALLOWED: &str = "a SHA-256 of 64 hex digits, with or without colons";

/// The bytes of a fingerprint; `None` for what is none.
pub(crate) fn parse(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.trim().bytes().filter(|byte| *byte != b':').collect();
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let bytes: Option<Vec<u8>> =
        digits.chunks(2).map(|pair| Some(nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?)).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_any_case_with_or_without_colons() {
        let with_colons = vec!["aB"; 32].join(":");
        assert_eq!(parse(&with_colons), Some([0xAB; 32]));
        assert_eq!(parse(&format!(" {} ", "Ab".repeat(32))), Some([0xAB; 32]));
        for wrong in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"xy".repeat(32), &"a".repeat(63)] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
