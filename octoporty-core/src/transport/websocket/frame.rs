//! The head of a WebSocket frame (RFC 6455 §5.2), and masking. No I/O, no messages.
//!
//! ```text
//! +-+-+-+-+-------+-+-------------+----------------+---------------+
//! |F|R|R|R| opcode|M| length (7)  | length (0, 16, | masking key   |
//! |I|S|S|S|  (4)  |A| or 126, 127 |  or 64 bits)   | (32, if M)    |
//! |N|V|V|V|       |S|             |                |               |
//! +-+-+-+-+-------+-+-------------+----------------+---------------+
//! ```

use crate::transport::TransportError;

/// Longest head: two bytes, eight of length, four of the key.
pub(super) const HEAD_BYTES_MAX: usize = 14;

/// Longest payload of a control frame (RFC 6455 §5.5).
pub(super) const CONTROL_BYTES_MAX: usize = 125;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

/// What a frame is. Text is not among them: whoever reads one refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    const fn is_control(self) -> bool {
        self.bits() >= 8
    }
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// No fragment follows.
    pub(super) last: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: Option<[u8; 4]>,
    /// Bytes of the payload, at most what an address space has.
    pub(super) length: usize,
}

impl Head {
    /// Reads the head at the front of `bytes`; says how long it is. `None`: there are too few.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, TransportError> {
        let Some(&[first, second]) = bytes.first_chunk::<2>() else {
            return Ok(None);
        };
        if first & RESERVED != 0 {
            return Err(broken("a reserved bit is set"));
        }
        let opcode = match first & 0x0f {
            0 => Opcode::Continuation,
            1 => return Err(TransportError::NotBinary),
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            _ => return Err(broken("an unknown kind of frame")),
        };
        let last = first & FINAL != 0;
        let short = second & !MASKED;
        if opcode.is_control() && (!last || usize::from(short) > CONTROL_BYTES_MAX) {
            return Err(broken("a control frame is whole and at most 125 bytes long"));
        }
        let rest = &bytes[2..];
        let (length, length_bytes) = match short {
            LENGTH_16 => match rest.first_chunk::<2>() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 2),
                None => return Ok(None),
            },
            LENGTH_64 => match rest.first_chunk::<8>() {
                Some(length) => (u64::from_be_bytes(*length), 8),
                None => return Ok(None),
            },
            short => (u64::from(short), 0),
        };
        // What does not fit the address space is too large as well (R25).
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        TransportError::check_length(length)?;
        let rest = &rest[length_bytes..];
        let (mask, mask_bytes) = match (second & MASKED != 0, rest.first_chunk::<4>()) {
            (false, _) => (None, 0),
            (true, Some(mask)) => (Some(*mask), 4),
            (true, None) => return Ok(None),
        };
        Ok(Some((Self { last, opcode, mask, length }, 2 + length_bytes + mask_bytes)))
    }

    /// Writes the head to `room`; says how long it is.
    pub(super) fn write(self, room: &mut [u8; HEAD_BYTES_MAX]) -> usize {
        room[0] = self.opcode.bits() | if self.last { FINAL } else { 0 };
        let masked = if self.mask.is_some() { MASKED } else { 0 };
        let mut at = 2;
        match (u8::try_from(self.length), u16::try_from(self.length)) {
            (Ok(short @ 0..LENGTH_16), _) => room[1] = masked | short,
            (_, Ok(length)) => {
                room[1] = masked | LENGTH_16;
                room[2..4].copy_from_slice(&length.to_be_bytes());
                at = 4;
            }
            _ => {
                room[1] = masked | LENGTH_64;
                let length = u64::try_from(self.length).unwrap_or(u64::MAX);
                room[2..10].copy_from_slice(&length.to_be_bytes());
                at = 10;
            }
        }
        if let Some(mask) = self.mask {
            room[at..at + 4].copy_from_slice(&mask);
            at += 4;
        }
        at
    }
}

pub(super) fn broken(what: &str) -> TransportError {
    TransportError::WebSocket(what.to_owned())
}

/// The key for bytes that stand `at` bytes behind the first one.
pub(super) const fn shifted(mask: [u8; 4], at: usize) -> [u8; 4] {
    [mask[at % 4], mask[(at + 1) % 4], mask[(at + 2) % 4], mask[(at + 3) % 4]]
}

/// Masks bytes, or unmasks them: it is the same (RFC 6455 §5.3).
pub(super) fn apply_mask(bytes: &mut [u8], mask: [u8; 4]) {
    /// Bytes at a time: the key sixteen times over, which compilers turn into vector instructions.
    const BLOCK_BYTES: usize = 64;
    /// Bytes at a time of what is left, which is most of a small message.
    const SMALL_BLOCK_BYTES: usize = 8;
    let key: [u8; BLOCK_BYTES] = std::array::from_fn(|at| mask[at % 4]);
    let mut blocks = bytes.chunks_exact_mut(BLOCK_BYTES);
    for block in &mut blocks {
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
    }
    let mut small = blocks.into_remainder().chunks_exact_mut(SMALL_BLOCK_BYTES);
    for block in &mut small {
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
    }
    for (byte, key) in small.into_remainder().iter_mut().zip(key) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MESSAGE_BYTES_MAX;

    #[test]
    fn heads_survive_and_wait_for_their_last_byte() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, MESSAGE_BYTES_MAX] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let head = Head { last: true, opcode: Opcode::Binary, mask, length };
                let mut room = [0; HEAD_BYTES_MAX];
                let bytes = head.write(&mut room);
                assert_eq!(Head::read(&room[..bytes]).unwrap(), Some((head, bytes)));
                for cut in 0..bytes {
                    assert_eq!(Head::read(&room[..cut]).unwrap(), None, "{length} cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn masking_twice_changes_nothing() {
        for length in 0..200 {
            let plain: Vec<u8> = (0..length).collect();
            let mut bytes = plain.clone();
            apply_mask(&mut bytes, [0xa5, 1, 0x80, 7]);
            let by_the_book: Vec<u8> =
                plain.iter().zip([0xa5, 1, 0x80, 7].iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            assert_eq!(bytes, by_the_book);
            let at = usize::from(length) / 2;
            let mut in_two = plain.clone();
            let (front, back) = in_two.split_at_mut(at);
            apply_mask(front, [0xa5, 1, 0x80, 7]);
            apply_mask(back, shifted([0xa5, 1, 0x80, 7], at));
            assert_eq!(in_two, by_the_book);
            apply_mask(&mut bytes, [0xa5, 1, 0x80, 7]);
            assert_eq!(bytes, plain);
        }
    }
}
