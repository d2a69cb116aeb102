//! Octoporty client.
