//! What an Agent may see of Caddy's configuration: secrets are told by their names and by their looks (R63).
//!
//! Rather too much than too little is hidden: who needs the whole has a shell on the machine. Placeholders such as
//! `{env.TOKEN}` stay, since they say where a secret is without saying it.

use serde_json::{Map, Value};

/// What stands in the place of a secret.
const HIDDEN: &str = "[redacted]";

/// Parts of names, without `_` and `-`, whose values are secrets.
const SECRET_PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "privatekey",
    "apikey",
    "accesskey",
    "accountkey",
    "authkey",
    "mackey",
    "hmac",
    "bearer",
    "authorization",
    "cookie",
    "externalaccount",
    "signingkey",
    "encryptionkey",
    "aeskey",
    "sessionkey",
    "salt",
];

/// Whole names, without `_` and `-`, whose values are secrets or name an ACME account.
const SECRET_NAMES: &[&str] =
    &["key", "keys", "keyid", "pass", "pwd", "psk", "auth", "eab", "email", "user", "username"];

/// Names whose modules have settings of their own, which nobody can know: everything in them is hidden but what they are.
const OPAQUE_NAMES: &[&str] = &["provider", "storage", "dnsprovider", "dns"];

/// Names that say what a module is.
const MODULE_NAMES: &[&str] = &["module", "name"];

/// Beginnings of the secrets of well-known services, and of password hashes.
const SECRET_STARTS: &[&str] = &[
    "$2a$",
    "$2b$",
    "$2y$",
    "$argon2",
    "$scrypt$",
    "$pbkdf2",
    "$1$",
    "$5$",
    "$6$",
    "$7$",
    "$y$",
    "Bearer ",
    "Basic ",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "hvs.",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "sk-",
    "dop_v1_",
    "SG.",
    "AGE-SECRET-KEY-",
    "eyJ",
];

/// Shortest text, in bytes, that is taken for a random secret by its letters alone.
const RANDOM_BYTES_MIN: usize = 24;

