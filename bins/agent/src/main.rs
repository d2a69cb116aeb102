//! The Octoporty agent program.

fn main() {}
