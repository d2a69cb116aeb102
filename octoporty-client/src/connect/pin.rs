//! The fingerprint of a certificate or of its key, as people write it down.

use std::{fmt, str::FromStr};

/// Bytes of a SHA-256.
const FINGERPRINT_BYTES: usize = 32;

/// SHA-256 of a certificate's DER, or of its public key (`SubjectPublicKeyInfo`). A pinned key outlives the renewal of its
/// certificate, if the same key is used again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CertificatePin(pub(super) [u8; FINGERPRINT_BYTES]);

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a SHA-256 in hexadecimal (64 digits, with or without colons)")]
pub struct PinError;

impl FromStr for CertificatePin {
    type Err = PinError;

    /// Hexadecimal digits in any case, two for each byte, all of the bytes with a colon between them or none.
    fn from_str(text: &str) -> Result<Self, PinError> {
        let digits: Vec<u8> = match text.len() {
            64 => text.bytes().collect(),
            95 if text.bytes().skip(2).step_by(3).all(|byte| byte == b':') => {
                text.bytes().enumerate().filter(|(at, _)| at % 3 != 2).map(|(_, byte)| byte).collect()
            }
            _ => return Err(PinError),
        };
        let mut bytes = [0; FINGERPRINT_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(0).ok_or(PinError)? << 4 | digit(1).ok_or(PinError)?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if at == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_they_are_shown() {
        let pin = CertificatePin(std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap()));
        let shown = pin.to_string();
        assert_eq!(shown.parse(), Ok(pin));
        assert_eq!(shown.replace(':', "").to_lowercase().parse(), Ok(pin));
        let colons_moved = format!("{}:", shown.replacen(':', "", 1));
        for text in ["", "00", &shown[1..], &shown.replace(':', "-"), &"g".repeat(64), &"é".repeat(32), &colons_moved]
        {
            assert_eq!(text.parse::<CertificatePin>(), Err(PinError), "{text}");
        }
    }
}
