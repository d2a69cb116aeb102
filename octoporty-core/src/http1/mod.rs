//! Strict reading of HTTP/1 heads and bodies, before and beside hyper.
