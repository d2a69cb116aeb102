//! The fields of a head or a trailer section: in order, with duplicates, names as they were written.

/// Field lines in the order of the wire. Names keep their case; values are Latin-1, without the white space
/// around them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    lines: Vec<(String, String)>,
}

impl Fields {
    /// Appends one field line.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.lines.push((name.into(), value.into()));
    }

    /// All values of `name`, in order. Names compare without case.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.iter().filter(|(line_name, _)| line_name.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    /// The first value of `name`.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The value of `name` when there is exactly one line of it.
    #[must_use]
    pub fn only(&self, name: &str) -> Option<&str> {
        match self.all(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// Whether there is a line of `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// The comma-separated members of all lines of `name`, in lower case and trimmed.
    #[must_use]
    pub fn members(&self, name: &str) -> Vec<String> {
        self.all(name)
            .iter()
            .flat_map(|value| value.split(','))
            .map(|member| member.trim().to_ascii_lowercase())
            .filter(|member| !member.is_empty())
            .collect()
    }

    /// The lines in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Number of field lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Reads one line without its line end. `None` when it has no colon.
    pub(crate) fn parse_line(line: &[u8]) -> Option<(String, String)> {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let value = line[colon + 1..].trim_ascii();
        Some((latin1(&line[..colon]), latin1(value)))
    }
}

/// Bytes as text, one character each, so that nothing is lost.
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
