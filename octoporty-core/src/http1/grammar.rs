//! Byte classes of RFC 9110 §5.6 and a cursor that walks a head in one pass. No meaning of fields.

use super::error::HeadError;

/// A byte of a token (RFC 9110 §5.6.2).
pub(super) const TOKEN: u8 = 1;
/// A byte of a field value or a reason: visible, space, tab, or obs-text.
pub(super) const VALUE: u8 = 2;
/// A byte of a request target: visible ASCII, but no `#`.
pub(super) const TARGET: u8 = 4;

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        let mut class = 0;
        if byte == b'\t' || (byte >= b' ' && byte != 0x7f) {
            class |= VALUE;
        }
        if byte.is_ascii_graphic() && byte != b'#' {
            class |= TARGET;
        }
        if byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            )
        {
            class |= TOKEN;
        }
        table[byte as usize] = class;
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// Whether `byte` is of the class.
pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// Whether `text` is a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is(byte, TOKEN))
}

/// Why a walk over a head stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes ended before the head did.
    Partial,
    /// The head is refused.
    Bad(HeadError),
}

impl From<HeadError> for Stop {
    fn from(error: HeadError) -> Self {
        Self::Bad(error)
    }
}

/// One field line. The value has no white space around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
}

/// A place in a head.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes walked so far.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) fn peek(&self) -> Result<u8, Stop> {
        self.bytes.get(self.at).copied().ok_or(Stop::Partial)
    }

    pub(super) const fn step(&mut self) {
        self.at += 1;
    }

    /// Takes the longest run of bytes of the class.
    pub(super) fn run(&mut self, class: u8) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|&byte| !is(byte, class)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes the longest run of bytes of a value: most of a head, hence many bytes at a time.
    pub(super) fn value_run(&mut self) -> &'a [u8] {
        /// As many bytes as one vector instruction compares on every 64-bit processor.
        const BLOCK_BYTES: usize = 16;
        let start = self.at;
        let plain = |block: &&[u8]| {
            // No short cut on purpose: only without one the compiler uses vector instructions.
            block.iter().fold(true, |plain, &byte| plain & (byte >= b' ') & (byte != 0x7f))
        };
        let blocks = self.bytes[start..].chunks_exact(BLOCK_BYTES);
        self.at += blocks.take_while(plain).count() * BLOCK_BYTES;
        let _rest = self.run(VALUE);
        &self.bytes[start..self.at]
    }

    /// Takes exactly these bytes, or says `otherwise`.
    pub(super) fn literal(&mut self, expected: &[u8], otherwise: HeadError) -> Result<(), Stop> {
        for &byte in expected {
            if self.peek()? != byte {
                return Err(otherwise.into());
            }
            self.step();
        }
        Ok(())
    }

    /// Takes one digit, or says `otherwise`.
    pub(super) fn digit(&mut self, otherwise: HeadError) -> Result<u8, Stop> {
        let byte = self.peek()?;
        if !byte.is_ascii_digit() {
            return Err(otherwise.into());
        }
        self.step();
        Ok(byte - b'0')
    }

    /// Takes CRLF, or says which half is missing, or `otherwise` (R03).
    pub(super) fn crlf(&mut self, otherwise: HeadError) -> Result<(), Stop> {
        match self.peek()? {
            b'\n' => Err(HeadError::BareLf.into()),
            b'\r' => match self.bytes.get(self.at + 1) {
                None => Err(Stop::Partial),
                Some(b'\n') => {
                    self.at += 2;
                    Ok(())
                }
                Some(_) => Err(HeadError::BareCr.into()),
            },
            _ => Err(otherwise.into()),
        }
    }

    /// Takes one field line, or the empty line at the end of the head, which is `None`.
    pub(super) fn field(&mut self) -> Result<Option<Field<'a>>, Stop> {
        let name = self.run(TOKEN);
        let byte = self.peek()?;
        if name.is_empty() {
            return match byte {
                b' ' | b'\t' => Err(HeadError::ObsFold.into()),
                _ => self.crlf(HeadError::FieldName).map(|()| None),
            };
        }
        if byte != b':' {
            return Err(self.not_a_colon(byte));
        }
        self.step();
        let value = self.value_run();
        self.crlf(HeadError::Control)?;
        Ok(Some(Field { name, value: value.trim_ascii() }))
    }

    /// What is wrong with a field name that no colon follows.
    fn not_a_colon(&mut self, byte: u8) -> Stop {
        match byte {
            b' ' | b'\t' => {
                while matches!(self.peek(), Ok(b' ' | b'\t')) {
                    self.step();
                }
                match self.peek() {
                    Ok(b':') => HeadError::SpaceBeforeColon.into(),
                    Ok(_) => HeadError::MissingColon.into(),
                    Err(stop) => stop,
                }
            }
            b'\r' | b'\n' => match self.crlf(HeadError::MissingColon) {
                Ok(()) => HeadError::MissingColon.into(),
                Err(stop) => stop,
            },
            _ => HeadError::FieldName.into(),
        }
    }
}
