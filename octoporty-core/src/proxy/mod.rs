//! HTTP over streams.
