//! gRPC without protobuf: messages are plain bytes in five-byte frames, the status is in the trailers.

mod call;
mod frames;

pub use self::call::{GrpcAnswer, GrpcCall, GrpcError, GrpcStatus, GrpcVisitor};

pub(crate) use self::frames::{FrameReader, frame};
