//! Octoporty server.
