//! Seeded random runs: many streams over lanes that are slow, stall, break and fall silent.
//!
//! An application at each end acts only on what it was told, so an event that is lost shows as a run that never
//! ends. A failing run prints its seed; `SIM_SEED=<seed>` repeats that run alone.

mod app;
mod run;
mod script;
