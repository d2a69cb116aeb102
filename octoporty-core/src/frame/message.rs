//! A message on its way out, in at most two pieces.

use bytes::{Bytes, BytesMut};

/// Whole frames that travel as one transport message.
///
/// A large payload stands in a piece of its own, so that nobody has to copy it behind its head.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// What comes first.
    pub head: Bytes,
    /// What comes behind it; mostly empty.
    pub body: Bytes,
}

impl Message {
    /// Bytes in both pieces.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message in one piece; copies if there are two.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        if self.body.is_empty() {
            return self.head;
        }
        let mut whole = BytesMut::with_capacity(self.len());
        whole.extend_from_slice(&self.head);
        whole.extend_from_slice(&self.body);
        whole.freeze()
    }
}

impl From<Bytes> for Message {
    fn from(head: Bytes) -> Self {
        Self { head, body: Bytes::new() }
    }
}

impl From<&'static str> for Message {
    fn from(text: &'static str) -> Self {
        Bytes::from(text).into()
    }
}
