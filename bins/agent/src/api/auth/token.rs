//! Signed tokens: the access token, and the one by which a browser is known again. HS256 and nothing else (R42).

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use octoporty_core::secret::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock::Timestamp;

/// How long an access token is good.
pub(super) const ACCESS_LIFE: Duration = Duration::from_secs(15 * 60);

/// How long a browser is known again.
pub(super) const BROWSER_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How far clocks may be apart, in seconds. There is one clock here; it may be set back a little.
const SKEW_SECONDS: u64 = 30;

/// Longest token that is looked at, in bytes; ours have some 400.
const TOKEN_BYTES_MAX: usize = 2_048;

const ISSUER: &str = "octoporty-agent";

/// What a token is for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Access,
    Browser,
}

impl Purpose {
    const fn audience(self) -> &'static str {
        match self {
            Self::Access => "octoporty-ui",
            Self::Browser => "octoporty-browser",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Browser => "browser+jwt",
        }
    }

    const fn life(self) -> Duration {
        match self {
            Self::Access => ACCESS_LIFE,
            Self::Browser => BROWSER_LIFE,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// The session, or the browser.
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Makes and checks tokens.
pub(super) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    key_id: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// The key comes from the secret and from the password, so that a new password makes old tokens void (R44).
    pub(super) fn new(secret: &Secret, password: &[u8]) -> Self {
        let key = derived(&[b"octoporty token key", secret.expose().as_bytes(), password]);
        let key_id = URL_SAFE_NO_PAD.encode(&derived(&[b"octoporty token key id", &key])[..8]);
        Self { encoding: EncodingKey::from_secret(&key), decoding: DecodingKey::from_secret(&key), key_id }
    }

    /// An access token of a session.
    pub(super) fn access(&self, session: Uuid) -> Option<String> {
        self.sign(Purpose::Access, session)
    }

    /// The session of a good access token.
    pub(super) fn session(&self, token: &str) -> Option<Uuid> {
        self.verify(Purpose::Access, token)
    }

    /// A token by which a browser is known again.
    pub(super) fn browser(&self, browser: Uuid) -> Option<String> {
        self.sign(Purpose::Browser, browser)
    }

    /// The browser of a good such token.
    pub(super) fn known_browser(&self, token: &str) -> Option<Uuid> {
        self.verify(Purpose::Browser, token)
    }

    fn sign(&self, purpose: Purpose, sid: Uuid) -> Option<String> {
        let now = Timestamp::now();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: purpose.audience().to_owned(),
            sid,
            jti: Uuid::new_v4(),
            iat: now.unix_s(),
            nbf: now.unix_s(),
            exp: now.plus(purpose.life()).unix_s(),
        };
        let header = Header {
            typ: Some(purpose.kind().to_owned()),
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, &claims, &self.encoding).ok()
    }

    fn verify(&self, purpose: Purpose, token: &str) -> Option<Uuid> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = SKEW_SECONDS;
        validation.validate_nbf = true;
        validation.set_audience(&[purpose.audience()]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss"]);
        let data = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).ok()?;
        let is_ours = data.header.typ.as_deref() == Some(purpose.kind())
            && data.header.kid.as_deref() == Some(self.key_id.as_str())
            && data.header.jwk.is_none();
        is_ours.then_some(data.claims.sid)
    }
}

fn derived(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "fedcba9876543210fedcba9876543210";

    fn tokens() -> Tokens {
        Tokens::new(&Secret::new(SECRET.to_owned()), b"hash")
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn parts(token: &str) -> (Value, Value, String) {
        let mut parts = token.split('.');
        let mut read = || serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next().unwrap()).unwrap()).unwrap();
        let (header, claims) = (read(), read());
        (header, claims, token.rsplit('.').next().unwrap().to_owned())
    }

    /// Signs with the right key whatever it is given.
    fn signed(header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &tokens().encoding).unwrap()
    }

    #[test]
    fn own_tokens_are_good_for_their_purpose_alone() {
        // R42
        let tokens = tokens();
        let id = Uuid::new_v4();
        let access = tokens.access(id).unwrap();
        assert_eq!((tokens.session(&access), tokens.known_browser(&access)), (Some(id), None));
        let browser = tokens.browser(id).unwrap();
        assert_eq!((tokens.session(&browser), tokens.known_browser(&browser)), (None, Some(id)));
    }

    #[test]
    fn tokens_of_another_key_or_password_are_refused() {
        // R42, R44
        let access = tokens().access(Uuid::nil()).unwrap();
        for other in [
            Tokens::new(&Secret::new("0".repeat(32)), b"hash"),
            Tokens::new(&Secret::new(SECRET.to_owned()), b"another hash"),
        ] {
            assert_eq!(other.session(&access), None);
        }
    }

    #[test]
    fn other_algorithms_and_changed_parts_are_refused() {
        // R42
        let tokens = tokens();
        let (header, claims, signature) = parts(&tokens.access(Uuid::nil()).unwrap());
        let mut later = claims.clone();
        later["exp"] = json!(claims["exp"].as_i64().unwrap() + 1);
        for algorithm in ["none", "nOnE", "HS512", "RS256", "ES256"] {
            let mut other = header.clone();
            other["alg"] = json!(algorithm);
            for signature in ["", &signature] {
                assert_eq!(tokens.session(&format!("{}.{}.{signature}", part(&other), part(&claims))), None);
            }
        }
        assert_eq!(tokens.session(&format!("{}.{}.{signature}", part(&header), part(&later))), None);
        for text in ["", ".", "..", "a.b.c", "🦀", &"a".repeat(100_000)] {
            assert_eq!(tokens.session(text), None);
        }
    }

    #[test]
    fn each_claim_and_header_is_checked() {
        // R42
        let tokens = tokens();
        let (_, claims, _) = parts(&tokens.access(Uuid::nil()).unwrap());
        let good = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(tokens.key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        assert!(tokens.session(&signed(&good, &claims)).is_some());
        let now = Timestamp::now().unix_s();
        for (name, value) in [
            ("iss", json!("someone")),
            ("aud", json!("octoporty-browser")),
            ("exp", json!(now - 31)),
            ("nbf", json!(now + 60)),
            ("sid", json!("x")),
            ("jti", Value::Null),
            ("exp", Value::Null),
            ("nbf", Value::Null),
            ("aud", Value::Null),
            ("iss", Value::Null),
        ] {
            let mut bad = claims.clone();
            bad[name] = value;
            assert_eq!(tokens.session(&signed(&good, &bad)), None, "{name}");
        }
        for bad in [
            Header { typ: Some("JWT".to_owned()), ..good.clone() },
            Header { kid: Some("../../dev/null".to_owned()), ..good.clone() },
            Header { kid: None, ..good },
        ] {
            assert_eq!(tokens.session(&signed(&bad, &claims)), None);
        }
    }
}
