//! Host names of requests and mappings.
