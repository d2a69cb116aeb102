//! The gRPC caller against the echo service of the HTTP/2 upstream.

use octoporty_tests::{GrpcError, GrpcVisitor, TestUpstreamH2};

async fn pair() -> (TestUpstreamH2, GrpcVisitor) {
    let upstream = TestUpstreamH2::start().expect("a free port");
    let visitor = GrpcVisitor::connect(upstream.address(), "app.example.test").await;
    (upstream, visitor.expect("the upstream listens"))
}

#[tokio::test]
async fn unary_and_client_streaming_return_one_message() {
    let (_upstream, mut visitor) = pair().await;
    let answer = visitor.unary("/echo.Echo/Unary", b"hi").await.unwrap();
    assert_eq!(answer.messages, ["hi"]);
    assert_eq!(answer.status.code, 0);
    let long = vec![b'x'; 200_000];
    let answer = visitor.client_streaming("/echo.Echo/ClientStream", &[b"a", b"", &long]).await.unwrap();
    assert_eq!(answer.messages.len(), 1);
    assert_eq!(answer.messages[0].len(), 200_001);
}

#[tokio::test]
async fn server_streaming_returns_many() {
    let (_upstream, mut visitor) = pair().await;
    let call = visitor.server_streaming("/echo.Echo/ServerStream", b"m").await.unwrap();
    let answer = call.answer().await.unwrap();
    assert_eq!(answer.messages, ["m", "m", "m"]);
}

#[tokio::test]
async fn bidi_answers_each_message_before_the_next() {
    let (_upstream, mut visitor) = pair().await;
    let mut call = visitor.call("/echo.Echo/Bidi", &[]).unwrap();
    for message in ["a", "bb", ""] {
        call.send(message.as_bytes()).await.unwrap();
        assert_eq!(call.next().await.unwrap().unwrap(), message);
    }
    call.finish();
    let answer = call.answer().await.unwrap();
    assert_eq!((answer.messages.len(), answer.status.code), (0, 0));
}

#[tokio::test]
async fn failures_have_their_status_with_and_without_messages() {
    let (_upstream, mut visitor) = pair().await;
    let answer = visitor.unary("/echo.Echo/Fail", b"x").await.unwrap();
    assert_eq!((answer.messages.len(), answer.status.code), (0, 5));
    let answer = visitor.unary("/echo.Echo/FailLate", b"x").await.unwrap();
    assert_eq!((answer.messages.len(), answer.status.code), (1, 13));
    assert_eq!(answer.status.message, "failed late");
}

#[tokio::test]
async fn plain_http_is_no_grpc() {
    let (_upstream, mut visitor) = pair().await;
    let error = visitor.unary("/else", b"x").await.unwrap_err();
    assert!(matches!(error, GrpcError::NotGrpc { status: 200, .. }), "{error}");
}
