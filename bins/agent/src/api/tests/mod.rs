//! The real router over real sockets, with a real database file.
