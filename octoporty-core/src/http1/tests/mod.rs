//! Tests of the strict HTTP/1 reading.

mod answer;
mod answer_guard;
mod chunked;
mod guard;
mod guard_time;
mod pieces;
mod request;
mod support;
mod target;
