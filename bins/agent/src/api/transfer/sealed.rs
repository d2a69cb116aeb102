//! Documents with secrets in them, sealed with a passphrase (R54): argon2id makes a key of it, XChaCha20-Poly1305 seals.
//! What stands around the sealed part is sealed along with it, so that nobody can change how it is opened.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use octoporty_core::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::clock::Timestamp;

/// What such a document calls itself.
pub(super) const SEALED_FORMAT: &str = "octoporty-export-sealed";

/// The version of its form.
const SEALED_VERSION: u64 = 1;

const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20-poly1305";

/// Bytes of the salt (RFC 9106 §3.1 recommends as many).
const SALT_BYTES: usize = 16;

/// Bytes of the nonce. So long that a random one is never met twice.
const NONCE_BYTES: usize = 24;

const KEY_BYTES: usize = 32;

/// What making a key costs: the second choice of RFC 9106 §4, but with one lane, since it is one thread that pays.
const COST: Cost = Cost { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

/// What a document may ask for to be opened: four times the memory of [`COST`] and some seconds. A document that asks
/// for more is made to hurt.
const COST_MAX: Cost = Cost { memory_kib: 256 * 1024, passes: 16, lanes: 8 };

/// What making a key of a passphrase costs.
#[derive(Debug, Clone, Copy)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// All mappings with their secrets and the landing page, sealed with a passphrase.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SealedDocument {
    #[schema(example = "octoporty-export-sealed")]
    format: String,
    #[schema(example = 1)]
    format_version: u64,
    exported_at: Timestamp,
    agent_version: String,
    kdf: KeyDerivation,
    #[schema(example = "xchacha20-poly1305")]
    cipher: String,
    /// 24 bytes in base64.
    nonce: String,
    /// The document, encrypted, with its tag, in base64.
    data: String,
}

/// How the key is made of the passphrase.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyDerivation {
    #[schema(example = "argon2id")]
    name: String,
    #[schema(minimum = 8, maximum = 262_144)]
    memory_kib: u32,
    #[schema(minimum = 1, maximum = 16)]
    passes: u32,
    #[schema(minimum = 1, maximum = 8)]
    lanes: u32,
    /// 16 bytes in base64.
    salt: String,
}

/// Why a document cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// Another version wrote it, or something else did.
    #[error("is sealed in a way that this version does not know")]
    Unknown,
    /// It asks for more than is given.
    #[error("asks for more memory or time to be opened than is given")]
    TooCostly,
    /// The passphrase is another one, or somebody changed the document.
    #[error("does not open the document, or the document was changed")]
    Refused,
}

/// Seals a document. Takes tens of milliseconds and 64 MiB, so not on a runtime's thread.
pub(super) fn seal(
    document: &[u8],
    passphrase: &Secret,
    exported_at: Timestamp,
    agent_version: &str,
) -> Result<SealedDocument, SealError> {
    let salt: [u8; SALT_BYTES] = rand::random();
    let nonce: [u8; NONCE_BYTES] = rand::random();
    let Cost { memory_kib, passes, lanes } = COST;
    let mut sealed = SealedDocument {
        format: SEALED_FORMAT.to_owned(),
        format_version: SEALED_VERSION,
        exported_at,
        agent_version: agent_version.to_owned(),
        kdf: KeyDerivation { name: KDF.to_owned(), memory_kib, passes, lanes, salt: STANDARD.encode(salt) },
        cipher: CIPHER.to_owned(),
        nonce: STANDARD.encode(nonce),
        data: String::new(),
    };
    let cipher = cipher(passphrase, &salt, COST)?;
    let aad = sealed.around();
    let payload = Payload { msg: document, aad: aad.as_bytes() };
    let data = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_too_long| SealError::TooCostly)?;
    sealed.data = STANDARD.encode(data);
    Ok(sealed)
}

