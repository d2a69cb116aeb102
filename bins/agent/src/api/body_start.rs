//! The start of an answer's body.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;

/// Reads up to `limit` bytes, for `period` at most. Says too whether they are all.
pub(super) async fn read_start<B>(mut body: B, limit: usize, period: Duration) -> (Vec<u8>, bool)
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut start = Vec::new();
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            let Ok(data) = frame.into_data() else { continue };
            let room = limit - start.len();
            start.extend_from_slice(data.get(..room).unwrap_or(&data));
            if data.len() > room {
                return false;
            }
        }
        true
    };
    let is_whole = tokio::time::timeout(period, reading).await.unwrap_or(false);
    (start, is_whole)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::{StreamExt, stream};
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    const PERIOD: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn what_came_in_time_is_kept() {
        let frame = Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"event")));
        let endless = StreamBody::new(Box::pin(stream::iter([frame]).chain(stream::pending())));
        assert_eq!(read_start(endless, 100, PERIOD).await, (b"event".to_vec(), false));
    }

    #[tokio::test]
    async fn no_more_is_read_than_the_limit() {
        for (limit, expected) in [(4, "even"), (5, "event"), (6, "event")] {
            let read = read_start(Full::from("event"), limit, PERIOD).await;
            assert_eq!(read, (expected.as_bytes().to_vec(), limit >= 5), "{limit}");
        }
    }
}
