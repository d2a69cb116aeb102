//! HTTP/1.1 through the whole chain: heads, bodies, connections.

mod body;
mod connection;
mod expect;
mod head;
mod plain;
