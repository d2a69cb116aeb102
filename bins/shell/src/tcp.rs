//! What the kernel is told about the TCP connections of a program, and the settings for it that both programs have.

use std::error::Error as _;
use std::io;
use std::num::NonZeroU32;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd;

use crate::settings::{Setting, Values, parse};

/// Fewest bytes that may be let wait unsent: less than a piece of the tunnel starves every path.
const UNSENT_BYTES_MIN: usize = 16 << 10;

/// Most bytes that may be let wait unsent; beyond it the bound does nothing.
const UNSENT_BYTES_MAX: usize = 1 << 30;

/// Longest name of a congestion control in bytes, as Linux has it (`TCP_CA_NAME_MAX`, with its final zero).
const CONGESTION_NAME_BYTES_MAX: usize = 15;

/// An option that cannot be, or that the system refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TcpOptionError {
    /// No congestion control has such a name.
    #[error("`{name}` is not the name of a congestion control")]
    Name {
        /// What was given.
        name: String,
    },
    /// The system does not have this congestion control, or does not let this program use it.
    #[error("the system does not offer `{name}` (net.ipv4.tcp_allowed_congestion_control lists what it offers)")]
    Congestion {
        /// What was asked for.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused the bound on unsent bytes.
    #[error("the system refused the bound on unsent bytes")]
    UnsentBytes {
        /// What it said.
        source: io::Error,
    },
}

/// Options of TCP connections. The default leaves everything to the system.
///
/// A listener hands its options on to the connections that it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TcpOptions {
    congestion: Option<String>,
    unsent_bytes: Option<NonZeroU32>,
}

impl TcpOptions {
    /// Leaves everything to the system.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The congestion control by its name, such as `cubic` or `bbr`.
    ///
    /// # Errors
    /// It is no name. Whether the system has it is found out by [`check`](Self::check).
    pub fn congestion(mut self, name: &str) -> Result<Self, TcpOptionError> {
        let is_name_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if name.is_empty() || name.len() > CONGESTION_NAME_BYTES_MAX || !name.bytes().all(is_name_byte) {
            return Err(TcpOptionError::Name { name: name.to_owned() });
        }
        self.congestion = Some(name.to_owned());
        Ok(self)
    }

    /// Bytes that may wait in the kernel without having been sent (`TCP_NOTSENT_LOWAT`). Fewer let urgent frames pass
    /// bulk on slow paths; too few starve fast ones.
    #[must_use]
    pub const fn unsent_bytes(mut self, bytes: NonZeroU32) -> Self {
        self.unsent_bytes = Some(bytes);
        self
    }

    /// Tries the options on a socket that is thrown away.
    ///
    /// # Errors
    /// The first option that the system refuses.
    #[cfg(target_os = "linux")]
    pub fn check(&self) -> Result<(), TcpOptionError> {
        if self.is_default() {
            return Ok(());
        }
        match socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None) {
            Ok(socket) => self.apply(&socket),
            // A machine without IPv4, or without descriptors, has other troubles, which show elsewhere.
            Err(_no_socket) => Ok(()),
        }
    }

    /// Sets the options of a socket, before or after it is connected.
    ///
    /// # Errors
    /// The first option that the system refuses.
    #[cfg(target_os = "linux")]
    pub fn apply(&self, socket: &impl AsFd) -> Result<(), TcpOptionError> {
        let socket = socket2::SockRef::from(socket);
        if let Some(name) = &self.congestion {
            let refused = |source| TcpOptionError::Congestion { name: name.clone(), source };
            socket.set_tcp_congestion(name.as_bytes()).map_err(refused)?;
        }
        if let Some(bytes) = self.unsent_bytes {
            socket.set_tcp_notsent_lowat(bytes.get()).map_err(|source| TcpOptionError::UnsentBytes { source })?;
        }
        Ok(())
    }

    /// Other systems have no such options.
    ///
    /// # Errors
    /// Any option is set.
    #[cfg(not(target_os = "linux"))]
    pub fn check(&self) -> Result<(), TcpOptionError> {
        let unsupported = || io::ErrorKind::Unsupported.into();
        match (&self.congestion, self.unsent_bytes) {
            (Some(name), _) => Err(TcpOptionError::Congestion { name: name.clone(), source: unsupported() }),
            (None, Some(_)) => Err(TcpOptionError::UnsentBytes { source: unsupported() }),
            (None, None) => Ok(()),
        }
    }

    /// Other systems have no such options.
    ///
    /// # Errors
    /// Any option is set.
    #[cfg(not(target_os = "linux"))]
    pub fn apply<S>(&self, _socket: &S) -> Result<(), TcpOptionError> {
        self.check()
    }
}

