//! What is wrong with a certificate, in words for the person who has to mend it.

use std::fmt;

use super::pin::CertificatePin;

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Nobody whom this machine trusts has issued it; a self-signed one mostly.
    UnknownIssuer,
    /// Its time is over, or this machine's clock is wrong.
    Expired,
    /// Its time has not come, or this machine's clock is wrong.
    NotYetValid,
    /// It is for other names.
    WrongName,
    /// It is not the pinned one.
    NotPinned,
    /// Neither it nor its key is what was pinned.
    KeyNotPinned {
        /// SHA-256 of its public key; `None` for what is no certificate.
        key: Option<[u8; 32]>,
    },
    /// Something else.
    Other(String),
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "is from an unknown issuer",
            Self::Expired => "has expired",
            Self::NotYetValid => "is not valid yet",
            Self::WrongName => "is for another name",
            Self::NotPinned => "is not the pinned one",
            Self::KeyNotPinned { key } => {
                f.write_str("is not the pinned one, nor has it the pinned key")?;
                return key.map_or(Ok(()), |key| write!(f, " (its key: SHA-256 {})", CertificatePin(key)));
            }
            Self::Other(what) => return write!(f, "was refused ({what})"),
        })
    }
}

/// A certificate that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRefused {
    pub(super) fingerprint: Option<[u8; 32]>,
    pub(super) problem: CertificateProblem,
}

impl CertificateRefused {
    /// SHA-256 of the leaf certificate's DER, for a person to compare and to pin. `None` where a verifier of the
    /// caller's own refused it.
    #[must_use]
    pub const fn fingerprint(&self) -> Option<[u8; 32]> {
        self.fingerprint
    }

    /// What to do about it where a Gateway showed it.
    pub(super) const fn advice_on_gateway(&self) -> &'static str {
        match self.problem {
            CertificateProblem::NotPinned | CertificateProblem::KeyNotPinned { .. } => {
                "somebody may be in between; if the Gateway's certificate was changed on purpose, set Agent__GatewayPin anew"
            }
            _ => "check the name in the URL, the certificate, and this machine's clock",
        }
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn problem(&self) -> &CertificateProblem {
        &self.problem
    }
}

impl fmt::Display for CertificateRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its certificate {}", self.problem)?;
        self.fingerprint.map_or(Ok(()), |fingerprint| write!(f, ", SHA-256 {}", CertificatePin(fingerprint)))
    }
}

impl std::error::Error for CertificateRefused {}
