//! A plain port that leads into HTTPS, so that every kind of visitor can go through TLS.

use std::{io, net::Ipv4Addr, net::SocketAddr, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem, pem::PemObject as _},
};
use thiserror::Error;
use tokio::{io::copy_bidirectional, net::TcpStream};
use tokio_rustls::TlsConnector;

use crate::{
    ports::{accept, listen},
    running::Running,
};

/// Why there is no way in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsDoorError {
    /// The root certificate cannot be read.
    #[error("the root certificate cannot be read")]
    Root(#[from] pem::Error),
    /// TLS cannot be set up with it.
    #[error("tls cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The name cannot be asked for.
    #[error("the name cannot be asked for")]
    Name(#[from] InvalidDnsNameError),
    /// No port.
    #[error("the door cannot listen")]
    Listen(#[from] io::Error),
}

/// Each connection to its address becomes a TLS connection that asks for one name, and verifies who answers. One whose
/// handshake fails is closed. Dropping it closes all.
#[derive(Debug)]
pub struct TlsDoor {
    address: SocketAddr,
    _running: Running,
}

impl TlsDoor {
    /// A door to `to` for visitors of `name`, who trust `root_pem` and speak `alpn`, such as `h2`.
    ///
    /// # Errors
    /// The certificate or the name cannot be used, or there is no port.
    pub fn open(to: SocketAddr, root_pem: &str, name: &str, alpn: &str) -> Result<Self, TlsDoorError> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root_pem.as_bytes())?)?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from(name.to_owned())?;
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = listener.local_addr()?;
        let running = Running::default();
        let tasks = running.tasks().clone();
        running.tasks().spawn(async move {
            loop {
                let visitor = accept(&listener).await;
                tasks.spawn(relay(visitor, to, connector.clone(), name.clone()));
            }
        });
        Ok(Self { address, _running: running })
    }

    /// Where visitors go in.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What goes wrong closes the connection, which the visitor sees.
async fn relay(mut visitor: TcpStream, to: SocketAddr, connector: TlsConnector, name: ServerName<'static>) {
    let Ok(stream) = TcpStream::connect(to).await else { return };
    stream.set_nodelay(true).ok();
    if let Ok(mut tls) = connector.connect(name, stream).await {
        copy_bidirectional(&mut visitor, &mut tls).await.ok();
    }
}
