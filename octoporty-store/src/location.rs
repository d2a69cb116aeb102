//! Where a database is, read from a connection string. Opens nothing and looks at no file.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::LocationError;

/// How SQLite names a database that lives in memory.
const MEMORY: &str = ":memory:";

/// What may be done with a database file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Read, write, and create it if it is not there. The default.
    #[default]
    ReadWriteCreate,
    /// Read and write; it must be there.
    ReadWrite,
    /// Read alone.
    ReadOnly,
}

/// Where a database is.
///
/// Reads these forms, and gives the same value for the same meaning:
///
/// | form | example |
/// | --- | --- |
/// | ADO.NET | `Data Source=/app/data/octoporty.db`, `DataSource="a;b.db";Mode=ReadOnly` |
/// | URL | `sqlite:data/octoporty.db`, `sqlite:///app/data/octoporty.db?mode=rwc` |
/// | in memory | `:memory:`, `Data Source=:memory:`, `sqlite::memory:`, `sqlite:?mode=memory` |
///
/// In the ADO.NET form, keys are free of case and spaces, and `Filename` is another word for `Data Source`. Values may
/// be quoted, with the quote doubled inside. Keys that tune what this store
/// sets by itself (`Cache`, `Pooling`, `Foreign Keys`, `Recursive Triggers`, `Default Timeout`) are taken and have no
/// effect. A `Password` is refused, since the file would not be encrypted.
///
/// In the URL form, the path may have `%` escapes, and `mode` is one of `rwc` (the default), `rw`, `ro` and `memory`.
/// Two slashes before the path are a matter of taste: `sqlite://data.db` is the relative path `data.db`.
///
/// Relative paths stay relative, to the directory that the process is in when it opens them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// A database that ends with its last connection.
    Memory,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// What may be done with it.
        access: Access,
    },
}

impl Location {
    /// A file that is created if it is not there.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File { path: path.into(), access: Access::default() }
    }

    /// The file's path; `None` in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::File { path, .. } => Some(path),
        }
    }

    /// The directory that holds the file, `.` for a bare file name; `None` in memory.
    #[must_use]
    pub fn directory(&self) -> Option<&Path> {
        let parent = self.path()?.parent().filter(|parent| !parent.as_os_str().is_empty());
        Some(parent.unwrap_or_else(|| Path::new(".")))
    }

    fn new(path: &str, access: Access) -> Result<Self, LocationError> {
        if path == MEMORY {
            return Ok(Self::Memory);
        }
        if path.is_empty() || path.ends_with('/') || path.contains('\0') {
            return Err(LocationError::NoPath);
        }
        // SQLite would take such a name for a URI with parameters of its own.
        if path.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("file:")) {
            return Err(LocationError::Form);
        }
        Ok(Self::File { path: PathBuf::from(path), access })
    }
}

impl FromStr for Location {
    type Err = LocationError;

    /// Reads a connection string in any of the forms above.
    ///
    /// # Errors
    ///
    /// When it has another form, an unknown or unsupported key, or no path.
    fn from_str(text: &str) -> Result<Self, LocationError> {
        let text = text.trim();
        if text == MEMORY {
            return Ok(Self::Memory);
        }
        match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("sqlite:") => from_url(&text[7..]),
            _ => from_pairs(text),
        }
    }
}

/// The part of a URL behind `sqlite:`.
fn from_url(rest: &str) -> Result<Location, LocationError> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut access = None;
    let mut memory = false;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match key {
            "mode" if access.is_some() || memory => {
                return Err(LocationError::Twice { key: key.to_owned() });
            }
            "mode" => match value {
                "rwc" => access = Some(Access::ReadWriteCreate),
                "rw" => access = Some(Access::ReadWrite),
                "ro" => access = Some(Access::ReadOnly),
                "memory" => memory = true,
                _ => {
                    return Err(LocationError::BadValue { key: key.to_owned() });
                }
            },
            "cache" => {}
            "vfs" | "immutable" => {
                return Err(LocationError::Unsupported { key: key.to_owned() });
            }
            _ => {
                return Err(LocationError::UnknownKey { key: key.to_owned() });
            }
        }
    }
    if memory {
        return Ok(Location::Memory);
    }
    Location::new(&unescape(path)?, access.unwrap_or_default())
}

