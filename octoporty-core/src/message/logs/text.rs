//! Text of log lines: control characters escaped while it is written, and cut where the line's room ends (R36, R50).

use std::fmt::{self, Write};

/// Stands where text was cut.
const CUT: char = '…';

/// Collects the texts of one line, which share its room. Formatting into it never fails: what has no room is left out.
#[derive(Debug)]
pub struct LineText {
    text: String,
    room: usize,
    /// Something had no room; nothing more is taken.
    cut: bool,
    /// The mark of that was given.
    marked: bool,
}

impl LineText {
    /// Room for so many bytes, after escaping.
    #[must_use]
    pub const fn new(room: usize) -> Self {
        Self { text: String::new(), room, cut: false, marked: false }
    }

    /// Whether there is room for more.
    #[must_use]
    pub const fn has_room(&self) -> bool {
        self.room > 0 && !self.cut
    }

    /// What was written since the last call, with a mark at its end if it was cut.
    pub fn take(&mut self) -> String {
        if self.cut && !self.marked {
            self.text.push(CUT);
            self.marked = true;
        }
        std::mem::take(&mut self.text)
    }

    fn push(&mut self, character: char) {
        if self.cut {
            return;
        }
        let before = self.text.len();
        if is_unsafe(character) {
            self.text.extend(character.escape_default());
        } else {
            self.text.push(character);
        }
        let bytes = self.text.len() - before;
        // The mark needs room too.
        if bytes + CUT.len_utf8() > self.room {
            self.text.truncate(before);
            self.cut = true;
            self.room = 0;
        } else {
            self.room -= bytes;
        }
    }
}

impl Write for LineText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.cut {
                break;
            }
            self.push(character);
        }
        Ok(())
    }
}

/// Control characters, and those that change the direction or the lines of the text around them.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
