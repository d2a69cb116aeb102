//! Both roles over an in-memory lane.
