//! Takes the bytes of a connection over after a 101. What is said over them is the caller's.

use bytes::{Bytes, BytesMut};
use http::Response;
use hyper::upgrade::Parts;

use super::{connection::GuardedIo, error::UpstreamError, io::UpstreamIo};

/// Turns an answer of 101 into its connection, and the bytes that came behind the head already; the visitor gets
/// those first.
///
/// Shutting the connection down half-closes it: the upstream may still send.
///
/// # Errors
/// The answer is no 101, or its connection is gone.
///
/// # Cancel safety
/// Dropping the future closes the connection.
pub async fn into_upgraded<B>(answer: Response<B>) -> Result<(UpstreamIo, Bytes), UpstreamError> {
    let upgraded = match hyper::upgrade::on(answer).await {
        Ok(upgraded) => upgraded,
        Err(error) => {
            return Err(UpstreamError::UpgradeLost { source: Some(error) });
        }
    };
    let Ok(Parts { io, read_buf, .. }) = upgraded.downcast::<GuardedIo>() else {
        return Err(UpstreamError::UpgradeLost { source: None });
    };
    let (io, guarded) = io.into_inner().into_parts();
    Ok((io.into_patient(), join(read_buf, guarded)))
}

/// hyper read its bytes first, so they come first.
fn join(first: Bytes, second: Bytes) -> Bytes {
    if second.is_empty() {
        return first;
    }
    if first.is_empty() {
        return second;
    }
    let mut both = BytesMut::with_capacity(first.len() + second.len());
    both.extend_from_slice(&first);
    both.extend_from_slice(&second);
    both.freeze()
}
