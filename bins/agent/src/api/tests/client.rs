//! A browser as the tests need one: cookies, an origin, one connection a request.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};

use super::harness::PASSWORD;

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(super) fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().expect("ASCII")).collect()
    }

    /// The status, with the code of the problem where there is one.
    pub(super) fn verdict(&self) -> (u16, String) {
        let code = serde_json::from_slice::<Value>(&self.body).ok();
        let code = code.and_then(|body| Some(body.get("code")?.as_str()?.to_owned())).unwrap_or_default();
        (self.status.as_u16(), code)
    }
}

/// A browser.
#[derive(Debug, Clone)]
pub(super) struct Browser {
    address: SocketAddr,
    from: Option<IpAddr>,
    pub(super) host: String,
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) headers: Vec<(String, String)>,
}

impl Browser {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            from: None,
            host: format!("localhost:{}", address.port()),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    /// The same from another address of this machine.
    pub(super) fn from(mut self, address: &str) -> Self {
        self.from = Some(address.parse().expect("an address"));
        self
    }

    /// The same with one more header field in each request.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(super) async fn put(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(super) async fn delete(&mut self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(super) async fn sign_in(&mut self) -> Answer {
        self.try_password(PASSWORD).await
    }

    pub(super) async fn try_password(&mut self, password: &str) -> Answer {
        self.post("/api/v1/auth/login", serde_json::json!({"password": password})).await
    }

    /// Sends JSON.
    pub(super) async fn send(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let kind = body.as_ref().map(|_| "application/json");
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        self.send_bytes(method, path, kind, body).await
    }

    /// Sends whatever it is.
    pub(super) async fn send_bytes(&mut self, method: Method, path: &str, kind: Option<&str>, body: Bytes) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::CONNECTION, "close");
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).expect("a good request");
        let answer = exchange(self.connect().await, request).await;
        self.keep_cookies(&answer);
        answer
    }

    pub(super) async fn connect(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(from) = self.from {
            socket.bind(SocketAddr::new(from, 0)).expect("an address of this machine");
        }
        socket.connect(self.address).await.expect("the port is open")
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.cookies() {
            let (pair, flags) = cookie.split_once(';').expect("flags");
            let (name, value) = pair.split_once('=').expect("a name");
            if flags.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

async fn exchange(stream: TcpStream, request: Request<Full<Bytes>>) -> Answer {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
    let asking = async {
        let answer = sender.send_request(request).await.expect("an answer");
        let (head, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        drop(sender);
        Answer { status: head.status, headers: head.headers, body }
    };
    let (answer, _ended) = futures::future::join(asking, connection).await;
    answer
}
