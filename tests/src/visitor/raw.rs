//! A visitor that speaks HTTP/1.1 in raw bytes: it can send what no proper program would.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream, tcp::OwnedWriteHalf},
};

use super::{Answer, AnswerError, AnswerHead, BodySummary, Part, Receiver};
use crate::wire::Gone;

/// How long a visitor waits for the peer unless told otherwise: below the limit of a test, above every honest
/// answer on a busy machine.
const PATIENCE_DEFAULT: Duration = Duration::from_secs(20);

/// One connection to `address` that asks for `host`. Dropping it closes the connection.
#[derive(Debug)]
pub struct Visitor {
    sender: Sender,
    receiver: Receiver,
}

/// The sending half of a [`Visitor`].
#[derive(Debug)]
pub struct Sender {
    half: OwnedWriteHalf,
    host: String,
}

impl Visitor {
    /// Connects. `host` goes into the Host field as it is; it is not looked up.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn connect(address: SocketAddr, host: &str) -> io::Result<Self> {
        Self::over(TcpStream::connect(address).await?, host)
    }

    /// Connects from a source address, say another one of 127.0.0.0/8.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn connect_from(source: IpAddr, address: SocketAddr, host: &str) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(source, 0))?;
        Self::over(socket.connect(address).await?, host)
    }

    /// Connects with a small receive buffer of about `bytes`, so that the sender soon notices a slow reader.
    ///
    /// # Errors
    /// There is no connection.
    pub async fn connect_with_receive_buffer(bytes: u32, address: SocketAddr, host: &str) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.set_recv_buffer_size(bytes)?;
        Self::over(socket.connect(address).await?, host)
    }

    /// Uses a connection that is there already.
    ///
    /// # Errors
    /// The connection is dead.
    pub fn over(stream: TcpStream, host: &str) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let (read, half) = stream.into_split();
        Ok(Self { sender: Sender { half, host: host.to_owned() }, receiver: Receiver::new(read, PATIENCE_DEFAULT) })
    }

    /// Changes how long to wait for the peer, each time.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.receiver.patience = patience;
        self
    }

    /// Sends raw bytes.
    ///
    /// # Errors
    /// The peer went away.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.sender.send(bytes).await
    }

    /// Asks for `path` with GET and reads the answer; the connection stays usable.
    ///
    /// # Errors
    /// There was no answer, or its head breaks RFC 9112.
    pub async fn get(&mut self, path: &str) -> Result<Answer, AnswerError> {
        self.request("GET", path, &[], &[]).await
    }

    /// Sends a request as [`Sender::send_request`] does and reads the answer, also one that comes before the
    /// body is sent. The head of the answer must come within the visitor's patience, sending included.
    ///
    /// # Errors
    /// There was no answer, or its head breaks RFC 9112.
    pub async fn request(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, AnswerError> {
        let (sender, receiver) = (&mut self.sender, &mut self.receiver);
        let send = sender.send_request(method, path, fields, body);
        let answer = receiver.answer(method);
        tokio::pin!(answer);
        let sent = tokio::select! {
            biased;
            answer = &mut answer => return answer,
            sent = send => sent,
        };
        // A peer that refuses early makes sending fail, yet its answer is there.
        answer.await.map_err(|error| match sent {
            Ok(()) => error,
            Err(error) => AnswerError::Send(error),
        })
    }

    /// As [`Receiver::answer`].
    ///
    /// # Errors
    /// As there.
    pub async fn answer(&mut self, method: &str) -> Result<Answer, AnswerError> {
        self.receiver.answer(method).await
    }

    /// As [`Receiver::head`].
    ///
    /// # Errors
    /// As there.
    pub async fn head(&mut self, method: &str) -> Result<AnswerHead, AnswerError> {
        self.receiver.head(method).await
    }

    /// As [`Receiver::part`].
    ///
    /// # Errors
    /// As there.
    pub async fn part(&mut self) -> Result<Option<Part>, AnswerError> {
        self.receiver.part().await
    }

    /// As [`Receiver::summary`].
    pub async fn summary(&mut self) -> BodySummary {
        self.receiver.summary().await
    }

    /// Whether the peer goes away within `wait`, in any way. Bytes that come before are thrown away.
    pub async fn closed_within(&mut self, wait: Duration) -> bool {
        self.gone_within(wait).await.is_some()
    }

    /// How the peer goes away, if it does within `wait`.
    pub async fn gone_within(&mut self, wait: Duration) -> Option<Gone> {
        self.receiver.gone_within(wait).await
    }

    /// Both halves, to send and receive at the same time.
    pub fn halves(&mut self) -> (&mut Sender, &mut Receiver) {
        (&mut self.sender, &mut self.receiver)
    }

    /// The receiving half.
    pub fn receiver(&mut self) -> &mut Receiver {
        &mut self.receiver
    }

    /// The sending half.
    pub fn sender(&mut self) -> &mut Sender {
        &mut self.sender
    }

    /// The visitor's own address.
    ///
    /// # Errors
    /// The connection is dead.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.sender.half.local_addr()
    }

    /// Closes the connection by a reset (RST) instead of an orderly end.
    ///
    /// # Errors
    /// The socket refuses; the connection is closed all the same.
    pub fn reset(self) -> io::Result<()> {
        self.into_stream().0.set_zero_linger()
    }

    /// The connection, say after a 101, and the bytes that were read ahead.
    ///
    /// # Panics
    /// Never: both halves come from the same connection.
    #[must_use]
    pub fn into_stream(self) -> (TcpStream, Bytes) {
        let (read, ahead) = self.receiver.into_parts();
        let stream = read.reunite(self.sender.half).expect("both halves come from the same connection");
        (stream, ahead)
    }
}

impl Sender {
    /// Sends raw bytes.
    ///
    /// # Errors
    /// The peer went away.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.half.write_all(bytes.as_ref()).await
    }

    /// Sends a request with this visitor's Host. `Host` or a framing field among `fields` replaces the one that
    /// would be made: Content-Length is added when there is a body, or the method suggests one.
    ///
    /// # Errors
    /// The peer went away.
    pub async fn send_request(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let given = |wanted: &str| fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !given("host") {
            head += &format!("Host: {}\r\n", self.host);
        }
        for (name, value) in fields {
            head += &format!("{name}: {value}\r\n");
        }
        let framed = given("content-length") || given("transfer-encoding");
        if !framed && (!body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH")) {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        self.send(head).await?;
        self.send(body).await
    }

    /// Sends one chunk; an empty one would end the body, so nothing is sent then.
    ///
    /// # Errors
    /// The peer went away.
    pub async fn send_chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let size = format!("{:x}\r\n", bytes.len());
        self.send([size.as_bytes(), bytes, b"\r\n"].concat()).await
    }

    /// Sends the last chunk with `trailers`.
    ///
    /// # Errors
    /// The peer went away.
    pub async fn send_last_chunk(&mut self, trailers: &[(&str, &str)]) -> io::Result<()> {
        let mut end = "0\r\n".to_owned();
        for (name, value) in trailers {
            end += &format!("{name}: {value}\r\n");
        }
        end += "\r\n";
        self.send(end).await
    }

    /// Ends the sending side (FIN); answers can still be read.
    ///
    /// # Errors
    /// The peer went away.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.half.shutdown().await
    }
}
