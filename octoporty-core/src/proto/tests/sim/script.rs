//! What the two sides of an exchange do, drawn from a seed.

use std::{sync::LazyLock, time::Duration};

use bytes::Bytes;

use crate::{frame::StreamKind, limits::INLINE_BODY_BYTES_MAX, proto::Role};

/// SplitMix64: small, and the same everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("it is below a usize")
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Mostly small, at times large, never above `most`.
    pub(super) fn size(&mut self, most: usize) -> usize {
        match self.below(5) {
            0 => 0,
            1 | 2 => self.below(most / 64 + 2),
            3 => self.below(most / 8 + 2),
            _ => self.below(most + 1),
        }
    }
}

/// A prime, so that offsets repeat late.
const PATTERN_BYTES: usize = 65_521;

static PATTERN: LazyLock<Bytes> = LazyLock::new(|| {
    let mut random = Random(1);
    let mut once = Vec::with_capacity(PATTERN_BYTES);
    while once.len() < PATTERN_BYTES {
        let block = random.next().to_be_bytes();
        // Every other kilobyte compresses.
        if once.len() / 1024 % 2 == 0 { once.extend_from_slice(&block) } else { once.extend_from_slice(b"the same") }
    }
    once.truncate(PATTERN_BYTES);
    once.repeat(4).into()
});

/// The bytes of a body at an offset.
pub(super) fn content(key: usize, at: usize, bytes: usize) -> Bytes {
    let start = (key * 7919 + at) % PATTERN_BYTES;
    PATTERN.slice(start..start + bytes)
}

/// Whether these are the bytes of a body at an offset.
pub(super) fn is_content(key: usize, at: usize, bytes: &[u8]) -> bool {
    let fits = 2 * PATTERN_BYTES;
    bytes.chunks(fits).enumerate().all(|(index, part)| content(key, at + index * fits, part.len()) == part)
}

/// What one side of a stream sends.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) key: usize,
    /// Heads ahead of the final one; of answers only.
    pub(super) interim: usize,
    pub(super) inline: usize,
    /// Bytes in all, inlined ones too.
    pub(super) body: usize,
    pub(super) chunk: usize,
    pub(super) trailers: bool,
    pub(super) compress: bool,
    /// Gives up once so many bytes were sent.
    pub(super) breaks_at: Option<usize>,
}

impl Script {
    fn new(key: usize, random: &mut Random, answer: bool) -> Self {
        let body = random.size(600 << 10);
        let breaks_at = random.one_in(10).then(|| random.below(body + 1));
        Self {
            key,
            interim: if answer && random.one_in(4) { random.below(15) } else { 0 },
            inline: random.below(body.min(INLINE_BODY_BYTES_MAX) + 1) * random.below(2),
            body,
            chunk: 1 + body / 200 + random.size(100 << 10),
            trailers: random.one_in(4),
            compress: random.one_in(3),
            breaks_at,
        }
    }

    /// All is said with the head.
    pub(super) const fn fits_head(&self) -> bool {
        self.inline == self.body && !self.trailers && self.breaks_at.is_none()
    }
}

/// How one side of a stream reads.
#[derive(Debug, Clone)]
pub(super) struct Taste {
    /// Wants no more once so many bytes came.
    pub(super) stops_at: Option<usize>,
    /// Pauses at times.
    pub(super) pause: Option<Duration>,
}

impl Taste {
    fn new(random: &mut Random) -> Self {
        Self {
            stops_at: random.one_in(10).then(|| random.size(300 << 10)),
            pause: random.one_in(4).then(|| Duration::from_millis(random.next() % 100)),
        }
    }
}

/// One exchange, as both sides will act it.
#[derive(Debug, Clone)]
pub(super) struct Exchange {
    pub(super) opener: Role,
    pub(super) kind: StreamKind,
    pub(super) request: Script,
    pub(super) answer: Script,
    pub(super) request_taste: Taste,
    pub(super) answer_taste: Taste,
}

impl Exchange {
    pub(super) fn new(index: usize, random: &mut Random) -> Self {
        let control = random.one_in(5);
        let by_agent = control && random.one_in(2);
        Self {
            opener: if by_agent { Role::Agent } else { Role::Gateway },
            kind: if control { StreamKind::Control } else { StreamKind::Http },
            request: Script::new(index * 2, random, false),
            answer: Script::new(index * 2 + 1, random, true),
            request_taste: Taste::new(random),
            answer_taste: Taste::new(random),
        }
    }

    /// Nobody gives up, so the exchange must be complete unless the lane fails.
    pub(super) const fn is_kind(&self) -> bool {
        self.request.breaks_at.is_none()
            && self.answer.breaks_at.is_none()
            && self.request_taste.stops_at.is_none()
            && self.answer_taste.stops_at.is_none()
    }
}
