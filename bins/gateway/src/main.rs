//! The Octoporty gateway program.

fn main() {}
