//! The keys of all Agents: of each, its SHA-256, whose it is, and which domains it may claim.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use anyhow::{Context as _, ensure};
use octoporty_server::{AgentScope, Attempt, Authenticator, Denied, HostPattern};
use tokio_util::sync::CancellationToken;

/// Lines of a file of keys. A mistake such as naming the wrong file is noticed before it fills the memory.
const KEYS_MAX: usize = 10_000;

/// The keys. They can be replaced at any time.
#[derive(Debug, Default)]
pub(crate) struct Keys(RwLock<HashMap<[u8; 32], Entry>>);

#[derive(Debug)]
struct Entry {
    identity: String,
    domains: Vec<HostPattern>,
    /// Cancelled when the key is withdrawn: its lanes end.
    revoked: CancellationToken,
}

impl Authenticator for Keys {
    /// Looks the key up by its hash. How long that takes tells nothing of a key: one bit of it more that is right changes
    /// the whole hash.
    async fn authenticate(&self, attempt: &Attempt<'_>) -> Result<AgentScope, Denied> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = keys.get(&attempt.key.sha256()).ok_or(Denied)?;
        let scope = AgentScope::of(entry.identity.as_str()).domains(entry.domains.iter().cloned());
        Ok(scope.revoked_by(entry.revoked.clone()))
    }
}

impl Keys {
    /// Takes new keys over from text: a line for each, `identity sha256-in-hex domain[,domain]`. What was there before and
    /// is there no longer, or for other domains, is withdrawn; gives whose keys were. On an error all stays as it was.
    pub(crate) fn replace(&self, text: &str) -> anyhow::Result<Vec<String>> {
        let mut fresh = parse(text)?;
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut withdrawn = Vec::new();
        for (hash, old) in keys.drain() {
            match fresh.get_mut(&hash) {
                Some(new) if new.identity == old.identity && new.domains == old.domains => new.revoked = old.revoked,
                _ => {
                    old.revoked.cancel();
                    withdrawn.push(old.identity);
                }
            }
        }
        *keys = fresh;
        Ok(withdrawn)
    }
}

fn parse(text: &str) -> anyhow::Result<HashMap<[u8; 32], Entry>> {
    let mut keys = HashMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        ensure!(keys.len() < KEYS_MAX, "more than {KEYS_MAX} keys");
        let (hash, entry) = parse_line(line).with_context(|| format!("line {number} of the keys"))?;
        ensure!(keys.insert(hash, entry).is_none(), "line {number} of the keys: the same key twice");
    }
    Ok(keys)
}

fn parse_line(line: &str) -> anyhow::Result<([u8; 32], Entry)> {
    let mut words = line.split_whitespace();
    let (Some(identity), Some(hash), Some(domains), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        anyhow::bail!("it is not: identity sha256-in-hex domain,domain");
    };
    let domains = domains.split(',').map(HostPattern::parse).collect::<Result<Vec<_>, _>>()?;
    let entry = Entry { identity: identity.to_owned(), domains, revoked: CancellationToken::new() };
    Ok((from_hex(hash).context("the hash is not 64 hex digits")?, entry))
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect::<Option<Vec<u8>>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_wrong_are_named() {
        let hash = "0f".repeat(32);
        for (text, message) in [
            ("one".to_owned(), "line 1"),
            (format!("\n# a comment\none {hash}"), "line 3"),
            (format!("one {} a.test", "0f".repeat(31)), "line 1"),
            (format!("one {hash} a.test\ntwo {hash} b.test"), "line 2"),
            (format!("one {hash} http://a.test"), "line 1"),
        ] {
            let error = Keys::default().replace(&text).unwrap_err();
            assert!(error.to_string().contains(message), "{error:#}");
        }
    }

    #[test]
    fn keys_that_stay_are_not_withdrawn() {
        let (one, two) = (format!("one {} a.test", "01".repeat(32)), format!("two {} b.test", "02".repeat(32)));
        let keys = Keys::default();
        assert!(keys.replace(&format!("{one}\n{two}")).unwrap().is_empty());
        assert_eq!(keys.replace(&one).unwrap(), ["two"]);
        assert!(keys.replace("no key at all").is_err());
        assert!(keys.replace(&one).unwrap().is_empty(), "an error changed nothing");
        assert_eq!(keys.replace(&one.replace("a.test", "c.test")).unwrap(), ["one"], "other domains, other rights");
    }
}
