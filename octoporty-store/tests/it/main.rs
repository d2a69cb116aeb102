//! The store as other programs use it, on real files.

mod backup;
mod durability;
mod faults;
mod harness;
mod history;
mod limits;
mod mappings;
mod requests;
mod retention;
mod sessions;
mod settings;
mod transfer;
