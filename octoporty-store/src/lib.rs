//! Octoporty store.
