//! gRPC of all four kinds, from an HTTP/2 visitor to an HTTP/2 upstream.

use octoporty_tests::{GrpcVisitor, HOST, TestAgent, TestGateway, free_address};

use super::WorldH2;
use crate::SOON;

async fn pair() -> (WorldH2, GrpcVisitor) {
    let world = WorldH2::start().await;
    let visitor = GrpcVisitor::connect(world.gateway.address(), HOST).await;
    (world, visitor.expect("the gateway speaks http/2"))
}

#[tokio::test]
async fn unary_call_has_its_message_and_status() {
    let (world, mut visitor) = pair().await;
    for size in [0, 1, 10_000, 1_000_000] {
        let answer = visitor.unary("/echo.Echo/Unary", &vec![b'm'; size]).await.unwrap();
        assert_eq!((answer.messages.len(), answer.messages[0].len(), answer.status.code), (1, size, 0));
        assert_eq!(answer.status.message, "fine");
    }
    let record = &world.upstream.records()[0];
    assert_eq!(
        (&record.fields["te"], &record.fields["content-type"]),
        (&"trailers".parse().unwrap(), &"application/grpc".parse().unwrap())
    );
    assert_eq!(record.authority, HOST);
}

#[tokio::test]
async fn client_streaming_call_joins_its_messages() {
    let (_world, mut visitor) = pair().await;
    let long = vec![b'x'; 300_000];
    let answer = visitor.client_streaming("/echo.Echo/ClientStream", &[b"a", b"", &long, b"b"]).await.unwrap();
    assert_eq!((answer.messages.len(), answer.messages[0].len(), answer.status.code), (1, 300_002, 0));
}

#[tokio::test]
async fn server_streaming_call_has_many_messages() {
    let (_world, mut visitor) = pair().await;
    let mut call = visitor.call("/echo.Echo/ServerStream", &[("x-count", "500")]).unwrap();
    call.send(&[b'm'; 1000]).await.unwrap();
    call.finish();
    let answer = call.answer().await.unwrap();
    assert_eq!((answer.messages.len(), answer.status.code), (500, 0));
    assert!(answer.messages.iter().all(|message| message.len() == 1000));
}

#[tokio::test]
async fn bidi_call_answers_each_message_before_the_next() {
    let (_world, mut visitor) = pair().await;
    let mut call = visitor.call("/echo.Echo/Bidi", &[]).unwrap();
    for message in ["one", "", "three", &"4".repeat(100_000)] {
        call.send(message.as_bytes()).await.unwrap();
        assert_eq!(call.next().await.unwrap().unwrap(), message);
    }
    call.finish();
    assert_eq!(call.answer().await.unwrap().status.code, 0);
}

#[tokio::test]
async fn statuses_in_head_and_trailers_pass() {
    let (_world, mut visitor) = pair().await;
    let answer = visitor.unary("/echo.Echo/Fail", b"x").await.unwrap();
    assert_eq!((answer.messages.len(), answer.status.code, answer.status.message.as_str()), (0, 5, "no such thing"));
    let answer = visitor.unary("/echo.Echo/FailLate", b"x").await.unwrap();
    assert_eq!((answer.messages.len(), answer.status.code, answer.status.message.as_str()), (1, 13, "failed late"));
}

#[tokio::test]
async fn caller_that_leaves_is_seen_by_the_service() {
    let (world, mut visitor) = pair().await;
    let mut call = visitor.call("/echo.Echo/Bidi?tag=leaves", &[]).unwrap();
    call.send(b"one").await.unwrap();
    call.next().await.unwrap();
    drop(call);
    world.upstream.wait_for("leaves", |record| record.gone.is_some(), SOON).await.unwrap();
    assert_eq!(visitor.unary("/echo.Echo/Unary", b"x").await.unwrap().status.code, 0);
}

#[tokio::test]
async fn gateways_own_errors_are_grpc_to_grpc_callers() {
    let gateway = TestGateway::start().unwrap();
    let _agent = TestAgent::builder(gateway.address()).map(HOST, free_address().unwrap()).connect().await;
    let mut visitor = GrpcVisitor::connect(gateway.address(), HOST).await.unwrap();
    let answer = visitor.unary("/echo.Echo/Unary", b"x").await.unwrap();
    assert_eq!((answer.messages.len(), answer.status.code), (0, 14), "unavailable: {answer:?}");
    let mut visitor = GrpcVisitor::connect(gateway.address(), "unknown.example.test").await.unwrap();
    let answer = visitor.unary("/echo.Echo/Unary", b"x").await.unwrap();
    assert_eq!(answer.status.code, 12, "unimplemented: {answer:?}");
}
