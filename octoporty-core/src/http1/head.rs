//! Finding the end of a head that arrives in pieces. Says nothing about its content.

use super::error::HeadError;

/// Looks for the empty line that ends a head and gives the position behind it.
///
/// `from` is the number of bytes that an earlier call has seen already, so that a head of many pieces is walked
/// once. `None` means that more is needed.
///
/// # Errors
/// [`HeadError::BareLf`] or [`HeadError::BareCr`] as soon as a line ends wrongly (R03): such a head might never
/// end, and would hold its connection until the time limit.
pub fn find_head_end(bytes: &[u8], from: usize) -> Result<Option<usize>, HeadError> {
    // One byte back: the last one seen may be a CR whose LF was not there yet.
    let start = from.saturating_sub(1);
    let Some(rest) = bytes.get(start..) else {
        return Ok(None);
    };
    for (offset, &byte) in rest.iter().enumerate() {
        if byte > b'\r' {
            continue;
        }
        let at = start + offset;
        if byte == b'\n' {
            let before = &bytes[..at];
            if !before.ends_with(b"\r") {
                return Err(HeadError::BareLf);
            }
            if before.ends_with(b"\r\n\r") {
                return Ok(Some(at + 1));
            }
        } else if byte == b'\r' && bytes.get(at + 1).is_some_and(|&next| next != b'\n') {
            return Err(HeadError::BareCr);
        }
    }
    Ok(None)
}
