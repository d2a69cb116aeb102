//! The harness of the end-to-end tests: visitors, upstreams, bad networks, programs. Not the tests, which are
//! in `it/`, and not shipped.
//!
//! Everything binds port 0 on loopback, stops when it is dropped, and waits for events rather than for time.
//! What a failing peer does to a test comes back as an error value that says what was seen until then.

mod agent;
mod caddy;
mod chaos;
mod eventually;
mod gateway;
mod grpc;
mod ledger;
mod logging;
mod memory;
mod ports;
mod process;
mod running;
mod runtime;
mod temp;
mod upstream;
mod visitor;
mod wire;
mod world;

pub use self::{
    agent::{TestAgent, TestAgentBuilder, TestAgentError, mapping, mapping_to},
    caddy::{AdminFaults, CaddyError, TestCaddy, TlsDoor, TlsDoorError},
    chaos::{ChaosCounts, ChaosProxy, Way},
    eventually::{eventually, eventually_async, within},
    gateway::{TEST_KEY, TestGateway, TestGatewayError},
    grpc::{GrpcAnswer, GrpcCall, GrpcError, GrpcStatus, GrpcVisitor},
    ledger::{NotSeen, unique_tag},
    memory::ProcessFigures,
    ports::free_address,
    process::{Line, LineSource, Process, ProcessError, Program, Signal},
    runtime::TestRuntime,
    temp::TestFolder,
    upstream::{
        Anomaly, BodyProgress, RecordH2, RequestRecord, TestUpstream, TestUpstreamH2, TestUpstreamTls,
        TlsUpstreamError, WebSocketFrame,
    },
    visitor::{
        Answer, AnswerError, AnswerH2, AnswerHead, BodyEnd, BodySummary, ExchangeH2, H2Body, H2Error, H2Sender, Part,
        Receiver, Sender, Visitor, VisitorH2, VisitorWebSocket, WebSocketError,
    },
    wire::{BodyFault, Fields, Framing, Gone, pattern, pattern_sha256, sha256_hex},
    world::{HOST, World},
};
