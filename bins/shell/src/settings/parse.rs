//! Parsers of values that settings share. Each says what is wrong and never repeats the value: the caller knows
//! whether it may be shown.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use ipnet::IpNet;
use octoporty_core::secret::Secret;

/// Fewest characters of a key: 32 hex digits are 128 bit at least, whoever makes them.
pub const SECRET_CHARACTERS_MIN: usize = 32;

/// Most characters of a key; it has to fit into a header field.
pub const SECRET_CHARACTERS_MAX: usize = 1024;

/// Longest duration that a setting takes: 30 days. More is a mistake in the unit.
pub const DURATION_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

/// How to get a good key, as a [`Setting`](super::Setting) hint.
pub const SECRET_HINT: &str = "make one with: openssl rand -hex 32";

/// A key of 32 to 1,024 visible ASCII characters, fit for a header field.
///
/// # Errors
///
/// When it is shorter, longer, or has other characters.
pub fn key(text: &str) -> Result<Secret, String> {
    let count = text.chars().count();
    if count < SECRET_CHARACTERS_MIN {
        return Err(format!("has fewer than {SECRET_CHARACTERS_MIN} characters"));
    }
    if count > SECRET_CHARACTERS_MAX {
        return Err(format!("has more than {SECRET_CHARACTERS_MAX} characters"));
    }
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err("has a space, a control character or a letter outside ASCII".to_owned());
    }
    Ok(Secret::new(text.to_owned()))
}

/// A TCP port, 1 to 65535.
///
/// # Errors
///
/// When it is anything else.
pub fn port(text: &str) -> Result<u16, String> {
    match text.trim().parse() {
        Ok(port @ 1..) => Ok(port),
        Ok(0) | Err(_) => Err("is not a port".to_owned()),
    }
}

/// An IP address, an IPv6 one with or without brackets.
///
/// # Errors
///
/// When it is a name or something else.
pub fn address(text: &str) -> Result<IpAddr, String> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_syntax: std::net::AddrParseError| "is not an IP address".to_owned())
}

/// `true` or `false`, and the other words that people use for them.
///
/// # Errors
///
/// When it is neither.
pub fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

/// A whole number within the bounds, both included.
///
/// # Errors
///
/// When it is not a number, or outside.
pub fn count(text: &str, min: usize, max: usize) -> Result<usize, String> {
    let number: usize =
        text.trim().parse().map_err(|_syntax: std::num::ParseIntError| "is not a whole number".to_owned())?;
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err(if number < min { "is too small" } else { "is too large" }.to_owned())
    }
}

/// A duration: seconds as a number, or a number with the unit `ms`, `s`, `m` or `h`. At most 30 days.
///
/// # Errors
///
/// When it is something else or longer.
pub fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let millis_each: u64 = match unit.trim_start() {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("is not a duration".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_syntax: std::num::ParseIntError| "is not a duration".to_owned())?;
    let duration = number.checked_mul(millis_each).map(Duration::from_millis);
    duration.filter(|duration| *duration <= DURATION_MAX).ok_or_else(|| "is longer than 30 days".to_owned())
}

/// A [`duration`] above zero.
///
/// # Errors
///
/// When it is zero, something else, or longer than 30 days.
pub fn positive_duration(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration.is_zero() { Err("is zero".to_owned()) } else { Ok(duration) }
}

/// Address ranges, comma-separated. A bare address is a range of one; `none` is the empty list.
///
/// # Errors
///
/// When one of them is neither, with its place in the list.
pub fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(Vec::new());
    }
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items
        .enumerate()
        .map(|(at, item)| {
            let parsed = item.parse().or_else(|_syntax: ipnet::AddrParseError| item.parse::<IpAddr>().map(IpNet::from));
            parsed.map_err(|_syntax: std::net::AddrParseError| {
                format!("has an entry (number {}) that is not an address range", at + 1)
            })
        })
        .collect()
}

/// A path, not empty.
///
/// # Errors
///
/// When it is empty.
pub fn path(text: &str) -> Result<PathBuf, String> {
    if text.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(PathBuf::from(text)) }
}

/// An absolute URL with one of the schemes, a host, and neither user nor password.
///
/// # Errors
///
/// When it is something else.
pub fn url(text: &str, schemes: &[&str]) -> Result<Uri, String> {
    let uri: Uri = text.trim().parse().map_err(|_syntax: http::uri::InvalidUri| "is not a URL".to_owned())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("is not an absolute URL".to_owned());
    };
    if !schemes.contains(&scheme) {
        return Err(format!("has the scheme {scheme}"));
    }
    if authority.as_str().contains('@') {
        return Err("holds a user name or password".to_owned());
    }
    if authority.host().is_empty() || text.contains('#') {
        return Err("is not a URL of this kind".to_owned());
    }
    let port_text = authority.as_str().strip_prefix(authority.host()).and_then(|rest| rest.strip_prefix(':'));
    if let Some(text) = port_text {
        port(text).map_err(|wrong| format!("has something after the colon that {wrong}"))?;
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in
            [("10", 10_000), ("10s", 10_000), (" 2m ", 120_000), ("500ms", 500), ("1h", 3_600_000), ("5 s", 5_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration("720h"), Ok(DURATION_MAX));
        for text in ["", "s", "-1", "1.5s", "10 minutes", "721h", "99999999999999999999", "18446744073709551615h"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(positive_duration("0").is_err());
    }

    #[test]
    fn networks_take_ranges_and_addresses() {
        let parsed = networks("10.0.0.0/8, ::1,192.0.2.7,").unwrap();
        let shown: Vec<String> = parsed.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "::1/128", "192.0.2.7/32"]);
        assert_eq!(networks("none"), Ok(Vec::new()));
        assert_eq!(
            networks("10.0.0.0/8,10.0.0.0/33").unwrap_err(),
            "has an entry (number 2) that is not an address range"
        );
    }

    #[test]
    fn keys_at_the_limit_and_one_past_it() {
        assert!(key(&"k".repeat(31)).is_err());
        assert!(key(&"k".repeat(32)).is_ok());
        assert!(key(&"k".repeat(1024)).is_ok());
        assert!(key(&"k".repeat(1025)).is_err());
        assert!(key(&"k k".repeat(20)).is_err());
        assert!(key(&"ä".repeat(32)).is_err());
    }

    #[test]
    fn urls_need_scheme_host_and_no_credentials() {
        let http = |text| url(text, &["http", "https"]);
        for good in ["http://localhost:2019", "https://caddy", "http://[::1]:2019/x"] {
            assert!(http(good).is_ok(), "{good}");
        }
        for bad in
            ["", "localhost", "ftp://a", "http://", "http://u:p@host", "http://a:0", "http://a:99999", "http://a:"]
        {
            let wrong = http(bad).unwrap_err();
            assert!(!wrong.contains("u:p"), "{wrong}");
        }
    }

    #[test]
    fn addresses_switches_ports_counts() {
        assert_eq!(address("[::1]"), address("::1"));
        assert!(address("localhost").is_err());
        assert_eq!(switch("True"), Ok(true));
        assert_eq!(switch("off"), Ok(false));
        assert!(switch("maybe").is_err());
        assert_eq!(port("65535"), Ok(65535));
        assert!(port("65536").is_err() && port("0").is_err() && port("-1").is_err());
        assert_eq!(count("8", 0, 8), Ok(8));
        assert_eq!(count("9", 0, 8).unwrap_err(), "is too large");
        assert_eq!(count("0", 1, 8).unwrap_err(), "is too small");
    }
}
