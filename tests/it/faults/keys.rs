//! Who may open a tunnel: R22, R23.

use octoporty_client::{ConnectionState, TunnelFailure};
use octoporty_tests::{HOST, TEST_KEY, TestAgent, TestGateway, Visitor};

use crate::SOON;

const WRONG: &str = "ffffffffffffffffffffffffffffffff";

/// Presents a key in `field`, as a caller from `address`, and gives the status with its Retry-After.
async fn knock(gateway: &TestGateway, field: (&str, &str), address: &str) -> (u16, Option<String>) {
    let mut visitor = Visitor::connect(gateway.address(), "gateway.example.test").await.expect("the gateway listens");
    let fields = [field, ("X-Forwarded-For", address)];
    let answer = visitor.request("GET", "/tunnel", &fields, b"").await.expect("an answer");
    (answer.status(), answer.fields().only("retry-after").map(str::to_owned))
}

// R22
#[tokio::test]
async fn agent_with_a_wrong_key_is_told_what_to_change() {
    let gateway = TestGateway::start().unwrap();
    let upstream = octoporty_tests::TestUpstream::start().unwrap();
    let agent = TestAgent::builder_with_key(gateway.address(), WRONG).map(HOST, upstream.address()).start().unwrap();
    let status = agent.wait_for("an error", SOON, |status| status.last_error.is_some()).await;
    assert_eq!(status.state, ConnectionState::Reconnecting);
    assert_eq!(status.last_failure, Some(TunnelFailure::WrongKey));
    let error = status.last_error.unwrap();
    assert!(error.contains("Agent__ApiKey"), "{error}");
    assert!(!error.contains(WRONG) && !error.contains(TEST_KEY), "{error}");
    assert_eq!((gateway.gateway().routes(), gateway.gateway().agents().len()), (0, 0));
}

// R22, R23
#[tokio::test]
async fn key_is_taken_from_two_headers_and_nowhere_else() {
    let gateway = TestGateway::start().unwrap();
    let bearer = format!("Bearer {TEST_KEY}");
    for (name, value, status) in [
        // With the key, what is missing is the upgrade.
        ("X-Api-Key", TEST_KEY, 426),
        ("Authorization", &bearer, 426),
        ("Authorization", &bearer.replace("Bearer", "bearer"), 426),
        ("X-Api-Key", WRONG, 401),
        ("X-Api-Key", "", 401),
        ("X-Api-Key", &TEST_KEY[1..], 401),
        ("Authorization", TEST_KEY, 401),
        ("Authorization", &bearer.replace("Bearer", "Basic"), 401),
        ("Cookie", TEST_KEY, 401),
    ] {
        assert_eq!(knock(&gateway, (name, value), "203.0.113.1").await.0, status, "{name}: {value}");
    }
    let mut visitor = Visitor::connect(gateway.address(), "gateway.example.test").await.unwrap();
    let answer = visitor.get(&format!("/tunnel?key={TEST_KEY}&api_key={TEST_KEY}")).await.unwrap();
    assert_eq!(answer.status(), 401);
}

// R23
#[tokio::test]
async fn ten_wrong_keys_lock_an_address_out() {
    let gateway = TestGateway::start().unwrap();
    for _ in 0..10 {
        assert_eq!(knock(&gateway, ("X-Api-Key", WRONG), "203.0.113.1").await, (401, None));
    }
    let (status, retry_after) = knock(&gateway, ("X-Api-Key", WRONG), "203.0.113.1").await;
    assert_eq!(status, 429);
    let retry_after: u32 = retry_after.expect("Retry-After").parse().unwrap();
    assert!((1..=60).contains(&retry_after), "{retry_after}");
    assert_eq!(knock(&gateway, ("X-Api-Key", WRONG), "203.0.113.2").await.0, 401, "others are not");
    assert_eq!(knock(&gateway, ("X-Api-Key", TEST_KEY), "203.0.113.2").await.0, 426);
}

// R23
#[tokio::test]
async fn agent_that_is_locked_out_waits_as_long_as_it_is_told() {
    let gateway = TestGateway::start().unwrap();
    for _ in 0..10 {
        knock(&gateway, ("X-Api-Key", WRONG), "127.0.0.1").await;
    }
    let agent = TestAgent::builder(gateway.address()).start().unwrap();
    let status = agent.wait_for("a pause", SOON, |status| status.next_attempt.is_some()).await;
    let pause = status.next_attempt.unwrap().saturating_duration_since(tokio::time::Instant::now());
    assert!(pause.as_secs() > 30, "{pause:?}");
    assert!(status.last_error.is_some_and(|error| error.contains("Agent__ApiKey")));
}

#[tokio::test]
async fn tunnel_protocol_is_agreed_on_before_the_upgrade() {
    let gateway = TestGateway::start().unwrap();
    let upgrade = |protocol: &str| {
        format!(
            "GET /tunnel HTTP/1.1\r\nHost: gateway.example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}\
             X-Api-Key: {TEST_KEY}\r\n\r\n"
        )
    };
    for (protocol, status) in [
        ("", 400),
        ("Sec-WebSocket-Protocol: chat\r\n", 400),
        ("Sec-WebSocket-Protocol: octoporty.v99\r\n", 400),
        ("Sec-WebSocket-Protocol: chat, octoporty.v1\r\n", 101),
    ] {
        let mut visitor = Visitor::connect(gateway.address(), "gateway.example.test").await.unwrap();
        visitor.send(upgrade(protocol)).await.unwrap();
        let head = visitor.head("GET").await.unwrap();
        assert_eq!(head.status, status, "{protocol}");
        if status == 101 {
            assert_eq!(head.fields.only("sec-websocket-protocol"), Some("octoporty.v1"));
            // Nonsense instead of a first message ends it.
            visitor.send([0x82, 0x83, 0, 0, 0, 0, 1, 2, 3]).await.unwrap();
            assert!(visitor.closed_within(SOON).await);
        }
    }
    assert!(gateway.gateway().agents().is_empty());
}
