//! The rest of an answer's body, as it comes in, and what becomes of its connection when it ends.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use octoporty_core::http1::{ChunkError, ChunkedScanner};
use tokio_util::io::poll_read_buf;

use super::{PlainPool, link::Link};
use crate::upstream::{connection::Spawner, dial::name, error::UpstreamError, target::UpstreamTarget};

/// Bytes that one read has room for: a piece of the tunnel. Larger ones would only be cut.
const READ_BYTES: usize = 64 << 10;

/// How the end of the body is found.
#[derive(Debug)]
pub(super) enum Framing {
    /// So many bytes are to come.
    Length(u64),
    Chunked(ChunkedScanner),
    UntilClose,
}

/// A body that is read as it is asked for. Dropping it early closes the connection.
#[derive(Debug)]
pub(crate) struct PlainBody {
    /// `None`: the body has ended.
    link: Option<Link>,
    framing: Framing,
    /// Bytes that were read and not given yet.
    held: BytesMut,
    /// Where the connection goes when the body has ended; `None` where it cannot serve again.
    home: Option<Home>,
    target: Arc<UpstreamTarget>,
}

#[derive(Debug)]
struct Home {
    pool: Arc<PlainPool>,
    spawner: Spawner,
}

/// What follows the head of an answer on its connection.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) framing: Framing,
    /// Bytes that were read and not used yet.
    pub(super) held: BytesMut,
    /// The connection may serve again once the body has ended.
    pub(super) reusable: bool,
}

impl PlainBody {
    /// The body that follows; if nothing does, the connection goes home at once.
    pub(super) fn follow(
        link: Link,
        behind: Behind,
        target: &Arc<UpstreamTarget>,
        pool: &Arc<PlainPool>,
        spawner: &Spawner,
    ) -> Option<Self> {
        let Behind { framing, held, reusable } = behind;
        if matches!(framing, Framing::Length(0)) {
            // Bytes behind the end are nobody's answer; such a connection is not used again.
            if reusable
                && held.is_empty()
                && let Some(tcp) = link.into_whole()
            {
                pool.put(target, tcp, spawner);
            }
            return None;
        }
        let home = reusable.then(|| Home { pool: Arc::clone(pool), spawner: spawner.clone() });
        Some(Self { link: Some(link), framing, held, home, target: Arc::clone(target) })
    }

    /// The body was read to its end.
    fn end(&mut self) {
        if let (Some(link), Some(home)) = (self.link.take(), self.home.take())
            && self.held.is_empty()
            && let Some(tcp) = link.into_whole()
        {
            home.pool.put(&self.target, tcp, &home.spawner);
        }
    }

    /// The body was cut off, or is none.
    fn fail(&mut self, source: Box<dyn std::error::Error + Send + Sync>) -> UpstreamError {
        self.link = None;
        UpstreamError::AnswerBody { upstream: name(&self.target), source }
    }

    /// So many of the bytes that are held. All of them go with their buffer, so that whoever masks them can do so in it.
    fn cut(&mut self, count: usize) -> BytesMut {
        if count == self.held.len() { std::mem::take(&mut self.held) } else { self.held.split_to(count) }
    }

    /// The next content among the bytes that are held; none if more must be read.
    fn next_held(&mut self) -> Result<Option<Bytes>, ChunkError> {
        let (piece, done) = match &mut self.framing {
            Framing::Length(left) => {
                let here = usize::try_from(*left).map_or(self.held.len(), |left| left.min(self.held.len()));
                *left -= u64::try_from(here).unwrap_or(*left);
                let done = *left == 0;
                (self.cut(here).freeze(), done)
            }
            Framing::Chunked(scanner) => {
                let found = scanner.next_content(&self.held)?;
                (self.cut(found.used).freeze().slice(found.at), found.done)
            }
            Framing::UntilClose => (std::mem::take(&mut self.held).freeze(), false),
        };
        if done {
            self.end();
        }
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl Body for PlainBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let this = self.get_mut();
        loop {
            if !this.held.is_empty() {
                match this.next_held() {
                    Ok(Some(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                    Ok(None) => {}
                    Err(error) => return Poll::Ready(Some(Err(this.fail(error.into())))),
                }
            }
            let Some(link) = &mut this.link else {
                return Poll::Ready(None);
            };
            this.held.reserve(READ_BYTES);
            match ready!(poll_read_buf(Pin::new(link), context, &mut this.held)) {
                Ok(0) if matches!(this.framing, Framing::UntilClose) => {
                    this.link = None;
                    return Poll::Ready(None);
                }
                Ok(0) => {
                    let early = io::Error::from(io::ErrorKind::UnexpectedEof);
                    return Poll::Ready(Some(Err(this.fail(early.into()))));
                }
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(this.fail(error.into())))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.link.is_none()
    }
}
