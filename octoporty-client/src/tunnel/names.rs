//! Names that are made up: readable, hard to guess without the key, and always the same for the same key and text.

use octoporty_core::{
    host::{HostError, HostPattern},
    secret::Secret,
};
use sha2::{Digest, Sha256};

/// 64 of each, so that six bits choose one.
const KINDS: [&str; 64] = [
    "able", "agile", "amber", "azure", "bold", "brave", "breezy", "bright", "brisk", "calm", "clear", "clever",
    "coral", "cosy", "crisp", "daring", "deft", "eager", "early", "fair", "fleet", "fond", "fresh", "gentle", "glad",
    "golden", "grand", "green", "happy", "hardy", "humble", "ideal", "jolly", "keen", "kind", "lively", "loyal",
    "lucky", "mellow", "merry", "mild", "neat", "noble", "plucky", "polite", "proud", "quick", "quiet", "rapid",
    "ready", "rosy", "royal", "silent", "silver", "sleek", "smart", "snug", "steady", "sunny", "swift", "tidy",
    "vivid", "warm", "witty",
];
const THINGS: [&str; 64] = [
    "anchor", "badger", "beacon", "birch", "brook", "canyon", "cedar", "cliff", "cloud", "comet", "coral", "crane",
    "creek", "delta", "dune", "eagle", "ember", "falcon", "fern", "finch", "fjord", "forest", "fox", "garden",
    "glacier", "grove", "harbour", "hawk", "heron", "hill", "island", "lagoon", "lake", "lantern", "lark", "maple",
    "meadow", "meteor", "moss", "ocean", "orchid", "otter", "owl", "pebble", "pine", "planet", "puffin", "rain",
    "raven", "reef", "ridge", "river", "robin", "seal", "shore", "sparrow", "spring", "summit", "swan", "tide",
    "tundra", "valley", "willow", "wren",
];

/// A name for this key and text, such as `calm-otter-07f3a1`. Whoever does not know the key cannot tell which text it
/// stands for.
pub(super) fn label(key: &Secret, text: &str) -> String {
    let mut hash = Sha256::new();
    // The length keeps key and text apart.
    hash.update(u64::try_from(key.expose().len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(key.expose());
    hash.update(text);
    readable(&hash.finalize())
}

/// A name that nobody knows before.
pub(super) fn random() -> String {
    readable(&rand::random::<[u8; 5]>())
}

fn readable(bytes: &[u8]) -> String {
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    let kind = KINDS[usize::from(at(0) & 63)];
    let thing = THINGS[usize::from(at(1) & 63)];
    format!("{kind}-{thing}-{:02x}{:02x}{:02x}", at(2), at(3), at(4))
}

/// The name `label` under a wildcard.
pub(super) fn under(share_domain: &HostPattern, label: &str) -> Result<HostPattern, HostError> {
    HostPattern::parse(&format!("{label}.{}", share_domain.hostname()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_for_a_key_and_a_text() {
        let key = |text: &str| Secret::new(text.to_owned());
        let name = label(&key("0123456789abcdef0123456789abcdef"), "laptop");
        assert_eq!(name, label(&key("0123456789abcdef0123456789abcdef"), "laptop"));
        assert_ne!(name, label(&key("0123456789abcdef0123456789abcdef"), "desktop"));
        assert_ne!(name, label(&key("another-key-another-key-another-k"), "laptop"));
        assert_ne!(label(&key("ab"), "c"), label(&key("a"), "bc"));
        assert_ne!(random(), random());
    }

    #[test]
    fn names_are_host_names() {
        let share = HostPattern::parse("*.share.example.com").unwrap();
        for _ in 0..200 {
            let host = under(&share, &random()).unwrap();
            assert!(share.covers(&host), "{host}");
        }
    }
}
