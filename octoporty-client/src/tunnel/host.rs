//! The public name of an endpoint, as users give it.

use octoporty_core::host::{HostError, HostPattern, Hostname};

/// The public name of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Host {
    /// A domain of one's own, or a wildcard of one's own. Its DNS records must lead to the Gateway.
    Domain(HostPattern),
    /// A name under the wildcard that the Gateway gives out: readable, and the same each time for the same key and text.
    Shared(String),
    /// The same with a name that nobody knows before.
    Random,
}

impl Host {
    /// A name under the Gateway's wildcard that is always the same for this text and the tunnel's key.
    #[must_use]
    pub fn shared(text: impl Into<String>) -> Self {
        Self::Shared(text.into())
    }
}

#[expect(unnameable_types, reason = "nobody else can implement a trait whose supertrait has no name for them")]
mod sealed {
    pub trait Sealed {}
}

/// What an endpoint's name can be given as: text such as `app.example.com` or `*.example.com`, a [`Hostname`], a
/// [`HostPattern`] or a [`Host`].
pub trait IntoHost: sealed::Sealed {
    /// The name, checked.
    ///
    /// # Errors
    ///
    /// When it is none.
    fn into_host(self) -> Result<Host, HostError>;
}

macro_rules! into_host {
    ($($type:ty => $convert:expr;)*) => {
        $(
            impl sealed::Sealed for $type {}
            impl IntoHost for $type {
                fn into_host(self) -> Result<Host, HostError> {
                    let convert: fn($type) -> Result<Host, HostError> = $convert;
                    convert(self)
                }
            }
        )*
    };
}

into_host! {
    Host => Ok;
    HostPattern => |pattern| Ok(Host::Domain(pattern));
    Hostname => |name| Ok(Host::Domain(HostPattern::Exact(name)));
    String => |text| HostPattern::parse(&text).map(Host::Domain);
}

impl sealed::Sealed for &str {}

impl IntoHost for &str {
    fn into_host(self) -> Result<Host, HostError> {
        HostPattern::parse(self).map(Host::Domain)
    }
}
