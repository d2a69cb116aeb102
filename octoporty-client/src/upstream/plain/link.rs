//! The connection that an answer is read from: all of it, or the reading half while a request's body is still written.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    net::{TcpStream, tcp::OwnedReadHalf},
};

use super::upload::Progress;

/// Where an answer comes from.
#[derive(Debug)]
pub(super) enum Link {
    Whole(TcpStream),
    /// The other half is with the upload, until that has ended.
    Half(OwnedReadHalf, Arc<Progress>),
}

impl Link {
    /// The connection, if nothing more of the request is to be sent over it.
    pub(super) fn into_whole(self) -> Option<TcpStream> {
        match self {
            Self::Whole(tcp) => Some(tcp),
            Self::Half(read, progress) => read.reunite(progress.take_writer()?).ok(),
        }
    }
}

impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Whole(tcp) => Pin::new(tcp).poll_read(context, out),
            Self::Half(read, _progress) => Pin::new(read).poll_read(context, out),
        }
    }
}
