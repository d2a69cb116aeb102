//! What an Octoporty Agent remembers.
//!
//! [`Location`] says where: it is read from a connection string, in the form of .NET or of a URL.
//!
//! ```
//! use octoporty_store::Location;
//!
//! let dotnet: Location = "Data Source=/app/data/octoporty.db".parse()?;
//! let url: Location = "sqlite:///app/data/octoporty.db?mode=rwc".parse()?;
//! assert_eq!(dotnet, url);
//! # Ok::<(), octoporty_store::LocationError>(())
//! ```

mod error;
mod location;

pub use error::LocationError;
pub use location::{Access, Location};
