//! Masking of what must not be in a log (R55).

use std::borrow::Cow;

/// The query with the values of parameters that name a secret (`token`, `key`, `password`, `code` and the like) masked.
#[must_use]
pub fn mask_query(query: &str) -> Cow<'_, str> {
    todo!()
}

/// Masks the values of header fields that carry a secret (`Authorization`, `Cookie`, `Set-Cookie` and the like).
pub fn mask_headers(headers: &mut [(String, String)]) {
    todo!()
}
