//! What can be wrong with a connection string. No variant repeats a value, since one may hold a password.

/// A connection string that names no database that this store can open. Always the writer's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// Neither `Data Source=PATH` nor a `sqlite:` URL.
    #[error("is neither `Data Source=PATH` nor a `sqlite:` URL")]
    Form,
    /// No path where one belongs.
    #[error("names no file")]
    NoPath,
    /// A key or parameter that is not known.
    #[error("has the unknown key `{key}`")]
    UnknownKey {
        /// The key as written, without its value.
        key: String,
    },
    /// A key or parameter that is known but cannot be met, such as a password.
    #[error("has the key `{key}`, which is not supported")]
    Unsupported {
        /// The key as written, without its value.
        key: String,
    },
    /// A key or parameter with a value that it does not take.
    #[error("has a value of `{key}` that it does not take")]
    BadValue {
        /// The key as written, without its value.
        key: String,
    },
    /// The same key a second time.
    #[error("has the key `{key}` twice")]
    Twice {
        /// The key as written.
        key: String,
    },
    /// A quote without its other half.
    #[error("has a quote that is not closed")]
    OpenQuote,
    /// A `%` that two hex digits do not follow, or escapes that are not UTF-8.
    #[error("has a `%` escape that is not valid")]
    BadEscape,
}
