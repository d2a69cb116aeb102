//! The same over real sockets: a Gateway that listens, a tunnel that dials.

use std::time::Duration;

use octoporty_client::{Secret, Tunnel};
use octoporty_tests::{TEST_KEY, TestGateway};

use super::naming;

#[tokio::test]
async fn a_wrong_key_ends_the_attempt_and_a_failed_dial_does_not() {
    let gateway = TestGateway::start().unwrap();
    let url = format!("ws://{}/tunnel", gateway.address());
    let wrong = Tunnel::builder().gateway(&url).api_key("a key that is quite wrong, but long").connect().await;
    let wrong = wrong.err().unwrap();
    assert_eq!((wrong.code(), wrong.is_retryable()), ("wrong-key", false));
    let nobody = Tunnel::builder()
        .gateway("ws://127.0.0.1:9/tunnel")
        .api_key(TEST_KEY)
        .give_up_after(Duration::from_millis(300))
        .connect()
        .await
        .err()
        .unwrap();
    assert_eq!((nobody.code(), nobody.is_retryable()), ("timed-out", true));
    assert!(nobody.to_string().contains("refused the connection"), "{nobody}");
    for (missing, builder) in
        [("gateway", Tunnel::builder().api_key(TEST_KEY)), ("api_key", Tunnel::builder().gateway(&url))]
    {
        let error = builder.connect().await.err().unwrap();
        assert_eq!((error.code(), error.to_string().contains(missing)), ("missing-setting", true), "{error}");
    }
    let unsafe_url = Tunnel::builder().gateway("ws://gateway.example.com/tunnel").api_key(TEST_KEY).connect().await;
    assert_eq!(unsafe_url.err().unwrap().code(), "insecure");
}

#[tokio::test]
async fn a_service_is_online_under_the_gateway_s_own_port() {
    let gateway = TestGateway::start().unwrap();
    let tunnel = Tunnel::builder()
        .gateway(format!("ws://{}/tunnel", gateway.address()))
        .api_key(Secret::from(TEST_KEY))
        .name("test")
        .connect()
        .await
        .unwrap();
    let endpoint = tunnel.serve("app.test", naming("hello")).await.unwrap();
    assert_eq!(endpoint.url(), format!("http://app.test:{}", gateway.address().port()));
    let mut visitor = octoporty_tests::Visitor::connect(gateway.address(), "app.test").await.unwrap();
    assert_eq!(visitor.get("/").await.unwrap().text(), "hello");
}
