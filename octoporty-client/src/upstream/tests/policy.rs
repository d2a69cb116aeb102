//! Which addresses are dialled (R33), with a resolver that lies.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::harness::{TestClient, TestUpstream, get, ok, soon, text};
use crate::upstream::{
    AddressPolicy, DEFAULT_DENY_LIST, Denied, Resolve, Resolving, Scheme, UpstreamClient, UpstreamError, UpstreamTarget,
};

fn is_allowed(policy: &AddressPolicy, address: &str) -> bool {
    let ip: IpAddr = address.parse().unwrap();
    policy.check(SocketAddr::new(ip, 80)).is_ok()
}

// R33
#[test]
fn default_list_denies_metadata_link_local_multicast_and_unspecified() {
    let policy = AddressPolicy::default();
    for denied in [
        "169.254.169.254",
        "169.254.0.1",
        "0.0.0.0",
        "0.1.2.3",
        "100.100.100.200",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "fe80::1",
        "febf::1",
        "ff02::1",
        "fd00:ec2::254",
        // The same IPv4 addresses inside IPv6.
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::169.254.169.254",
        "::ffff:0:a9fe:a9fe",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254",
        "64:ff9b:1:a9fe:a9:fe00::",
        "2002:a9fe:a9fe::1",
    ] {
        assert!(!is_allowed(&policy, denied), "{denied}");
    }
    for allowed in [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "2001:db8::1",
        "8.8.8.8",
    ] {
        assert!(is_allowed(&policy, allowed), "{allowed}");
    }
}

#[test]
fn default_list_is_readable() {
    assert_eq!(AddressPolicy::from_list(&DEFAULT_DENY_LIST.join(",")).unwrap(), AddressPolicy::default());
}

#[test]
fn list_takes_ranges_and_addresses() {
    let policy = AddressPolicy::from_list(" 10.0.0.0/8, 192.168.1.7 ,fd00::/8,").unwrap();
    for (address, allowed) in [
        ("10.1.2.3", false),
        ("::ffff:10.1.2.3", false),
        ("192.168.1.7", false),
        ("192.168.1.8", true),
        ("fd12::1", false),
        ("169.254.169.254", true),
    ] {
        assert_eq!(is_allowed(&policy, address), allowed, "{address}");
    }
    let error = AddressPolicy::from_list("10.0.0.0/8,nonsense").unwrap_err();
    assert!(error.to_string().starts_with("`nonsense` is neither"), "{error}");
}

#[test]
fn own_socket_is_denied_in_all_its_forms() {
    let policy = AddressPolicy::default().deny_socket("0.0.0.0:17201".parse().unwrap());
    for denied in ["127.0.0.1:17201", "127.8.8.8:17201", "[::1]:17201", "[::ffff:127.0.0.1]:17201"] {
        let address = denied.parse().unwrap();
        assert_eq!(policy.check(address), Err(Denied::OwnSocket { address }), "{denied}");
    }
    assert!(policy.check("127.0.0.1:17200".parse().unwrap()).is_ok());
    // An address of this machine that is no loopback shows only once a connection stands.
    let (here, there) = ("192.168.1.2:17201".parse().unwrap(), "192.168.1.3:17201".parse().unwrap());
    let local = "192.168.1.2:50000".parse().unwrap();
    assert!(policy.check(here).is_ok());
    assert!(policy.check_connected(local, here).is_err());
    assert!(policy.check_connected(local, there).is_ok());
}

/// Gives the same addresses for every name, and counts.
struct Scripted {
    addresses: Vec<SocketAddr>,
    asked: Mutex<Vec<String>>,
}

impl Resolve for Scripted {
    fn resolve<'a>(&'a self, host: &'a str, _port: u16) -> Resolving<'a> {
        self.asked.lock().unwrap().push(host.to_owned());
        Box::pin(async {
            if self.addresses.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "no such name"));
            }
            Ok(self.addresses.clone())
        })
    }
}

fn client_with(addresses: &[SocketAddr]) -> (UpstreamClient, Arc<Scripted>) {
    let resolver = Arc::new(Scripted { addresses: addresses.to_vec(), asked: Mutex::default() });
    let client = UpstreamClient::builder(TaskTracker::new(), CancellationToken::new())
        .resolver(Arc::clone(&resolver) as Arc<dyn Resolve>)
        .build();
    (client, resolver)
}

fn named(port: u16) -> Arc<UpstreamTarget> {
    UpstreamTarget::builder(Scheme::Http, "service.lan", port).build().unwrap()
}

// R33
#[tokio::test]
async fn judged_address_is_the_one_that_is_dialled() {
    let upstream = TestUpstream::answering(|_, _| ok("here")).await;
    let denied = "169.254.169.254:80".parse().unwrap();
    let local = SocketAddr::from(([127, 0, 0, 1], upstream.port));
    let (client, resolver) = client_with(&[denied, local]);
    let answer = soon(client.send(&named(upstream.port), get("/"))).await.unwrap();
    assert_eq!(text(answer).await.unwrap(), "here");
    assert_eq!(*resolver.asked.lock().unwrap(), ["service.lan"]);
}

#[tokio::test]
async fn name_that_leads_to_a_denied_address_is_refused() {
    for address in ["169.254.169.254:80", "[::ffff:169.254.169.254]:80", "[64:ff9b::a9fe:a9fe]:80"] {
        let (client, _) = client_with(&[address.parse().unwrap()]);
        let error = soon(client.send(&named(80), get("/"))).await.unwrap_err();
        assert!(matches!(error, UpstreamError::NotAllowed { .. }), "{error}");
        assert!(error.is_unsent());
        let line = error.to_string();
        assert!(line.contains("169.254.0.0/16") && line.contains("Agent__UpstreamDenyList"), "{line}");
    }
}

#[tokio::test]
async fn address_in_the_mapping_itself_is_judged_too() {
    let target = UpstreamTarget::builder(Scheme::Http, "169.254.169.254", 80).build().unwrap();
    let error = TestClient::new().get(&target, "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::NotAllowed { .. }), "{error}");
}

#[tokio::test]
async fn own_socket_is_not_dialled() {
    let upstream = TestUpstream::answering(|_, _| ok("the UI")).await;
    let ui = SocketAddr::from(([0, 0, 0, 0], upstream.port));
    let client = TestClient::with_policy(AddressPolicy::default().deny_socket(ui));
    let error = client.get(&upstream.target(), "/").await.unwrap_err();
    assert!(matches!(error, UpstreamError::NotAllowed { .. }), "{error}");
    assert_eq!(upstream.accepted(), 0);
}

#[tokio::test]
async fn unknown_name_is_named() {
    let (client, _) = client_with(&[]);
    let error = soon(client.send(&named(80), get("/"))).await.unwrap_err();
    assert_eq!(error.to_string(), "http://service.lan: the name was not found; check the mapping's host");
}

#[tokio::test]
async fn dead_address_does_not_hide_a_live_one() {
    let upstream = TestUpstream::answering(|_, _| ok("here")).await;
    let dead = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let (client, _) = client_with(&[dead, SocketAddr::from(([127, 0, 0, 1], upstream.port))]);
    let answer = soon(client.send(&named(upstream.port), get("/"))).await.unwrap();
    assert_eq!(text(answer).await.unwrap(), "here");
}
