//! The lines of a file from its end backwards, a block at a time.

use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are read at once.
const BLOCK_BYTES: u64 = 64 * 1024;

/// Longest line in bytes; the start of a longer one is what is taken of it.
const LINE_BYTES_MAX: usize = 256 * 1024;

/// Goes backwards through a file.
#[derive(Debug)]
pub(super) struct Backwards<F> {
    file: F,
    /// Offset in the file of the first byte of `buffer`.
    start: u64,
    /// What was read and not given out. Ends where the next line to give ends.
    buffer: Vec<u8>,
    /// Nothing was read yet, so what comes ends with the end of a line.
    is_fresh: bool,
}

impl<F: Read + Seek> Backwards<F> {
    /// Begins before `end`, where a line ended.
    pub(super) const fn new(file: F, end: u64) -> Self {
        Self { file, start: end, buffer: Vec::new(), is_fresh: true }
    }

    /// The line before, with its offset.
    pub(super) fn next_back(&mut self) -> io::Result<Option<(u64, String)>> {
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        }
        loop {
            if let Some(at) = self.buffer.iter().rposition(|byte| *byte == b'\n') {
                let line = self.buffer.split_off(at + 1);
                let offset = self.start + u64::try_from(at).unwrap_or(0) + 1;
                return Ok(Some((offset, text(&line))));
            }
            if self.start == 0 {
                let line = std::mem::take(&mut self.buffer);
                return Ok(if line.is_empty() { None } else { Some((0, text(&line))) });
            }
            self.read_block()?;
            if std::mem::take(&mut self.is_fresh) && self.buffer.last() == Some(&b'\n') {
                self.buffer.pop();
            }
            // The end of a line that is too long is of no use.
            self.buffer.truncate(LINE_BYTES_MAX + usize::try_from(BLOCK_BYTES).unwrap_or(0));
        }
    }

    fn read_block(&mut self) -> io::Result<()> {
        let bytes = self.start.min(BLOCK_BYTES);
        self.start -= bytes;
        self.file.seek(SeekFrom::Start(self.start))?;
        let mut block = vec![0; usize::try_from(bytes).unwrap_or(0)];
        self.file.read_exact(&mut block)?;
        block.append(&mut self.buffer);
        self.buffer = block;
        Ok(())
    }
}

fn text(line: &[u8]) -> String {
    let line = &line[..line.len().min(LINE_BYTES_MAX)];
    String::from_utf8_lossy(line).trim_end_matches('\r').to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn lines(text: &str) -> Vec<(u64, String)> {
        let mut backwards = Backwards::new(Cursor::new(text.as_bytes()), u64::try_from(text.len()).unwrap());
        std::iter::from_fn(|| backwards.next_back().unwrap()).collect()
    }

    #[test]
    fn lines_come_backwards_with_their_offsets() {
        let found = lines("one\n\nthree\nfour");
        let expected = [(11, "four"), (5, "three"), (4, ""), (0, "one")];
        assert_eq!(found, expected.map(|(at, line)| (at, line.to_owned())));
        assert_eq!(lines(""), []);
        assert_eq!(lines("a\n"), [(0, "a".to_owned())]);
    }

    #[test]
    fn lines_go_over_the_edges_of_blocks() {
        let long = "x".repeat(usize::try_from(BLOCK_BYTES).unwrap() * 2 + 7);
        let text = format!("first\n{long}\nlast\n");
        let found: Vec<_> = lines(&text).into_iter().map(|(_, line)| line).collect();
        assert_eq!(found, ["last".to_owned(), long, "first".to_owned()]);
    }

    #[test]
    fn many_lines_keep_their_order() {
        let text: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
        let found = lines(&text);
        assert_eq!(found.len(), 20_000);
        assert!(found.iter().rev().enumerate().all(|(at, (_, line))| *line == format!("line {at}")));
        assert!(found.iter().all(|(at, line)| text[usize::try_from(*at).unwrap()..].starts_with(line)));
    }
}
