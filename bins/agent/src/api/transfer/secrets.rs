//! Header values that are secrets stay out of documents (R54), and come back from what is stored (R53).

use octoporty_store::MappingSettings;
use serde_json::{Value, json};

/// Where a mapping has header fields with values.
const EDITS: [&str; 2] = ["requestHeaders", "responseHeaders"];

/// Takes the values of secret fields out of a mapping.
pub(super) fn leave_out(mapping: &mut Value) {
    for edits in EDITS {
        for header in set_of(mapping, edits) {
            let name = header.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let value = header.get("value").and_then(Value::as_str).unwrap_or_default().to_owned();
            if is_secret(&name, &value) {
                header["value"] = Value::Null;
            }
        }
    }
}

/// Puts the values in that a document leaves out, from the mapping of the same domain. Names those that cannot be.
pub(super) fn put_back(mapping: &mut Value, known: Option<&MappingSettings>) -> Vec<String> {
    let mut missing = Vec::new();
    for edits in EDITS {
        for header in set_of(mapping, edits) {
            if !header.get("value").is_some_and(Value::is_null) {
                continue;
            }
            let name = header.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let stored = known.and_then(|known| {
                let edits = if edits == "requestHeaders" { &known.request_headers } else { &known.response_headers };
                edits.set.iter().find(|(stored, _)| stored.eq_ignore_ascii_case(&name)).map(|(_, value)| value.clone())
            });
            match stored {
                Some(value) => header["value"] = json!(value),
                None => missing.push(name.chars().take(60).collect()),
            }
        }
    }
    missing
}

fn set_of<'a>(mapping: &'a mut Value, edits: &str) -> impl Iterator<Item = &'a mut Value> {
    let set = mapping.get_mut(edits).and_then(|edits| edits.get_mut("set")).and_then(Value::as_array_mut);
    set.into_iter().flatten()
}

/// Whether the log would mask it too.
fn is_secret(name: &str, value: &str) -> bool {
    let mut field = [(name.to_owned(), value.to_owned())];
    octoporty_store::mask_headers(&mut field);
    field[0].1 != value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_leave_and_come_back() {
        // R53, R54
        let mut mapping = json!({"requestHeaders": {"set": [
            {"name": "authorization", "value": "Bearer topsecret"}, {"name": "x-team", "value": "blue"}]}});
        leave_out(&mut mapping);
        assert!(!mapping.to_string().contains("topsecret"), "{mapping}");
        assert!(mapping.to_string().contains("blue"));
        assert_eq!(put_back(&mut mapping.clone(), None), ["authorization"]);
        let mut known = MappingSettings::default();
        known.request_headers.set.push(("authorization".to_owned(), "Bearer topsecret".to_owned()));
        assert_eq!(put_back(&mut mapping, Some(&known)), Vec::<String>::new());
        assert_eq!(mapping["requestHeaders"]["set"][0]["value"], "Bearer topsecret");
    }
}
