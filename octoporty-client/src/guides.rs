//! The guides for tunnels, so that the code in them is compiled and run as documentation tests.

#[doc = include_str!("../../docs/embedding/getting-started.md")]
struct GettingStarted;

#[doc = include_str!("../../docs/embedding/serving.md")]
struct Serving;

#[doc = include_str!("../../docs/embedding/forwarding.md")]
struct Forwarding;

#[doc = include_str!("../../docs/embedding/listening.md")]
struct Listening;

#[doc = include_str!("../../docs/embedding/lifecycle.md")]
struct Lifecycle;

#[doc = include_str!("../../docs/embedding/seams.md")]
struct Seams;

#[doc = include_str!("../../docs/embedding/testing.md")]
struct Testing;

#[doc = include_str!("../../README.md")]
struct Project;

#[doc = include_str!("../README.md")]
struct Crate;
