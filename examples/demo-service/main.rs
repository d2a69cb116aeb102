//! A small service to see through the tunnel.

fn main() {}
