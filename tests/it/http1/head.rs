//! Heads: what must arrive as it was sent, what must not cross, what is added.

use octoporty_server::trusted_proxies::TrustedProxies;
use octoporty_tests::{Anomaly, HOST, World};

use crate::echoed;

#[tokio::test]
async fn get_post_and_other_methods_pass() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        let body: &[u8] = if method == "GET" { b"" } else { b"some body" };
        let answer = visitor.request(method, "/echo?q=1", &[], body).await.unwrap();
        assert_eq!(answer.status(), 200, "{method}");
        let echo = answer.json().unwrap();
        assert_eq!(echo["line"], format!("{method} /echo?q=1 HTTP/1.1"));
        assert_eq!(echo["body_bytes"], body.len());
        assert_eq!(echoed(&echo, "host"), [HOST]);
    }
    assert!(world.upstream.records().iter().all(|record| record.anomalies == Vec::<Anomaly>::new()));
}

// R17
#[tokio::test]
async fn head_answers_have_no_body_and_keep_their_length() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for _ in 0..2 {
        let answer = visitor.request("HEAD", "/headsize", &[], b"").await.unwrap();
        assert_eq!((answer.status(), answer.fields().only("content-length")), (200, Some("4321")));
        assert!(answer.body.is_empty());
        let answer = visitor.get("/headsize").await.unwrap();
        assert_eq!((answer.body.len(), answer.is_complete()), (4321, true));
    }
}

// R17
#[tokio::test]
async fn statuses_without_a_body_are_framed_right() {
    let world = World::start().await;
    let upstream = &world.upstream;
    upstream.answer_raw("/reset-content", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
    upstream.answer_raw("/empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let mut visitor = world.visitor().await;
    let paths = [("/status/204", 204), ("/status/304", 304), ("/reset-content", 205), ("/empty", 200)];
    for (path, status) in paths {
        let answer = visitor.get(path).await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(answer.is_complete() && answer.body.is_empty(), "{answer:?}");
        if status == 204 {
            assert!(!answer.fields().has("content-length") && !answer.fields().has("transfer-encoding"));
        }
        // Whatever was left over would be taken for the next answer.
        assert_eq!(visitor.get("/status/201").await.unwrap().text(), "s201", "after {status}");
    }
    let answer = visitor.get("/status/304").await.unwrap();
    assert_eq!(answer.fields().only("etag"), Some("\"v1\""));
}

#[tokio::test]
async fn statuses_of_the_upstream_are_its_own() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    for status in [200, 201, 301, 400, 401, 404, 418, 429, 500, 502, 503, 599] {
        let answer = visitor.get(&format!("/status/{status}")).await.unwrap();
        assert_eq!((answer.status(), answer.text()), (status, format!("s{status}")));
    }
}

#[tokio::test]
async fn ranges_are_the_upstreams_business() {
    let world = World::start().await;
    let part = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-3/10\r\nContent-Length: 3\r\n\r\nbcd";
    world.upstream.answer_raw("/file", part);
    let mut visitor = world.visitor().await;
    let fields = [("Range", "bytes=1-3"), ("If-Range", "\"v1\""), ("X-Tag", "range")];
    let answer = visitor.request("GET", "/file", &fields, b"").await.unwrap();
    assert_eq!((answer.status(), answer.text()), (206, "bcd".to_owned()));
    assert_eq!(answer.fields().only("content-range"), Some("bytes 1-3/10"));
    let record = &world.upstream.tagged("range")[0];
    assert_eq!((record.fields.only("range"), record.fields.only("if-range")), (Some("bytes=1-3"), Some("\"v1\"")));
}

#[tokio::test]
async fn repeated_fields_keep_their_order() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let fields = [("X-Dup", "1"), ("X-Other", "x"), ("x-dup", "2"), ("X-Empty", ""), ("X-DUP", "1")];
    let echo = visitor.request("GET", "/echo", &fields, b"").await.unwrap().json().unwrap();
    assert_eq!(echoed(&echo, "x-dup"), ["1", "2", "1"]);
    assert_eq!(echoed(&echo, "x-empty"), [""]);
}

// R17
#[tokio::test]
async fn set_cookie_lines_are_never_joined() {
    let world = World::start().await;
    let answer = world.visitor().await.get("/cookies").await.unwrap();
    let fields = answer.fields();
    let cookies = ["a=1; Path=/; HttpOnly", "b=2; Expires=Wed, 21 Oct 2065 07:28:00 GMT", "c=3"];
    assert_eq!(fields.all("set-cookie"), cookies);
    assert_eq!(fields.all("link"), ["</a>; rel=preload", "</b>; rel=preload"]);
    assert_eq!(fields.all("www-authenticate"), ["Basic realm=\"a\"", "Bearer"]);
    assert_eq!((fields.only("x-empty"), fields.only("x-obs")), (Some(""), Some("caf\u{e9}")));
    assert_eq!((fields.only("server"), fields.only("etag")), (Some("test-upstream"), Some("W/\"x\"")));
}

