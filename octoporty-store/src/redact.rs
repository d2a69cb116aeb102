//! Masking of what must not be in a log (R55).

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use percent_encoding::percent_decode_str;

/// What stands in place of a secret.
const MASK: &str = "***";

/// Words that make a name that of a secret, wherever they are in it.
const SECRET_PARTS: [&str; 11] =
    ["token", "secret", "passw", "pwd", "apikey", "api-key", "api_key", "signature", "credential", "session", "jwt"];

/// Finds [`SECRET_PARTS`], in any case. One pass for all of them: each name of each request that is logged is looked at.
static SECRETS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(SECRET_PARTS);
    automaton.expect("a few short words fit any automaton")
});

/// Names that are those of a secret as a whole.
const SECRET_NAMES: [&str; 7] = ["key", "code", "auth", "authorization", "sig", "state", "nonce"];

/// Header fields that carry a secret, in lower case.
const SECRET_FIELDS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-amz-security-token",
];

/// Header fields that hold an address, whose query is masked.
const ADDRESS_FIELDS: [&str; 3] = ["referer", "location", "content-location"];

/// The query with the values of parameters that name a secret (`token`, `key`, `password`, `code` and the like) masked.
/// Names are read as a form would be: with `%` escapes undone, in any case.
#[must_use]
pub fn mask_query(query: &str) -> Cow<'_, str> {
    let is_secret =
        |pair: &str| pair.split_once('=').is_some_and(|(name, value)| !value.is_empty() && names_secret(name));
    if !query.split(['&', ';']).any(is_secret) {
        return Cow::Borrowed(query);
    }
    let mut masked = String::with_capacity(query.len());
    for piece in query.split_inclusive(['&', ';']) {
        let (pair, separator) = match piece.strip_suffix(['&', ';']) {
            Some(pair) => (pair, &piece[pair.len()..]),
            None => (piece, ""),
        };
        match pair.split_once('=') {
            Some((name, _)) if is_secret(pair) => {
                masked.push_str(name);
                masked.push('=');
                masked.push_str(MASK);
            }
            _ => masked.push_str(pair),
        }
        masked.push_str(separator);
    }
    Cow::Owned(masked)
}

fn names_secret(name: &str) -> bool {
    let name = percent_decode_str(name).decode_utf8_lossy();
    is_one_of(&SECRET_NAMES, &name) || SECRETS.is_match(&*name)
}

/// Masks the values of header fields that carry a secret (`Authorization`, `Cookie`, `Set-Cookie` and the like), and the
/// queries of those that hold an address.
pub fn mask_headers(headers: &mut [(String, String)]) {
    for (name, value) in headers {
        if is_one_of(&SECRET_FIELDS, name) || SECRETS.is_match(name.as_str()) {
            MASK.clone_into(value);
        } else if is_one_of(&ADDRESS_FIELDS, name)
            && let Some((start, query)) = value.split_once('?')
            && let Cow::Owned(query) = mask_query(query)
        {
            *value = format!("{start}?{query}");
        }
    }
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|one| one.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    // R55
    #[test]
    fn values_of_secret_parameters_are_masked() {
        for (query, masked) in [
            ("", ""),
            ("a=1&b=2", "a=1&b=2"),
            ("token=abc", "token=***"),
            ("a=1&access_token=abc&b=2", "a=1&access_token=***&b=2"),
            ("KEY=x;Code=y;z=1", "KEY=***;Code=***;z=1"),
            ("password=a=b&x", "password=***&x"),
            ("api%5Fkey=x&%74oken=y", "api%5Fkey=***&%74oken=***"),
            ("keyboard=qwerty&zipcode=1", "keyboard=qwerty&zipcode=1"),
            ("token=&key", "token=&key"),
            ("%ff=1&newPassword=2", "%ff=1&newPassword=***"),
        ] {
            assert_eq!(mask_query(query), masked);
        }
    }

    // R55
    #[test]
    fn values_of_secret_fields_are_masked() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![
            field("Authorization", "Bearer x"),
            field("COOKIE", "a=b"),
            field("set-cookie", "a=b"),
            field("X-Api-Key", "k"),
            field("X-My-Token", "k"),
            field("Accept", "*/*"),
            field("Referer", "https://a.example/x?token=1&b=2"),
        ];
        mask_headers(&mut headers);
        let values: Vec<_> = headers.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["***", "***", "***", "***", "***", "*/*", "https://a.example/x?token=***&b=2"]);
    }
}
