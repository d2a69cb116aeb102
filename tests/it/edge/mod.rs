//! The Gateway as a strict edge: what is refused, with which status, and that it never reaches an upstream.

mod answers;
mod bodies;
mod heads;
mod hosts;
mod limits;

use octoporty_tests::{Answer, World};

use crate::SOON;

/// Sends raw bytes on a new connection. They must be refused with `status`, the connection must be closed behind the
/// answer, and nothing may reach the upstream.
async fn refused(world: &World, raw: impl AsRef<[u8]>, status: u16) -> Answer {
    let before = world.upstream.requests();
    let mut visitor = world.visitor().await;
    visitor.send(raw.as_ref()).await.expect("the gateway reads");
    let shown = String::from_utf8_lossy(&raw.as_ref()[..raw.as_ref().len().min(120)]).into_owned();
    let answer = visitor.answer("GET").await.expect(&shown);
    assert_eq!(answer.status(), status, "{shown:?}: {answer:?}");
    assert!(answer.is_complete(), "{shown:?}: {answer:?}");
    // R06
    assert!(visitor.closed_within(SOON).await, "{shown:?}: the connection stays open");
    assert_eq!(world.upstream.requests(), before, "{shown:?} reached the upstream");
    answer
}

/// Sends raw bytes that must be accepted and answered by the upstream with 200.
async fn accepted(world: &World, raw: impl AsRef<[u8]>) -> Answer {
    let before = world.upstream.requests();
    let mut visitor = world.visitor().await;
    visitor.send(raw.as_ref()).await.expect("the gateway reads");
    let shown = String::from_utf8_lossy(&raw.as_ref()[..raw.as_ref().len().min(120)]).into_owned();
    let answer = visitor.answer("GET").await.expect(&shown);
    assert_eq!((answer.status(), world.upstream.requests()), (200, before + 1), "{shown:?}: {answer:?}");
    answer
}
