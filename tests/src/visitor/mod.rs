//! Visitors: the people and programs outside. Raw HTTP/1.1, HTTP/2 with prior knowledge, WebSocket.

mod answer;
mod h2;
mod h2_exchange;
mod head;
mod raw;
mod receiver;
mod websocket;

pub use self::{
    answer::{Answer, AnswerError, AnswerHead, BodyEnd, BodySummary, Part},
    h2::{AnswerH2, H2Body, H2Error, VisitorH2},
    h2_exchange::{ExchangeH2, H2Sender},
    raw::{Sender, Visitor},
    receiver::Receiver,
    websocket::{VisitorWebSocket, WebSocketError},
};

pub(crate) use self::head::is_token;
