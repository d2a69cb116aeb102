//! A bad admin API in front of a real one: it can answer with an error instead.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncWriteExt as _, copy, copy_bidirectional, sink},
    net::TcpStream,
};

use crate::{
    ports::{accept, listen},
    running::Running,
};

/// Passes each connection on, or answers it with an error. Dropping it closes all.
#[derive(Debug)]
pub struct AdminFaults {
    address: SocketAddr,
    shared: Arc<Shared>,
    _running: Running,
}

#[derive(Debug, Default)]
struct Shared {
    /// The status of each answer; 0 passes on.
    status: AtomicU16,
    /// Requests that were refused.
    refused: AtomicUsize,
}

impl AdminFaults {
    /// Starts in front of `to`, passing everything on.
    ///
    /// # Errors
    /// There is no port.
    pub fn start(to: SocketAddr) -> io::Result<Self> {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = listener.local_addr()?;
        let (running, shared) = (Running::default(), Arc::new(Shared::default()));
        let (tasks, at) = (running.tasks().clone(), Arc::clone(&shared));
        running.tasks().spawn(async move {
            loop {
                let stream = accept(&listener).await;
                tasks.spawn(serve(stream, to, Arc::clone(&at)));
            }
        });
        Ok(Self { address, shared, _running: running })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers every request that writes with `status`, and lets those that read pass.
    pub fn refuse_writes(&self, status: u16) {
        self.shared.status.store(status, Ordering::Relaxed);
    }

    /// Passes everything on again.
    pub fn pass(&self) {
        self.shared.status.store(0, Ordering::Relaxed);
    }

    /// How many requests were refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::Relaxed)
    }
}

/// What goes wrong closes the connection, which the other side sees.
async fn serve(mut stream: TcpStream, to: SocketAddr, shared: Arc<Shared>) {
    let status = shared.status.load(Ordering::Relaxed);
    let mut first = [0; 4];
    let is_read = stream.peek(&mut first).await.is_ok_and(|bytes| first[..bytes] == *b"GET ");
    if status == 0 || is_read {
        if let Ok(mut target) = TcpStream::connect(to).await {
            copy_bidirectional(&mut stream, &mut target).await.ok();
        }
        return;
    }
    shared.refused.fetch_add(1, Ordering::Relaxed);
    let body = r#"{"error":"injected"}"#;
    let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.ok();
    stream.shutdown().await.ok();
    // What is left unread would turn the end into a reset, and the answer could be lost.
    copy(&mut stream, &mut sink()).await.ok();
}
