//! Connections that carry whole messages.
