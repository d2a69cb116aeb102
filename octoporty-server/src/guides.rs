//! The guides for Gateways, so that the code in them is compiled and run as documentation tests.

#[doc = include_str!("../../docs/embedding/gateway.md")]
struct Gateway;

#[doc = include_str!("../../docs/embedding/keys-and-domains.md")]
struct KeysAndDomains;

#[doc = include_str!("../README.md")]
struct Crate;
