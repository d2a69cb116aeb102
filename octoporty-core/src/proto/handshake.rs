//! The handshake: `Hello` from the Agent, `Welcome` or `Refused` from the Gateway, before anything else.

use std::time::Instant;

use bytes::Bytes;

use super::{Config, Connection, ConnectionError, Event, Role, connection::Phase};
use crate::{
    frame::{Kind, put_handshake},
    message::{CAPABILITY_LZ4, Hello, RefusalCode, Refused, Welcome, cut_sentence, decode, encode},
    version::WIRE_VERSION,
};

impl Connection {
    /// The Agent's end of a new lane. `hello` goes out first; its wire version, capabilities and limits are set
    /// from `config`.
    ///
    /// # Panics
    ///
    /// When `config` is a Gateway's.
    #[must_use]
    pub fn dial(config: Config, mut hello: Hello, now: Instant) -> Self {
        assert!(config.role() == Role::Agent, "Agents dial, Gateways accept");
        hello.wire = WIRE_VERSION;
        hello.capabilities = capabilities(&config);
        hello.window = config.first_window_bytes();
        hello.streams = config.streams();
        let mut connection = Self::new(config, now);
        put_handshake(&mut connection.urgent, Kind::Hello, &encode(&hello));
        connection
    }

    /// The Gateway's end of a new lane; it waits for a `Hello`.
    ///
    /// # Panics
    ///
    /// When `config` is an Agent's.
    #[must_use]
    pub fn accept(config: Config, now: Instant) -> Self {
        assert!(config.role() == Role::Gateway, "Agents dial, Gateways accept");
        Self::new(config, now)
    }

    /// Opens the lane after [`Event::Hello`]; wire version, capabilities and limits of `welcome` are set here.
    /// Does nothing when no `Hello` is waiting.
    pub fn welcome(&mut self, mut welcome: Welcome) {
        let Phase::Judging(hello) = &self.phase else { return };
        self.peer_first_window = hello.window;
        self.peer_streams_max = hello.streams;
        self.compression =
            self.config.offers_compression() && hello.capabilities.iter().any(|name| name == CAPABILITY_LZ4);
        welcome.wire = WIRE_VERSION;
        welcome.capabilities = if self.compression { vec![CAPABILITY_LZ4.to_owned()] } else { Vec::new() };
        welcome.window = self.config.first_window_bytes();
        welcome.streams = self.config.streams();
        put_handshake(&mut self.urgent, Kind::Welcome, &encode(&welcome));
        self.phase = Phase::Open;
        self.events.push_back(Event::Room);
    }

    /// Does not open the lane after [`Event::Hello`]. Does nothing when no `Hello` is waiting.
    pub fn refuse(&mut self, refused: &Refused) {
        if matches!(self.phase, Phase::Judging(_)) {
            let refused = Refused { message: cut_sentence(refused.message.clone()), ..*refused };
            put_handshake(&mut self.urgent, Kind::Refused, &encode(&refused));
            self.close(ConnectionError::Closed);
        }
    }

    pub(super) fn handle_hello(&mut self, payload: &Bytes) -> Result<(), ConnectionError> {
        if self.role() != Role::Gateway || self.phase != Phase::Greeting {
            return Err(ConnectionError::OutOfPlace { frame: "hello" });
        }
        let hello: Hello = decode("hello", payload)?;
        if let Err(error) = check_version(hello.wire) {
            let message = format!("this gateway speaks wire version {WIRE_VERSION}, not {}", hello.wire);
            let refused = Refused { code: RefusalCode::Version, message, retry_after_ms: 0 };
            put_handshake(&mut self.urgent, Kind::Refused, &encode(&refused));
            return Err(error);
        }
        self.phase = Phase::Judging(Box::new(hello.clone()));
        self.events.push_back(Event::Hello(hello));
        Ok(())
    }

    pub(super) fn handle_welcome(&mut self, payload: &Bytes) -> Result<(), ConnectionError> {
        if self.role() != Role::Agent || self.phase != Phase::Greeting {
            return Err(ConnectionError::OutOfPlace { frame: "welcome" });
        }
        let welcome: Welcome = decode("welcome", payload)?;
        check_version(welcome.wire)?;
        self.peer_first_window = welcome.window;
        self.peer_streams_max = welcome.streams;
        self.compression =
            self.config.offers_compression() && welcome.capabilities.iter().any(|name| name == CAPABILITY_LZ4);
        self.phase = Phase::Open;
        self.events.push_back(Event::Welcomed(welcome));
        self.events.push_back(Event::Room);
        Ok(())
    }

    pub(super) fn handle_refused(&self, payload: &Bytes) -> Result<(), ConnectionError> {
        if self.role() != Role::Agent || self.phase != Phase::Greeting {
            return Err(ConnectionError::OutOfPlace { frame: "refused" });
        }
        let refused: Refused = decode("refused", payload)?;
        Err(ConnectionError::Refused(refused))
    }
}

fn capabilities(config: &Config) -> Vec<String> {
    if config.offers_compression() { vec![CAPABILITY_LZ4.to_owned()] } else { Vec::new() }
}

const fn check_version(theirs: u16) -> Result<(), ConnectionError> {
    if theirs == WIRE_VERSION { Ok(()) } else { Err(ConnectionError::WrongVersion { ours: WIRE_VERSION, theirs }) }
}