/// Pairs of ADO.NET, `key=value;key=value`.
fn from_pairs(text: &str) -> Result<Location, LocationError> {
    let pairs = Pairs(text).collect::<Result<Vec<_>, _>>()?;
    let mut path = None;
    let mut access = None;
    let mut memory = false;
    for (key, value) in pairs {
        let plain: String = key.chars().filter(|c| *c != ' ').flat_map(char::to_lowercase).collect();
        let bad_value = || LocationError::BadValue { key: key.to_owned() };
        match plain.as_str() {
            "datasource" | "filename" if path.is_some() => {
                return Err(LocationError::Twice { key: key.to_owned() });
            }
            "datasource" | "filename" => path = Some(value),
            "mode" if access.is_some() || memory => {
                return Err(LocationError::Twice { key: key.to_owned() });
            }
            "mode" => match value.to_ascii_lowercase().as_str() {
                "readwritecreate" => access = Some(Access::ReadWriteCreate),
                "readwrite" => access = Some(Access::ReadWrite),
                "readonly" => access = Some(Access::ReadOnly),
                "memory" => memory = true,
                _ => return Err(bad_value()),
            },
            "cache" | "pooling" | "foreignkeys" | "recursivetriggers" | "defaulttimeout" | "commandtimeout" => {}
            "password" | "vfs" => {
                return Err(LocationError::Unsupported { key: key.to_owned() });
            }
            _ => {
                return Err(LocationError::UnknownKey { key: key.to_owned() });
            }
        }
    }
    if memory {
        return Ok(Location::Memory);
    }
    Location::new(&path.ok_or(LocationError::NoPath)?, access.unwrap_or_default())
}

/// Splits `key=value;key=value`, with quoted values.
struct Pairs<'a>(&'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<(&'a str, String), LocationError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 = self.0.trim_start_matches([';', ' ']);
        if self.0.is_empty() {
            return None;
        }
        let pair = self.take_pair();
        if pair.is_err() {
            self.0 = "";
        }
        Some(pair)
    }
}

impl<'a> Pairs<'a> {
    fn take_pair(&mut self) -> Result<(&'a str, String), LocationError> {
        let (key, rest) = self.0.split_once('=').ok_or(LocationError::Form)?;
        let key = key.trim();
        // What stands there may be a bare path, or a password: either way it is no key, and not to be repeated.
        if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphabetic() || c == ' ') {
            return Err(LocationError::Form);
        }
        let rest = rest.trim_start();
        match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let value = self.take_quoted(&rest[1..], quote)?;
                Ok((key, value))
            }
            _ => {
                let (value, rest) = rest.split_once(';').unwrap_or((rest, ""));
                self.0 = rest;
                Ok((key, value.trim_end().to_owned()))
            }
        }
    }

    /// Takes what follows an opening quote, up to and with the closing one. A doubled quote stands for itself.
    fn take_quoted(&mut self, text: &'a str, quote: char) -> Result<String, LocationError> {
        let mut value = String::new();
        let mut rest = text;
        loop {
            let (part, after) = rest.split_once(quote).ok_or(LocationError::OpenQuote)?;
            value.push_str(part);
            match after.strip_prefix(quote) {
                Some(after) => {
                    value.push(quote);
                    rest = after;
                }
                None => {
                    let after = after.trim_start();
                    self.0 = after.strip_prefix(';').unwrap_or(after);
                    let ended = after.is_empty() || after.starts_with(';');
                    return if ended { Ok(value) } else { Err(LocationError::Form) };
                }
            }
        }
    }
}

