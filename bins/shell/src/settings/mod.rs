//! Configuration in layers: defaults, a TOML file, environment variables, flags; later ones win.
//!
//! A program describes its settings in a [`Schema`], feeds [`Layers`], and reads typed [`Values`]. Nothing stops at
//! the first fault: every [`Problem`] is kept, and [`Values::finish`] tells them all. Nothing here touches the
//! process: variables come as an iterator.
//!
//! The layering is our own rather than a library's, because those stop at the first bad value and do not keep where
//! each value came from.

mod file;
mod key;
mod layers;
pub mod parse;
mod problem;
mod read;
mod setting;
mod values;

#[cfg(test)]
mod tests;

pub use file::scalar_text;
pub use key::{closest, segment};
pub use layers::Layers;
pub use problem::{Origin, Problem, Problems, shown};
pub use setting::{Schema, Setting};
pub use values::{Effective, Loaded, Values};
