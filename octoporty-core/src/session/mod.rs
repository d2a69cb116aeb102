//! Async handles around the state machine.