/// Hides the secrets of a configuration of Caddy.
pub fn redact(config: &mut Value) {
    walk(config);
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(fields) => walk_object(fields),
        Value::Array(values) => values.iter_mut().for_each(walk),
        Value::String(text) => hide_if_secret(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn walk_object(fields: &mut Map<String, Value>) {
    for (name, value) in fields {
        let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
        if name == "@id" {
            // Ours look random, and are not.
        } else if is_secret_name(&plain) {
            hide_all(value, &[]);
        } else if OPAQUE_NAMES.contains(&plain.as_str()) {
            hide_all(value, MODULE_NAMES);
        } else {
            walk(value);
        }
    }
}

fn is_secret_name(plain: &str) -> bool {
    SECRET_NAMES.contains(&plain) || SECRET_PARTS.iter().any(|part| plain.contains(part))
}

/// Hides every text and number in `value` but those of the names in `kept`.
fn hide_all(value: &mut Value, kept: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if kept.contains(&name.as_str()) && value.is_string() {
                    walk(value);
                } else {
                    hide_all(value, kept);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| hide_all(value, kept)),
        Value::String(text) if is_placeholder(text) => {}
        Value::String(_) | Value::Number(_) => *value = Value::String(HIDDEN.to_owned()),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Whether `text` is nothing but a placeholder of Caddy, `{…}`.
fn is_placeholder(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| {
        !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/'))
    })
}

fn hide_if_secret(text: &mut String) {
    if text.contains("PRIVATE KEY-----") || SECRET_STARTS.iter().any(|start| text.starts_with(start)) || is_random(text)
    {
        HIDDEN.clone_into(text);
    } else if let Some(masked) = without_url_secrets(text) {
        *text = masked;
    }
}

/// Whether `text` is one long word of letters and digits, as keys and tokens are, or their hex or base64.
fn is_random(text: &str) -> bool {
    let is_word = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_'));
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    text.len() >= RANDOM_BYTES_MIN && is_word && !text.starts_with('/') && digits >= 3 && letters >= 3
}

/// A URL without user, password and query, if it had any of them.
fn without_url_secrets(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map(|(_, host)| format!("{HIDDEN}@{host}"));
    let query = path.split_once('?').map(|(path, _)| format!("{path}?{HIDDEN}"));
    if host.is_none() && query.is_none() {
        return None;
    }
    let host = host.unwrap_or_else(|| authority.to_owned());
    let path = query.unwrap_or_else(|| path.to_owned());
    Some(format!("{scheme}://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PEM: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ==\n-----END EC PRIVATE KEY-----\n";

    // R63
    #[test]
    fn secrets_of_each_kind_are_hidden() {
        let mut config = json!({
            "apps": {
                "tls": {
                    "automation": { "policies": [{ "issuers": [{
                        "module": "acme", "email": "ops-hunter2@example.com", "account_key": PEM,
                        "external_account": { "key_id": "hunter2", "mac_key": "hunter2" },
                        "challenges": { "dns": { "provider": {
                            "name": "odd", "zone_pin": "hunter2", "ttl": 600, "auth_api": ["hunter2"],
                        } } },
                    }] }] },
                    "certificates": {
                        "load_pem": [{ "certificate": "-----BEGIN CERTIFICATE-----\nMIIB", "key": PEM, "tags": ["a"] }],
                        "load_files": [{ "certificate": "/c.pem", "key": "/hunter2.pem" }],
                    },
                    "session_tickets": { "key_source": { "provider": "static", "keys": ["hunter2"] } },
                    "on_demand": { "permission": { "module": "http", "endpoint": "http://u:hunter2@h:1/ask?k=hunter2" } },
                },
                "http": { "servers": { "srv0": { "routes": [{ "handle": [
                    { "handler": "authentication", "providers": { "http_basic": {
                        "accounts": [{ "username": "hunter2", "password": "$2a$14$hunter2" }],
                    } } },
                    { "handler": "headers", "request": { "set": {
                        "Authorization": ["Basic hunter2"], "X-Api-Key": ["hunter2"], "Cookie": ["a=hunter2"],
                        "X-Auth-Token": ["hunter2"], "X-Odd": ["Bearer hunter2"],
                    } } },
                    { "handler": "static_response", "body": "hunter2hunter2hunter2hunter2" },
                ] }] } } },
            },
            "storage": { "module": "redis", "address": "hunter2:6379", "db": 1 },
            "logging": { "logs": { "x": { "writer": { "output": "net", "aws_secret_access_key": "hunter2" } } } },
            "other": ["ghp_hunter2", "$6$salt$hunter2", "eyJhbGciOi.hunter2.x", PEM],
        });
        redact(&mut config);
        let text = config.to_string();
        assert!(!text.contains("hunter2") && !text.contains("MHcC"), "{text}");
        // What something is stays visible.
        assert_eq!(config["storage"]["module"], "redis");
        assert_eq!(config.pointer("/apps/tls/automation/policies/0/issuers/0/module").unwrap(), "acme");
        let provider = "/apps/tls/automation/policies/0/issuers/0/challenges/dns/provider/name";
        assert_eq!(config.pointer(provider).unwrap(), "odd");
        let endpoint = config.pointer("/apps/tls/on_demand/permission/endpoint").unwrap();
        assert_eq!(endpoint, "http://[redacted]@h:1/ask?[redacted]");
        assert_eq!(config.pointer("/apps/tls/certificates/load_files/0/certificate").unwrap(), "/c.pem");
    }

    #[test]
    fn everything_else_stays() {
        let plain = json!({
            "@id": "octoporty-00000000000000000000000000ab12cd",
            "admin": { "listen": "localhost:2019", "enforce_origin": true },
            "match": [{ "host": ["app.example.com", "a-long-name-of-24-or-more-1.example.com"], "path": ["/a/b/c/1/2/3/4/5/6/7/8"] }],
            "handler": "reverse_proxy", "upstreams": [{ "dial": "10.0.0.1:8080" }], "flush_interval": -1,
            "key_type": "p256", "versions": ["h2c", "1.1"], "root": "/srv/www", "url": "https://example.com/x",
            "password": "{env.PASSWORD}", "provider": { "name": "cloudflare", "api_token": "{env.CF_API_TOKEN}" },
            "disable": null,
        });
        let mut shown = plain.clone();
        redact(&mut shown);
        assert_eq!(shown, plain);
    }
}
