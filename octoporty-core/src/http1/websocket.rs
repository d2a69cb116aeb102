//! The fields of a WebSocket upgrade (R14, RFC 6455 §4.2.1). Any other upgrade is ignored.

use super::{error::HeadError, fields, grammar::Field};

/// Length of a `Sec-WebSocket-Key`: 16 bytes in base64.
const KEY_BYTES: usize = 24;

/// What the upgrade fields of one head say.
#[derive(Debug, Default)]
pub(super) struct Upgrade<'a> {
    connection: bool,
    tokens: Once<'a>,
    version: Once<'a>,
    key: Once<'a>,
}

/// A field that may occur once.
#[derive(Debug, Default)]
enum Once<'a> {
    #[default]
    Absent,
    Present(&'a [u8]),
    Repeated,
}

impl<'a> Once<'a> {
    fn note(&mut self, value: &'a [u8]) {
        *self = match self {
            Self::Absent => Self::Present(value),
            Self::Present(_) | Self::Repeated => Self::Repeated,
        };
    }
}

impl<'a> Upgrade<'a> {
    /// Takes note of a field, if it is one of an upgrade.
    pub(super) fn note(&mut self, field: Field<'a>) {
        match field.name.len() {
            7 if field.name.eq_ignore_ascii_case(b"upgrade") => self.tokens.note(field.value),
            10 if field.name.eq_ignore_ascii_case(b"connection") => {
                self.connection |= fields::has_member(field.value, b"upgrade");
            }
            17 if field.name.eq_ignore_ascii_case(b"sec-websocket-key") => {
                self.key.note(field.value);
            }
            21 if field.name.eq_ignore_ascii_case(b"sec-websocket-version") => {
                self.version.note(field.value);
            }
            _ => {}
        }
    }

    /// Whether the head names WebSocket, and nothing else, as the protocol to switch to.
    pub(super) const fn is_websocket(&self) -> bool {
        match self.tokens {
            Once::Present(token) => self.connection && token.eq_ignore_ascii_case(b"websocket"),
            Once::Absent | Once::Repeated => false,
        }
    }

    /// Checks the version and the key of a request.
    pub(super) fn check(&self) -> Result<(), HeadError> {
        if !matches!(self.version, Once::Present(b"13")) {
            return Err(HeadError::UpgradeVersion);
        }
        match self.key {
            Once::Present(key) if is_key(key) => Ok(()),
            _ => Err(HeadError::UpgradeKey),
        }
    }
}

fn is_key(key: &[u8]) -> bool {
    key.len() == KEY_BYTES
        && key.ends_with(b"==")
        && key[..KEY_BYTES - 2].iter().all(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}
