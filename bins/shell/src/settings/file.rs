//! The configuration file: TOML, flattened to keys and texts. Knows nothing of which settings there are.

use super::key;
use super::layers::Entry;

/// A file as the layers want it.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Every scalar and list, flattened.
    pub(super) entries: Vec<Entry>,
    /// Top-level arrays of tables: normalised key and the tables.
    pub(super) tables: Vec<(String, Vec<toml::Table>)>,
    /// What could not be used: key and why.
    pub(super) rejected: Vec<(String, &'static str)>,
}

/// Parses a file.
///
/// # Errors
///
/// A TOML error as line, column and message. It repeats nothing of the file, since the line may hold a secret.
pub(super) fn parse(text: &str) -> Result<Parsed, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let (line, column) = error.span().map_or((1, 1), |span| position(text, span.start));
        let message = error.message().lines().next().unwrap_or_default();
        // The parser quotes a word of the file in some of its messages.
        let message = message.split(['`', '"', '\'']).next().unwrap_or_default().trim_end();
        format!("is not TOML at line {line}, column {column}: {message}")
    })?;
    let mut parsed = Parsed::default();
    for (name, value) in table {
        match value {
            // An empty one is an array of no tables: lists of plain values stand in sections.
            toml::Value::Array(items) if items.iter().all(toml::Value::is_table) => {
                let rows = items.into_iter().filter_map(|item| match item {
                    toml::Value::Table(row) => Some(row),
                    _ => None,
                });
                parsed.tables.push((key::segment(&name), rows.collect()));
            }
            value => flatten(&name, &key::segment(&name), value, &mut parsed),
        }
    }
    Ok(parsed)
}

// The parser bounds the nesting, so the recursion ends.
fn flatten(written: &str, path: &str, value: toml::Value, parsed: &mut Parsed) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                let written = format!("{written}.{name}");
                flatten(&written, &format!("{path}.{}", key::segment(&name)), value, parsed);
            }
        }
        toml::Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(scalar_text).collect();
            match texts {
                Some(texts) => parsed.entries.push(Entry::new(written, path, texts.join(","))),
                None => parsed.rejected.push((written.to_owned(), "a list here has plain values only")),
            }
        }
        value => {
            if let Some(text) = scalar_text(&value) {
                parsed.entries.push(Entry::new(written, path, text));
            }
        }
    }
}

/// A plain value as the text that a variable would have; `None` for a list or table.
#[must_use]
pub fn scalar_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Datetime(time) => Some(time.to_string()),
        toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_paths() {
        let parsed = parse("[Agent]\nPort = 1\n[agent.auth]\npassword_hash = \"x\"\nlist = [1, 'b']\n").unwrap();
        let flat: Vec<_> = parsed.entries.iter().map(|e| (e.path.as_str(), e.text.expose())).collect();
        assert_eq!(
            flat,
            [("agent.port", "1"), ("agent.auth.list", "1,b"), ("agent.auth.passwordhash", "x")],
            "sections in two spellings are both read"
        );
    }

    #[test]
    fn syntax_error_repeats_nothing() {
        for text in ["[agent]\napikey = topsecretvalue\n", "[agent]\napikey = \"topsecretvalue\n", "topsecretvalue"] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with("is not TOML at line "), "{error}");
            assert!(!error.contains("topsecret"), "{error}");
        }
    }
}
