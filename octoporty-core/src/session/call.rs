//! Calls between Gateway and Agent: one control stream each, with its own flow control and cancellation.

use bytes::Bytes;

use super::{Incoming, Lane, RecvStream, SendStream};
use crate::{
    frame::StreamKind,
    limits::INLINE_BODY_BYTES_MAX,
    message::{self, CallAnswer, CallHead, MessageError},
    proto::{OpenError, ReadError, Received, WriteError},
};

/// Bytes in which a call's body is handed to its stream.
const CALL_PIECE_BYTES: usize = 64 << 10;

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The stream could not be opened.
    #[error("the call could not be made")]
    Open(#[from] OpenError),
    /// The body could not be sent.
    #[error("the call could not be sent")]
    Write(#[from] WriteError),
    /// The answer did not come.
    #[error("the call was not answered")]
    Read(#[from] ReadError),
    /// The other side said no.
    #[error("{message} ({code})")]
    Failed {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// The answer, or the call, is not what it should be.
    #[error("malformed call")]
    Malformed(#[from] MessageError),
    /// The answer, or the call, is larger than its reader takes.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// Most bytes.
        limit: usize,
    },
}

impl Lane {
    /// Asks the peer and waits for its answer of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// When the peer says no, does not know the call, or the lane ends.
    ///
    /// # Cancel safety
    ///
    /// Dropping it cancels the call at the peer too.
    pub async fn call(&self, call: &str, body: Bytes, limit: usize) -> Result<Bytes, CallError> {
        let head = message::encode(&CallHead { call: call.to_owned() });
        let small = body.len() <= INLINE_BODY_BYTES_MAX;
        let inline: &[u8] = if small { &body } else { &[] };
        let (mut send, mut recv) = self.open(StreamKind::Control, &head, inline, small).await?;
        if !small {
            match write_all(&mut send, body).await {
                // Who answers before it has read all says why in its answer.
                Ok(()) | Err(WriteError::Stopped) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let Some(Received::Head(head)) = recv.read().await? else {
            return Err(CallError::Read(ReadError::Closed));
        };
        let answer: CallAnswer = message::decode("answer to a call", &head)?;
        if !answer.ok {
            return Err(CallError::Failed { code: answer.code, message: answer.message });
        }
        recv.read_to_end(limit).await?.ok_or(CallError::TooLarge { limit })
    }
}

async fn write_all(send: &mut SendStream, mut body: Bytes) -> Result<(), WriteError> {
    while !body.is_empty() {
        let piece = body.split_to(body.len().min(CALL_PIECE_BYTES));
        send.write(piece).await?;
    }
    send.finish(None)
}

/// A call that the peer made. Dropping it unanswered resets it.
#[derive(Debug)]
pub struct IncomingCall {
    /// What is asked for.
    pub call: String,
    send: SendStream,
    recv: RecvStream,
}

impl IncomingCall {
    /// Reads the head of a control stream.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn new(incoming: Incoming) -> Result<Self, CallError> {
        let head: CallHead = message::decode("call", &incoming.head)?;
        Ok(Self { call: head.call, send: incoming.send, recv: incoming.recv })
    }

    /// The body of the call, of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// When it is larger, or the call was cancelled.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: what was read is lost.
    pub async fn body(&mut self, limit: usize) -> Result<Bytes, CallError> {
        self.recv.read_to_end(limit).await?.ok_or(CallError::TooLarge { limit })
    }

    /// Answers the call.
    ///
    /// # Errors
    ///
    /// When the caller is gone.
    pub async fn answer(mut self, body: Bytes) -> Result<(), CallError> {
        let head = message::encode(&CallAnswer { ok: true, code: String::new(), message: String::new() });
        if body.len() <= INLINE_BODY_BYTES_MAX {
            self.send.send_head(&head, &body, true).await?;
        } else {
            self.send.send_head(&head, &[], false).await?;
            write_all(&mut self.send, body).await?;
        }
        Ok(())
    }

    /// Says no.
    ///
    /// # Errors
    ///
    /// When the caller is gone.
    pub async fn fail(mut self, code: &str, reason: &str) -> Result<(), CallError> {
        let head = message::encode(&CallAnswer { ok: false, code: code.to_owned(), message: reason.to_owned() });
        Ok(self.send.send_head(&head, &[], true).await?)
    }
}