/// Undoes `%` escapes (RFC 3986 §2.1).
fn unescape(text: &str) -> Result<String, LocationError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let digits = piece.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or(LocationError::BadEscape)?;
        bytes.push(byte);
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).map_err(|_invalid| LocationError::BadEscape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, access: Access) -> Location {
        Location::File { path: PathBuf::from(path), access }
    }

    #[test]
    fn forms_that_name_a_file() {
        use Access::{ReadOnly, ReadWrite, ReadWriteCreate};
        for (text, path, access) in [
            ("Data Source=/app/data/octoporty.db", "/app/data/octoporty.db", ReadWriteCreate),
            ("data source = /a b.db ; mode = ReadOnly ;", "/a b.db", ReadOnly),
            ("DATASOURCE=x.db;Cache=Shared;Pooling=False;Foreign Keys=True", "x.db", ReadWriteCreate),
            ("Filename=x.db;Mode=ReadWrite", "x.db", ReadWrite),
            (r#"Data Source="a;b""c.db";Mode=ReadWriteCreate"#, "a;b\"c.db", ReadWriteCreate),
            ("Data Source='it''s.db'", "it's.db", ReadWriteCreate),
            ("Data Source=a=b.db", "a=b.db", ReadWriteCreate),
            ("sqlite:data/x.db", "data/x.db", ReadWriteCreate),
            ("sqlite://data/x.db", "data/x.db", ReadWriteCreate),
            ("sqlite:///app/x.db?mode=rwc", "/app/x.db", ReadWriteCreate),
            ("SQLite:/app/x.db?mode=ro&cache=private", "/app/x.db", ReadOnly),
            ("sqlite:/app/a%20b%C3%A4.db?mode=rw", "/app/a bä.db", ReadWrite),
        ] {
            assert_eq!(text.parse(), Ok(file(path, access)), "{text}");
        }
    }

    #[test]
    fn forms_that_live_in_memory() {
        for text in [
            ":memory:",
            "Data Source=:memory:",
            "Data Source=shared;Mode=Memory;Cache=Shared",
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite:x?mode=memory",
            "sqlite:?mode=memory",
        ] {
            assert_eq!(text.parse(), Ok(Location::Memory), "{text}");
        }
    }

    #[test]
    fn what_is_refused_and_why() {
        let key = |key: &str| key.to_owned();
        for (text, error) in [
            ("", LocationError::NoPath),
            ("Data Source=", LocationError::NoPath),
            ("Mode=ReadOnly", LocationError::NoPath),
            ("sqlite:", LocationError::NoPath),
            ("sqlite:/app/data/", LocationError::NoPath),
            ("/app/data/octoporty.db", LocationError::Form),
            ("postgres://host/db", LocationError::Form),
            ("Data Source=file:x.db?mode=ro", LocationError::Form),
            ("Data Source='x.db' y", LocationError::Form),
            ("Data Source='x.db", LocationError::OpenQuote),
            ("Data Source=a;DataSource=b", LocationError::Twice { key: key("DataSource") }),
            ("Data Source=a;Password=hunter2", LocationError::Unsupported { key: key("Password") }),
            ("Server=db;Database=x", LocationError::UnknownKey { key: key("Server") }),
            ("Data Source=a;Mode=Sideways", LocationError::BadValue { key: key("Mode") }),
            ("sqlite:a?mode=sideways", LocationError::BadValue { key: key("mode") }),
            ("sqlite:a?mode=ro&mode=rw", LocationError::Twice { key: key("mode") }),
            ("sqlite:a?immutable=1", LocationError::Unsupported { key: key("immutable") }),
            ("sqlite:a?colour=red", LocationError::UnknownKey { key: key("colour") }),
            ("sqlite:a%2", LocationError::BadEscape),
            ("sqlite:a%zz", LocationError::BadEscape),
            ("sqlite:a%+1", LocationError::BadEscape),
            ("sqlite:a%ff", LocationError::BadEscape),
            ("sqlite:a%00b", LocationError::NoPath),
        ] {
            assert_eq!(text.parse::<Location>(), Err(error), "{text}");
        }
    }

    #[test]
    fn directory_of_a_file() {
        assert_eq!(Location::file("/app/data/x.db").directory(), Some(Path::new("/app/data")));
        assert_eq!(Location::file("x.db").directory(), Some(Path::new(".")));
        assert_eq!(Location::Memory.directory(), None);
    }
}
