//! One spelling for keys, so that `ApiKey`, `api_key`, `API-KEY` and `apikey` are the same, and the nearest known
//! name to a wrong one.

use super::Schema;

/// Two underscores nest in variable names.
const SEPARATOR: &str = "__";

/// `Agent__Auth__PasswordHash` as `agent.auth.passwordhash`.
pub(super) fn normalize(name: &str) -> String {
    let segments: Vec<String> = name.split(SEPARATOR).map(segment).collect();
    segments.join(".")
}

/// One segment of a key without case, underscores and hyphens.
#[must_use]
pub fn segment(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The first segment of a variable that nests; `None` for one that does not, as most variables of a process.
pub(super) fn section(variable: &str) -> Option<String> {
    variable.split_once(SEPARATOR).map(|(first, _)| segment(first))
}

/// The known name that is most like a normalised key, if any is like it at all.
pub(super) fn nearest(path: &str, schema: &Schema) -> Option<&'static str> {
    let names = schema.settings().flat_map(|setting| setting.names().map(move |name| (setting.name(), name)));
    let tables = schema.tables.iter().map(|table| (*table, *table));
    closest(path, names.chain(tables).map(|(shown, name)| (shown, normalize(name))))
}

/// The candidate closest to `word`; of `(shown, compared)` pairs, the shown part.
pub fn closest<T: Copy>(word: &str, candidates: impl IntoIterator<Item = (T, String)>) -> Option<T> {
    // A third of the letters wrong is a typo or a missing segment; more is another word.
    let distance_max = (word.chars().count() / 3).max(2);
    // A last segment that is wrong in every letter is none either, however long the path to it.
    let segment = word.rsplit('.').next().unwrap_or(word).chars().count();
    candidates
        .into_iter()
        .map(|(shown, compared)| (strsim::damerau_levenshtein(word, &compared), shown))
        .filter(|(distance, _)| *distance <= distance_max && *distance < segment)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, shown)| shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_one_key() {
        for name in ["Agent__Auth__PasswordHash", "AGENT__AUTH__PASSWORD_HASH", "agent__auth__password-hash"] {
            assert_eq!(normalize(name), "agent.auth.passwordhash");
        }
    }

    #[test]
    fn closest_wants_some_likeness() {
        let known = ["domain", "upstream"];
        let pick = |word| closest(word, known.iter().map(|name| (*name, (*name).to_owned())));
        assert_eq!(pick("upstraem"), Some("upstream"));
        assert_eq!(pick("domains"), Some("domain"));
        assert_eq!(pick("protocol"), None);
        let pick = |word| closest(word, [("agent.port", "agent.port".to_owned())]);
        assert_eq!((pick("agent.prt"), pick("agent.foo")), (Some("agent.port"), None));
    }
}
