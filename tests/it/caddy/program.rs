//! The Gateway program beside a Caddy: what it logs, over a Unix socket too.

use octoporty_tests::{
    HOST, Program, TEST_KEY, TestAgent, TestCaddy, TestFolder, TestUpstream, Visitor, eventually_async, free_address,
};
use serde_json::json;

use super::{door, has_routes};
use crate::SOON;

const FAILING: &str = "the proxy in front cannot be configured; its routes";

#[tokio::test]
async fn caddy_that_comes_late_is_one_warning() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let (folder, upstream) = (TestFolder::new().unwrap(), TestUpstream::start().unwrap());
    let (at, ask) = (free_address().unwrap(), free_address().unwrap());
    let gateway = Program::named("octoporty-gateway").unwrap().folder(folder.path());
    let gateway = [
        ("Gateway__ApiKey", TEST_KEY.to_owned()),
        ("Gateway__BindAddress", "127.0.0.1".to_owned()),
        ("Gateway__Port", at.port().to_string()),
        ("Gateway__CaddyAdminUrl", format!("http://{}", caddy.admin())),
        ("Gateway__CaddyAskAddress", ask.to_string()),
        ("Gateway__StatePath", folder.file("state.json").display().to_string()),
        ("Gateway__UpdateSignalPath", folder.file("update").display().to_string()),
        ("Logging__FilePath", String::new()),
        ("Logging__MinimumLevel", "Debug".to_owned()),
    ]
    .into_iter()
    .fold(gateway, |program, (name, value)| program.variable(name, value));
    let mut gateway = gateway.start().unwrap();
    gateway.wait_for_line(FAILING, SOON).await.unwrap();
    gateway.wait_for_line("the proxy in front cannot be configured yet", SOON).await.unwrap();
    caddy.start(&caddy.config_with_routes(&json!([]))).await.unwrap();
    gateway.wait_for_line("the proxy in front can be configured again", SOON).await.unwrap();

    let _agent = TestAgent::builder(at).map(HOST, upstream.address()).connect().await;
    has_routes(&caddy, &[&format!("ours {HOST}")]).await;
    let door = door(&caddy, HOST, "http/1.1").await;
    let mut visitor = Visitor::connect(door.address(), HOST).await.unwrap();
    assert_eq!(visitor.get("/status/201").await.unwrap().status(), 201);
    let mut caddys = Visitor::connect(ask, "localhost").await.unwrap();
    assert_eq!(caddys.get(&format!("/caddy/ask?domain={HOST}")).await.unwrap().status(), 200);

    let warnings = gateway.lines().into_iter().filter(|line| line.text.contains(FAILING)).count();
    assert_eq!(warnings, 1);
    assert_eq!(gateway.stop(SOON).await.unwrap().code(), Some(0));
    // The routes are there for the next run.
    has_routes(&caddy, &[&format!("ours {HOST}")]).await;
}

// R63
#[tokio::test]
async fn caddy_is_reached_over_a_unix_socket() {
    let Some(mut caddy) = TestCaddy::find() else { return };
    let upstream = TestUpstream::start().unwrap();
    let socket = caddy.folder().file("admin.sock");
    let mut config = caddy.config_with_routes(&json!([]));
    // The port that the harness waits for is another server's; the admin API is at the socket alone.
    config["admin"]["listen"] = json!(format!("unix/{}", socket.display()));
    config["apps"]["http"]["servers"]["plain"] = json!({ "listen": [caddy.admin().to_string()], "routes": [] });
    let at = free_address().unwrap();
    let admin = octoporty_server::edge::caddy::AdminAddress::parse(&format!("unix/{}", socket.display())).unwrap();
    let front = super::Front::start_at(at, admin, super::quick(), |gateway| gateway);
    let _agent = front.agent(HOST, &upstream).await;
    caddy.start(&config).await.unwrap();
    let edge = front.gateway.gateway().edge().unwrap();
    eventually_async(SOON, "the route is there", || async {
        edge.caddy_config().await.is_ok_and(|config| config.to_string().contains(HOST))
    })
    .await;
}
