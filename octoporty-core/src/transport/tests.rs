//! Boundaries, order, back-pressure and hostile peers of each transport.
