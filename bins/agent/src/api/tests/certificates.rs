//! Certificates of services: refused, shown, and pinned (R35).

use octoporty_tests::{TestGateway, TestUpstreamTls, Visitor};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    client::Browser,
    harness::{Setup, TestApi},
};

const HOST: &str = "app.example.com";

async fn visit(gateway: &TestGateway) -> u16 {
    let mut visitor = Visitor::connect(gateway.address(), HOST).await.unwrap();
    visitor.get("/").await.unwrap().status()
}

async fn put(browser: &mut Browser, made: &Value, pin: &str) -> Value {
    let mut changed = made.clone();
    changed["pinnedCertificate"] = json!(pin);
    let answer = browser.put(&format!("/api/v1/mappings/{}", made["id"].as_str().unwrap()), changed).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_until_it_is_pinned() {
    // R35
    let gateway = TestGateway::start().unwrap();
    let service = TestUpstreamTls::start(&["127.0.0.1"]).unwrap();
    let api = TestApi::with_gateway(&gateway).await;
    let mut browser = api.signed_in().await;
    let place =
        json!({"internalHost": "127.0.0.1", "internalPort": service.address().port(), "internalProtocol": "Https"});
    let tested = browser.post("/api/v1/mappings/test", place.clone()).await.json();
    assert_eq!(tested["outcome"], "certificate-unknown", "{tested}");
    let fingerprint = tested["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(fingerprint.len(), 64);

    let mut mapping = place.clone();
    mapping["externalDomain"] = json!(HOST);
    let made = browser.post("/api/v1/mappings", mapping).await.json();
    assert_eq!(made["gateway"]["state"], "live", "{made}");
    assert_eq!(visit(&gateway).await, 502);
    put(&mut browser, &made, &fingerprint.to_uppercase()).await;
    assert_eq!(visit(&gateway).await, 200);
    let mut pinned = place;
    pinned["pinnedCertificate"] = json!(fingerprint);
    assert_eq!(browser.post("/api/v1/mappings/test", pinned).await.json()["outcome"], "answered");
    // With a pin, another certificate counts for nothing, whatever else is allowed.
    let mut other = made.clone();
    other["allowInvalidCertificates"] = json!(true);
    put(&mut browser, &other, &"ab".repeat(32)).await;
    assert_eq!(visit(&gateway).await, 502);
}

// R35
#[tokio::test]
async fn a_mapping_of_the_configuration_can_be_pinned() {
    let service = TestUpstreamTls::start(&["elsewhere.test"]).unwrap();
    let right: [u8; 32] = Sha256::digest(service.certificate()).into();
    for (pin, status) in [(right, 200), ([7; 32], 502)] {
        let gateway = TestGateway::start().unwrap();
        let digits: Vec<_> = pin.iter().map(|byte| format!("{byte:02X}")).collect();
        let (port, pin) = (service.address().port(), digits.join(":"));
        let row = format!(
            "[[mappings]]\ndomain = '{HOST}'\nupstream = 'https://127.0.0.1:{port}'\npinned_certificate = '{pin}'\n"
        );
        let api = Setup::new().file(&row).gateway(&gateway).start().await;
        api.connected().await;
        assert_eq!(visit(&gateway).await, status, "{pin}");
    }
}
