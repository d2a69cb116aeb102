//! Header fields that a mapping sets and removes, checked.

use http::{HeaderName, HeaderValue};
use octoporty_core::proxy::{HEADER_EDITS_MAX, HeaderPolicy};
use octoporty_store::HeaderEdits;
use serde_json::Value;

use super::fields::Fields;

/// Longest value, in bytes.
const VALUE_BYTES_MAX: usize = 4 * 1024;

/// Reads `{set: [{name, value}], remove: [name]}`.
pub(super) fn read(fields: &mut Fields, name: &str) -> HeaderEdits {
    let Some(mut inner) = fields.object(name) else {
        return HeaderEdits::default();
    };
    let mut policy = HeaderPolicy::new();
    let mut edits = HeaderEdits::default();
    for (at, value) in inner.list("set").into_iter().enumerate() {
        let outcome = pair(&value).and_then(|(name, value)| {
            policy = policy.clone().set_request(name.clone(), value.clone()).map_err(|error| error.to_string())?;
            Ok((name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        });
        match outcome {
            Ok(pair) => edits.set.push(pair),
            Err(wrong) => inner.wrong(&format!("set[{at}]"), wrong),
        }
        if at > HEADER_EDITS_MAX {
            break;
        }
    }
    for (at, value) in inner.list("remove").into_iter().enumerate() {
        let outcome = value.as_str().ok_or_else(|| "is not a text".to_owned()).and_then(|text| {
            let name = header_name(text)?;
            policy = policy.clone().remove_request(name.clone()).map_err(|error| error.to_string())?;
            Ok(name.as_str().to_owned())
        });
        match outcome {
            Ok(name) => edits.remove.push(name),
            Err(wrong) => inner.wrong(&format!("remove[{at}]"), wrong),
        }
        if at > HEADER_EDITS_MAX {
            break;
        }
    }
    fields.adopt(inner);
    edits
}

fn pair(value: &Value) -> Result<(HeaderName, HeaderValue), String> {
    let part = |name: &str| value.get(name).and_then(Value::as_str).ok_or_else(|| format!("has no text `{name}`"));
    let (name, text) = (header_name(part("name")?)?, part("value")?);
    if text.len() > VALUE_BYTES_MAX {
        return Err(format!("has a value of more than {VALUE_BYTES_MAX} bytes"));
    }
    let value =
        HeaderValue::from_str(text.trim()).map_err(|_invalid| "has a value that no header can carry".to_owned())?;
    Ok((name, value))
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    text.trim().parse().map_err(|_invalid| "is no name of a header".to_owned())
}
