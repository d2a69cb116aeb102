//! What is wrong with a configuration: one line each, all of them together. Says nothing of secrets.

use std::fmt;
use std::path::PathBuf;

/// Most characters of a value that a message repeats.
const SHOWN_CHARACTERS_MAX: usize = 60;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Built in.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment,
    /// A command-line flag, as the user writes it.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment => f.write_str("environment"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

/// One thing that is wrong, as one line: the setting, what is wrong, what is allowed, how to get a good value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {message}")]
pub struct Problem {
    setting: String,
    message: String,
}

impl Problem {
    /// A problem of `setting`. Control characters of both texts are escaped, so that each stays one line.
    #[must_use]
    pub fn new(setting: &str, message: &str) -> Self {
        Self { setting: one_line(setting), message: one_line(message) }
    }

    /// The setting's name, as the environment spells it where it has such a name.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

/// All problems of a configuration, at least one. Its `Display` has one line for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The problems as an error, or nothing if there is none.
    ///
    /// # Errors
    ///
    /// Whenever `problems` is not empty.
    pub fn check(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// Each problem.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Words that tell that a value may carry a secret: an address with a user, a connection string with a password.
const TELLTALES: [&str; 5] = ["@", "password", "pwd", "secret", "token"];

/// Text from outside as a message may repeat it: quoted, on one line, cut, and left out where it may carry a secret.
#[must_use]
pub fn shown(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    if TELLTALES.iter().any(|telltale| lower.contains(telltale)) {
        return "the value (not shown, it may hold a secret)".to_owned();
    }
    let mut cut: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("`{}`", one_line(&cut))
}

/// Text with each control character as its escape.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_stays_one_line() {
        // R50
        let problem = Problem::new("Agent__Name", &format!("is {}", shown("a\nb\u{1b}[31m")));
        assert_eq!(problem.to_string(), "Agent__Name: is `a\\nb\\u{1b}[31m`");
    }

    #[test]
    fn shown_cuts_and_hides() {
        assert_eq!(shown(&"x".repeat(70)), format!("`{}…`", "x".repeat(60)));
        for text in ["http://user:hunter2@host", "Data Source=x;PASSWORD=hunter2"] {
            assert!(!shown(text).contains("hunter2"));
        }
    }

    #[test]
    fn problems_are_a_line_each() {
        assert_eq!(Problems::check(Vec::new()), Ok(()));
        let both = Problems::check(vec![Problem::new("A", "is bad"), Problem::new("B", "is worse")]);
        assert_eq!(both.expect_err("two problems").to_string(), "A: is bad\nB: is worse");
    }
}
