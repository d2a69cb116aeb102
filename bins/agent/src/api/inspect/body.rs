//! The start of a body, as text where it is text.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use utoipa::ToSchema;

/// A body, cut at the limit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InspectedBody)]
pub(crate) struct BodyView {
    pub(super) encoding: Encoding,
    /// UTF-8, or base64 of what is none.
    pub(super) text: String,
    /// Bytes that were read.
    pub(super) bytes: u64,
    /// There were more, or the answer broke off.
    pub(super) truncated: bool,
    pub(super) content_type: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = InspectedEncoding)]
pub(crate) enum Encoding {
    Utf8,
    Base64,
}

impl BodyView {
    pub(super) fn of(bytes: Vec<u8>, truncated: bool, content_type: Option<String>) -> Self {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let (encoding, text) = as_text(bytes, truncated);
        Self { encoding, text, bytes: length, truncated, content_type }
    }
}

/// Text that was cut within a letter is text all the same, without the part of the letter.
fn as_text(bytes: Vec<u8>, truncated: bool) -> (Encoding, String) {
    match String::from_utf8(bytes) {
        Ok(text) => (Encoding::Utf8, text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let is_cut = truncated && error.utf8_error().error_len().is_none();
            let mut bytes = error.into_bytes();
            if is_cut {
                bytes.truncate(valid);
                if let Ok(text) = String::from_utf8(bytes.clone()) {
                    return (Encoding::Utf8, text);
                }
            }
            (Encoding::Base64, STANDARD.encode(bytes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text_even_if_it_was_cut() {
        assert_eq!(as_text("ä".into(), false), (Encoding::Utf8, "ä".to_owned()));
        assert_eq!(as_text("aä".as_bytes()[..2].to_vec(), true), (Encoding::Utf8, "a".to_owned()));
        assert_eq!(as_text("aä".as_bytes()[..2].to_vec(), false).0, Encoding::Base64);
        assert_eq!(as_text(vec![0xff, b'a'], true), (Encoding::Base64, "/2E=".to_owned()));
    }
}