/// The setting for the congestion control, under a program's name for it.
#[must_use]
pub const fn congestion(name: &'static str) -> Setting {
    Setting::new(
        name,
        "congestion control of TCP connections, the system's unless given",
        "a name that the system offers, such as cubic or bbr, or empty",
    )
    .default("")
    .may_be_empty()
}

/// The setting for the bytes that may wait unsent, under a program's name for it.
#[must_use]
pub const fn unsent_bytes(name: &'static str) -> Setting {
    Setting::new(
        name,
        "bytes that may wait in the system unsent on a TCP connection, 0 for the system's own bound",
        "0, or 16384 to 1073741824",
    )
    .default("0")
}

/// Reads both; each that the system refuses is a problem.
pub fn read(values: &mut Values, congestion: &Setting, unsent_bytes: &Setting) -> Option<TcpOptions> {
    let options = values.required(congestion, |text| {
        if text.trim().is_empty() {
            return Ok(TcpOptions::new());
        }
        let options = TcpOptions::new().congestion(text.trim()).map_err(|error| format!("cannot be used: {error}"))?;
        options.check().map(|()| options).map_err(|error| match error.source() {
            Some(source) => format!("cannot be used: {error}: {source}"),
            None => format!("cannot be used: {error}"),
        })
    });
    let unsent = values.required(unsent_bytes, |text| match text.trim() {
        "0" => Ok(None),
        text => {
            let bytes = parse::count(text, UNSENT_BYTES_MIN, UNSENT_BYTES_MAX)?;
            Ok(u32::try_from(bytes).ok().and_then(NonZeroU32::new))
        }
    });
    match (options?, unsent?) {
        (options, Some(bytes)) => Some(options.unsent_bytes(bytes)),
        (options, None) => Some(options),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use socket2::SockRef;

    use super::*;

    #[test]
    fn connections_have_the_options_of_their_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let unsent = NonZeroU32::new(131_072).unwrap();
        // Every Linux has reno.
        let options = TcpOptions::new().congestion("reno").unwrap().unsent_bytes(unsent);
        options.check().unwrap();
        options.apply(&listener).unwrap();
        let visitor = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        options.apply(&visitor).unwrap();
        let (taken, _peer) = listener.accept().unwrap();
        for socket in [&visitor, &taken] {
            let socket = SockRef::from(socket);
            assert!(socket.tcp_congestion().unwrap().starts_with(b"reno\0"));
            assert_eq!(socket.tcp_notsent_lowat().unwrap(), 131_072);
        }
    }

    #[test]
    fn what_the_system_does_not_have_is_refused_with_its_name() {
        for name in ["", "Cubic", "a b", "a_name_of_16_byt", "x\0"] {
            assert!(matches!(TcpOptions::new().congestion(name), Err(TcpOptionError::Name { .. })), "{name:?}");
        }
        let unknown = TcpOptions::new().congestion("nobody_has_me").unwrap();
        let refused = unknown.check().unwrap_err();
        assert!(matches!(&refused, TcpOptionError::Congestion { name, .. } if name == "nobody_has_me"), "{refused:?}");
        assert!(TcpOptions::new().check().is_ok());
    }
}
