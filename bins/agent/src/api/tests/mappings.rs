//! Mappings, from the form to the visitor.

use std::io::Read;

use http::Method;
use octoporty_tests::TestGateway;
use serde_json::{Value, json};

use super::{
    client::Browser,
    harness::{Setup, TestApi, eventually},
};

const MAPPINGS: &str = "/api/v1/mappings";

fn mapping(domain: &str) -> Value {
    json!({"name": "A service", "externalDomain": domain, "internalHost": "127.0.0.1", "internalPort": 8080})
}

async fn create(browser: &mut Browser, body: Value) -> Value {
    let answer = browser.post(MAPPINGS, body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_mapping_is_live_when_the_answer_says_so() {
    let gateway = TestGateway::start().unwrap();
    let api = TestApi::with_gateway(&gateway).await;
    let mut browser = api.signed_in().await;
    let answer = browser.post(MAPPINGS, mapping("App.Example.COM")).await;
    let made = answer.json();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("{MAPPINGS}/{id}"));
    assert_eq!(made["externalDomain"], "app.example.com");
    assert_eq!(made["gateway"]["state"], "live", "{made}");
    assert_eq!(
        (&made["internalProtocol"], &made["enabled"], &made["readOnly"]),
        (&json!("Http"), &json!(true), &json!(false))
    );
    assert_eq!(browser.get(&format!("{MAPPINGS}/{id}")).await.json()["id"], made["id"]);
    assert_eq!(api.agent.status().borrow().live, 1);

    let toggle = format!("{MAPPINGS}/{id}/toggle");
    let off = browser.send(Method::PATCH, &toggle, Some(json!({"enabled": false}))).await.json();
    assert_eq!((&off["enabled"], &off["gateway"]["state"]), (&json!(false), &json!("off")));
    assert_eq!(api.agent.status().borrow().live, 0);
    let on = browser.send(Method::PATCH, &toggle, Some(json!({"enabled": true}))).await.json();
    assert_eq!(on["gateway"]["state"], "live");

    let mut changed = on.clone();
    changed["externalDomain"] = json!("other.example.com");
    let changed = browser.put(&format!("{MAPPINGS}/{id}"), changed).await;
    assert_eq!(changed.status, 200, "an answer can be sent back: {changed:?}");
    assert_eq!(changed.json()["gateway"]["state"], "live");
    assert_eq!(browser.delete(&format!("{MAPPINGS}/{id}")).await.status, 204);
    assert_eq!(browser.get(&format!("{MAPPINGS}/{id}")).await.status, 404);
    assert_eq!(browser.delete(&format!("{MAPPINGS}/{id}")).await.status, 404);
    eventually("the Gateway forgot it", || async { (api.agent.mappings() == 0).then_some(()) }).await;
}

#[tokio::test]
async fn a_domain_of_another_agent_is_saved_and_refused() {
    let gateway = TestGateway::start().unwrap();
    let first = TestApi::with_gateway(&gateway).await;
    create(&mut first.signed_in().await, mapping("taken.example.com")).await;
    let second = TestApi::with_gateway(&gateway).await;
    let made = create(&mut second.signed_in().await, mapping("taken.example.com")).await;
    assert_eq!(made["gateway"]["state"], "refused", "{made}");
    assert!(made["gateway"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
}

#[tokio::test]
async fn without_a_tunnel_a_mapping_is_saved_and_waits() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let made = create(&mut browser, mapping("app.example.com")).await;
    assert_eq!(made["gateway"]["state"], "pending");
    assert!(made["gateway"]["reason"].as_str().unwrap().contains("tunnel is down"));
    let status = browser.get("/api/v1/status").await.json();
    assert_eq!((&status["mappings"]["total"], &status["activeMappings"]), (&json!(1), &json!(1)));
    let setup = api.stop().await;
    let gateway = TestGateway::start().unwrap();
    let api = setup.gateway(&gateway).start().await;
    api.connected().await;
    let mut browser = api.signed_in().await;
    eventually("it is live", || {
        let mut browser = browser.clone();
        async move {
            let list = browser.get(MAPPINGS).await.json();
            (list["mappings"][0]["gateway"]["state"] == "live").then_some(())
        }
    })
    .await;
    assert_eq!(browser.get("/api/v1/status").await.json()["mappings"]["live"], 1);
}

#[tokio::test]
async fn a_domain_is_taken_once() {
    let api = Setup::new().map("fixed.example.com=http://localhost:3000").start().await;
    let mut browser = api.signed_in().await;
    let first = create(&mut browser, mapping("app.example.com")).await;
    let second = create(&mut browser, mapping("*.example.com")).await;
    for domain in ["APP.example.com.", "fixed.example.com"] {
        let answer = browser.post(MAPPINGS, mapping(domain)).await;
        assert_eq!(answer.verdict(), (409, "domain-taken".to_owned()), "{domain}");
        assert!(answer.json()["errors"]["externalDomain"][0].as_str().is_some());
    }
    let answer =
        browser.put(&format!("{MAPPINGS}/{}", second["id"].as_str().unwrap()), mapping("app.example.com")).await;
    assert_eq!(answer.verdict(), (409, "domain-taken".to_owned()));
    assert!(answer.json()["message"].as_str().unwrap().contains("“A service”"));
    let same = browser.put(&format!("{MAPPINGS}/{}", first["id"].as_str().unwrap()), mapping("app.example.com")).await;
    assert_eq!(same.status, 200);
}

#[tokio::test]
async fn mappings_of_the_configuration_are_shown_and_stay() {
    let api = Setup::new().map("fixed.example.com=https://localhost:3000").start().await;
    let mut browser = api.signed_in().await;
    create(&mut browser, mapping("app.example.com")).await;
    let list = browser.get(MAPPINGS).await.json();
    assert_eq!(list["total"], 2);
    let fixed = list["mappings"].as_array().unwrap().iter().find(|mapping| mapping["readOnly"] == true).unwrap();
    assert_eq!((&fixed["externalDomain"], &fixed["internalProtocol"]), (&json!("fixed.example.com"), &json!("Https")));
    let path = format!("{MAPPINGS}/{}", fixed["id"].as_str().unwrap());
    assert_eq!(browser.delete(&path).await.verdict(), (409, "read-only".to_owned()));
    assert_eq!(browser.put(&path, mapping("x.example.com")).await.verdict(), (409, "read-only".to_owned()));
    assert_eq!(
        browser.send(Method::PATCH, &format!("{path}/toggle"), Some(json!({"enabled": false}))).await.status,
        409
    );
}

#[tokio::test]
async fn every_bad_field_is_named_in_one_answer() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let answer = browser
        .post(
            MAPPINGS,
            json!({
                "name": "x".repeat(101), "externalDomain": "a b", "internalHost": "http://x", "internalPort": 0,
                "internalProtocol": "Ftp", "upstreamVersion": "h3", "pinnedCertificate": "xyz", "enabled": "yes",
                "hostHeader": {"mode": "fixed", "value": "a b"}, "timeouts": {"connectSeconds": -1, "headSeconds": "x"},
                "requestHeaders": {"set": [{"name": "content-length", "value": "1"}, {"name": "x y", "value": ""}]},
                "responseHeaders": {"remove": ["transfer-encoding"]}, "colour": "red"
            }),
        )
        .await;
    assert_eq!(answer.verdict(), (422, "validation-failed".to_owned()));
    let body = answer.json();
    let named: Vec<_> = body["errors"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        named,
        [
            "colour",
            "enabled",
            "externalDomain",
            "hostHeader.value",
            "internalHost",
            "internalPort",
            "internalProtocol",
            "name",
            "pinnedCertificate",
            "requestHeaders.set[0]",
            "requestHeaders.set[1]",
            "responseHeaders.remove[0]",
            "timeouts.connectSeconds",
            "timeouts.headSeconds",
            "upstreamVersion",
        ]
    );
    let missing = browser.post(MAPPINGS, json!({})).await.json();
    let missing: Vec<_> = missing["errors"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(missing, ["externalDomain", "internalHost", "internalPort"]);
    for domain in ["", "*", "a..b", "10.0.0.1", "https://a.com", "a.com:80", "a.*.com", "-a.com"] {
        assert_eq!(browser.post(MAPPINGS, mapping(domain)).await.status, 422, "{domain}");
    }
    for (domain, expected) in [("bücher.example", "xn--bcher-kva.example"), ("*.Example.com.", "*.example.com")] {
        assert_eq!(create(&mut browser, mapping(domain)).await["externalDomain"], expected);
    }
}

#[tokio::test]
async fn older_names_and_the_older_address_work() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let answer = browser
        .post(
            "/api/mappings",
            json!({"description": "Old", "externalDomain": "old.example.com", "internalHost": "localhost", "internalPort": 443,
                "internalUseTls": true, "allowSelfSignedCerts": true, "isEnabled": false}),
        )
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let made = answer.json();
    let seen = [&made["name"], &made["internalProtocol"], &made["allowInvalidCertificates"], &made["enabled"]];
    assert_eq!(seen, [&json!("Old"), &json!("Https"), &json!(true), &json!(false)]);
    let id = made["id"].as_str().unwrap();
    assert_eq!(browser.get(&format!("/api/mappings/{id}")).await.status, 200);
    assert_eq!(browser.get("/api/mappings?state=off").await.json()["mappings"][0]["id"], made["id"]);
}

#[tokio::test]
async fn lists_are_searched_filtered_and_sorted() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    for (name, domain, enabled) in
        [("Zoo", "a.example.com", true), ("apple", "b.example.com", false), ("Moon", "c.test", true)]
    {
        let mut body = mapping(domain);
        body["name"] = json!(name);
        body["enabled"] = json!(enabled);
        create(&mut browser, body).await;
    }
    let mut names = async |query: &str| {
        let list = browser.get(&format!("{MAPPINGS}?{query}")).await.json();
        assert_eq!(list["total"], 3);
        list["mappings"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Zoo", "apple", "Moon"]);
    assert_eq!(names("sort=name").await, ["apple", "Moon", "Zoo"]);
    assert_eq!(names("sort=domain&state=on").await, ["Zoo", "Moon"]);
    assert_eq!(names("q=EXAMPLE").await, ["Zoo", "apple"]);
    assert_eq!(names("q=moon&state=off").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_list_is_sent_packed_and_is_never_an_old_one() {
    let api = TestApi::start().await;
    let mut browser = api.signed_in().await;
    let mut packing = browser.clone().with("accept-encoding", "gzip, deflate");
    let mut last = Value::Null;
    for number in 0..10 {
        last = create(&mut browser, mapping(&format!("app{number}.example.com"))).await;
        assert_eq!(browser.get(MAPPINGS).await.json()["total"], number + 1);
    }
    let packed = packing.get(MAPPINGS).await;
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "accept-encoding"));
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&*packed.body).read_to_string(&mut unpacked).unwrap();
    let plain = browser.get(MAPPINGS).await;
    assert_eq!(plain.header("content-encoding"), "");
    assert!(packed.body.len() < plain.body.len() / 4);
    assert_eq!(serde_json::from_str::<Value>(&unpacked).unwrap(), plain.json());

    let id = last["id"].as_str().unwrap().to_owned();
    browser.send(Method::PATCH, &format!("{MAPPINGS}/{id}/toggle"), Some(json!({"enabled": false}))).await;
    assert_eq!(browser.get(MAPPINGS).await.json()["mappings"][9]["enabled"], false);
    api.state().catalogue.note_health(id.parse().unwrap(), Some("it is down".to_owned()));
    assert_eq!(browser.get(MAPPINGS).await.json()["mappings"][9]["health"]["error"], "it is down");
    browser.delete(&format!("{MAPPINGS}/{id}")).await;
    assert_eq!(browser.get(MAPPINGS).await.json()["total"], 9);
}
