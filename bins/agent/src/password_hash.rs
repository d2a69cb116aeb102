//! The form of a SHA-512 crypt hash (`$6$`). Checks no password: `api::auth` does.

use octoporty_core::secret::Secret;
use sha2::{Digest, Sha256};

/// Rounds that are accepted: fewer are weak, more let each login try block a thread for seconds (R38).
const ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;

/// Most characters of a salt.
const SALT_CHARACTERS_MAX: usize = 16;

/// Characters of the hash itself: 512 bits, six each.
const HASH_CHARACTERS: usize = 86;

/// What the web UI's password is checked against.
#[derive(Debug, Clone)]
pub(crate) enum PasswordHash {
    /// `!`: nobody can log in.
    LoginOff,
    /// A hash of the form `$6$[rounds=N$]salt$hash`.
    Sha512(Secret),
}

impl PasswordHash {
    /// A digest of the hash, by which a change of the password is noticed. It gives neither away.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        let text = match self {
            Self::LoginOff => "!",
            Self::Sha512(hash) => hash.expose(),
        };
        Sha256::digest(text.as_bytes()).into()
    }

    /// Checks the form.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "!" {
            return Ok(Self::LoginOff);
        }
        // Compose takes `$6` for a variable and leaves a text that does not begin so any more.
        let Some(rest) = text.strip_prefix("$6$") else {
            return Err(match text.strip_prefix("$$") {
                Some(_) => "still has its `$` doubled",
                None => "does not begin with $6$",
            }
            .to_owned());
        };
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            Some(rest) => rest.split_once('$').map(|(rounds, rest)| (Some(rounds), rest)).ok_or("is not complete")?,
            None => (None, rest),
        };
        if let Some(rounds) = rounds {
            let plain = !rounds.is_empty() && rounds.bytes().all(|digit| digit.is_ascii_digit());
            if !plain || !rounds.parse().is_ok_and(|rounds| ROUNDS.contains(&rounds)) {
                return Err("has rounds outside 1000 to 1000000".to_owned());
            }
        }
        let (salt, hash) = rest.split_once('$').ok_or("is not complete")?;
        if salt.is_empty() || salt.len() > SALT_CHARACTERS_MAX || !salt.bytes().all(is_crypt) {
            return Err("has a salt that is not 1 to 16 of ./0-9A-Za-z".to_owned());
        }
        if hash.len() != HASH_CHARACTERS || !hash.bytes().all(is_crypt) {
            return Err("is cut or has characters that no hash has".to_owned());
        }
        Ok(Self::Sha512(Secret::new(text.to_owned())))
    }
}

fn is_crypt(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_hashes() {
        // R38
        let hash = "x".repeat(86);
        for good in [
            format!("$6$salt${hash}"),
            format!("$6$rounds=1000$0123456789abcdef${hash}"),
            format!("$6$rounds=1000000$s${hash}"),
            "!".to_owned(),
        ] {
            assert!(PasswordHash::parse(&good).is_ok(), "{good}");
        }
        for (bad, wrong) in [
            ("topsecret".to_owned(), "does not begin with $6$"),
            (format!("$$6$$salt$${hash}"), "still has its `$` doubled"),
            (format!("$5$salt${hash}"), "does not begin with $6$"),
            (format!("$6$rounds=999$salt${hash}"), "has rounds outside 1000 to 1000000"),
            (format!("$6$rounds=1000001$salt${hash}"), "has rounds outside 1000 to 1000000"),
            (format!("$6$rounds=+5000$salt${hash}"), "has rounds outside 1000 to 1000000"),
            (format!("$6$${hash}"), "has a salt that is not 1 to 16 of ./0-9A-Za-z"),
            (format!("$6$0123456789abcdefg${hash}"), "has a salt that is not 1 to 16 of ./0-9A-Za-z"),
            (format!("$6$salt${}", &hash[1..]), "is cut or has characters that no hash has"),
            (format!("$6$salt$-{}", &hash[1..]), "is cut or has characters that no hash has"),
            ("$6$salt".to_owned(), "is not complete"),
            ("$6$rounds=5000".to_owned(), "is not complete"),
        ] {
            assert_eq!(PasswordHash::parse(&bad).unwrap_err(), wrong, "{bad}");
        }
    }
}