/// Opens a document. Takes what the document says, within [`COST_MAX`].
pub(super) fn unseal(sealed: &SealedDocument, passphrase: &Secret) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let is_known = sealed.format == SEALED_FORMAT
        && sealed.format_version == SEALED_VERSION
        && sealed.kdf.name == KDF
        && sealed.cipher == CIPHER;
    let salt = STANDARD.decode(&sealed.kdf.salt).ok().filter(|salt| salt.len() == SALT_BYTES);
    let nonce = STANDARD.decode(&sealed.nonce).ok().and_then(|nonce| <[u8; NONCE_BYTES]>::try_from(nonce).ok());
    let data = STANDARD.decode(&sealed.data).ok();
    let (true, Some(salt), Some(nonce), Some(data)) = (is_known, salt, nonce, data) else {
        return Err(SealError::Unknown);
    };
    let KeyDerivation { memory_kib, passes, lanes, .. } = sealed.kdf;
    if memory_kib > COST_MAX.memory_kib || passes > COST_MAX.passes || lanes > COST_MAX.lanes {
        return Err(SealError::TooCostly);
    }
    let cipher = cipher(passphrase, &salt, Cost { memory_kib, passes, lanes })?;
    let aad = sealed.around();
    let payload = Payload { msg: &data, aad: aad.as_bytes() };
    cipher.decrypt(&XNonce::from(nonce), payload).map(Zeroizing::new).map_err(|_refused| SealError::Refused)
}

fn cipher(passphrase: &Secret, salt: &[u8], cost: Cost) -> Result<XChaCha20Poly1305, SealError> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_BYTES));
    let params = params.map_err(|_out_of_range| SealError::Unknown)?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key)
        .map_err(|_out_of_range| SealError::Unknown)?;
    Ok(XChaCha20Poly1305::new(&Key::from(*key)))
}

impl SealedDocument {
    /// What is authenticated with the sealed part.
    fn around(&self) -> String {
        let Self { format, format_version, agent_version, kdf, cipher, nonce, .. } = self;
        let KeyDerivation { name, memory_kib, passes, lanes, salt } = kdf;
        let at = self.exported_at.utc().timestamp_millis();
        format!(
            "{format}\n{format_version}\n{at}\n{agent_version}\n{name}\n{memory_kib}\n{passes}\n{lanes}\n{salt}\n{cipher}\n{nonce}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn sealed() -> SealedDocument {
        seal(b"the document", &secret("a good passphrase"), Timestamp::now(), "1.2.3").unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_its_passphrase_alone() {
        // R54
        let sealed = sealed();
        assert_eq!(&**unseal(&sealed, &secret("a good passphrase")).unwrap(), b"the document");
        assert_eq!(unseal(&sealed, &secret("a good passphrase ")).unwrap_err(), SealError::Refused);
        let again: SealedDocument = serde_json::from_str(&serde_json::to_string(&sealed).unwrap()).unwrap();
        assert_eq!(&**unseal(&again, &secret("a good passphrase")).unwrap(), b"the document");
    }

    #[test]
    fn a_changed_document_does_not_open() {
        // R54
        type Change = fn(&mut SealedDocument);
        let changes: [(Change, SealError); 9] = [
            (|sealed| sealed.agent_version = "9.9.9".to_owned(), SealError::Refused),
            (
                |sealed| sealed.exported_at = sealed.exported_at.minus(std::time::Duration::from_secs(1)),
                SealError::Refused,
            ),
            (|sealed| sealed.kdf.memory_kib = 8, SealError::Refused),
            (|sealed| sealed.nonce = STANDARD.encode([0; NONCE_BYTES]), SealError::Refused),
            (|sealed| sealed.data = STANDARD.encode(b"short"), SealError::Refused),
            (|sealed| sealed.format_version = 2, SealError::Unknown),
            (|sealed| sealed.kdf.memory_kib = COST_MAX.memory_kib + 1, SealError::TooCostly),
            (|sealed| sealed.kdf.passes = u32::MAX, SealError::TooCostly),
            (|sealed| sealed.kdf.passes = 0, SealError::Unknown),
        ];
        let fresh = sealed();
        for (change, expected) in changes {
            let mut sealed = fresh.clone();
            change(&mut sealed);
            assert_eq!(unseal(&sealed, &secret("a good passphrase")).unwrap_err(), expected, "{sealed:?}");
        }
    }
}
