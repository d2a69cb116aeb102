//! Tests of the state machine over a simulated pair, with virtual time.