// R18
#[tokio::test]
async fn target_goes_through_byte_for_byte() {
    let world = World::start().await;
    let targets = [
        "/",
        "/?",
        "/a/../b/./c//d",
        "//double//slash/",
        "/%7Euser/%41%2f%2F%zz%",
        "/;p=1;q?a=b&c=d?e=/..&plus=a+b%20c",
        "/a:b@c!$&'()*,=-._~",
        "/q?[x]=1&y={z}|\\^`'~",
        "/trailing/..",
    ];
    let mut visitor = world.visitor().await;
    for target in targets {
        let answer = visitor.get(target).await.unwrap();
        assert_eq!(answer.status(), 200, "{target}");
        assert_eq!(world.upstream.records().pop().unwrap().target, target);
    }
    let absolute = format!("GET http://{HOST}/x/../y?z HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    visitor.send(absolute).await.unwrap();
    assert_eq!(visitor.answer("GET").await.unwrap().json().unwrap()["line"], "GET /x/../y?z HTTP/1.1");
}

// R12
#[tokio::test]
async fn hop_by_hop_fields_do_not_cross_in_either_direction() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let fields = [
        ("Connection", "X-Hop, keep-alive"),
        ("Connection", "x-other-hop, Host, Content-Length, X-Forwarded-For"),
        ("X-Hop", "1"),
        ("X-Other-Hop", "1"),
        ("Keep-Alive", "timeout=99"),
        ("Proxy-Connection", "keep-alive"),
        ("Proxy-Authorization", "Basic eA=="),
        ("TE", "gzip;q=0.5, trailers"),
        ("Upgrade", "h2c"),
        ("X-Stays", "yes"),
    ];
    let echo = visitor.request("POST", "/echo", &fields, b"body").await.unwrap().json().unwrap();
    let gone =
        ["x-hop", "x-other-hop", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade", "http2-settings"];
    for name in gone {
        assert_eq!(echoed(&echo, name), [""; 0], "{name}");
    }
    let connection = echoed(&echo, "connection").join(",").to_lowercase();
    assert!(!connection.contains("x-hop") && !connection.contains("host"), "{connection}");
    assert_eq!(echoed(&echo, "te"), ["trailers"]);
    assert_eq!((echoed(&echo, "host"), echoed(&echo, "x-stays")), (vec![HOST.to_owned()], vec!["yes".to_owned()]));
    assert_eq!(echoed(&echo, "x-forwarded-for").len(), 1);
    assert_eq!(echo["body"], "body");

    let answer = visitor.get("/hop").await.unwrap();
    for name in ["x-hop-secret", "keep-alive", "proxy-connection", "proxy-authenticate"] {
        assert!(!answer.fields().has(name), "{name}");
    }
    assert_eq!((answer.fields().only("x-keep"), answer.text()), (Some("yes"), "ok".to_owned()));
}

// R13
#[tokio::test]
async fn forwarding_fields_of_strangers_are_replaced() {
    let world = World::start_with(|gateway| gateway.trusted_proxies(TrustedProxies::none()), |agent| agent).await;
    let fields = [
        ("X-Forwarded-For", "203.0.113.7"),
        ("X-Forwarded-For", "198.51.100.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Port", "1"),
        ("X-Real-IP", "203.0.113.7"),
        ("Forwarded", "for=203.0.113.7"),
        ("X-Octoporty-Request-Id", "mine"),
    ];
    let answer = world.visitor().await.request("GET", "/echo", &fields, b"").await.unwrap();
    let echo = answer.json().unwrap();
    assert_eq!(echoed(&echo, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(echoed(&echo, "x-forwarded-proto"), ["http"]);
    assert_eq!(echoed(&echo, "x-forwarded-host"), [HOST]);
    assert_eq!(echoed(&echo, "x-forwarded-port"), [""; 0]);
    assert_eq!(echoed(&echo, "x-real-ip"), ["127.0.0.1"]);
    assert_eq!(echoed(&echo, "forwarded"), [""; 0]);
    assert_ne!(echoed(&echo, "x-octoporty-request-id"), ["mine"]);
}

// R13
#[tokio::test]
async fn forwarding_fields_of_a_trusted_proxy_are_kept_and_appended_to() {
    let world = World::start().await;
    let fields = [
        ("X-Forwarded-For", "198.51.100.1, 203.0.113.7"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "public.example"),
        ("Forwarded", "for=203.0.113.7"),
    ];
    let answer = world.visitor().await.request("GET", "/echo", &fields, b"").await.unwrap();
    let echo = answer.json().unwrap();
    // What stands left of the first address that is not trusted anyone may have written.
    assert_eq!(echoed(&echo, "x-forwarded-for"), ["203.0.113.7, 127.0.0.1"]);
    assert_eq!(echoed(&echo, "x-forwarded-proto"), ["https"]);
    assert_eq!(echoed(&echo, "x-forwarded-host"), ["public.example"]);
    assert_eq!(echoed(&echo, "x-real-ip"), ["203.0.113.7"]);
    assert_eq!(echoed(&echo, "forwarded"), [""; 0]);
}

#[tokio::test]
async fn answers_carry_the_request_id_that_the_upstream_saw() {
    let world = World::start().await;
    let mut visitor = world.visitor().await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = visitor.get("/echo").await.unwrap();
        let id = answer.fields().only("x-octoporty-request-id").expect("an id").to_owned();
        assert_eq!(echoed(&answer.json().unwrap(), "x-octoporty-request-id"), [id.as_str()]);
        assert!(!seen.contains(&id), "{id} came twice");
        seen.push(id);
    }
    let page = world.visitor_of("unknown.example.test").await.get("/").await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(page.fields().only("x-octoporty-request-id").is_some(), "{page:?}");
}
