//! The `health` subcommand: asks the program that runs here for its own `/health`, for a container's health check.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    process::ExitCode,
    time::Duration,
};

use crate::output;

/// How long connecting, and each part of the answer, may take. Health checks are cut off after 5 s as a rule.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// Why the program is not well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HealthError {
    /// It cannot be reached, or broke off.
    #[error("{address} does not answer: {source}")]
    NoAnswer {
        /// Where it was asked.
        address: SocketAddr,
        /// What went wrong.
        source: io::Error,
    },
    /// It answers, and not well.
    #[error("{address} answers {answer:?}")]
    Unwell {
        /// Where it was asked.
        address: SocketAddr,
        /// The first line of the answer.
        answer: String,
    },
}

/// Asks the program that listens at `address`, prints one line, and gives the exit status: 0 when it answers 200, else 1.
#[must_use]
pub fn report(program: &str, address: SocketAddr) -> ExitCode {
    match ask(address) {
        Ok(answer) => {
            output::print(&format!("{program}: {answer}\n"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            output::print_error(&format!("{program}: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Asks the program that listens at `address` how it is, over loopback if it listens everywhere. Gives the body of its
/// answer as one line.
///
/// # Errors
///
/// When it does not answer, or with another status than 200.
pub fn ask(address: SocketAddr) -> Result<String, HealthError> {
    let address = reachable(address);
    let answer = exchange(address).map_err(|source| HealthError::NoAnswer { address, source })?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let first = head.lines().next().unwrap_or_default();
    if first.split(' ').nth(1) != Some("200") {
        return Err(HealthError::Unwell { address, answer: first.to_owned() });
    }
    Ok(body.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
}

/// Where a program that listens on this address can be asked from the same machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn exchange(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // An address is no host that a mapping could be for.
    let request =
        format!("GET /health HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\nconnection: close\r\n\r\n");
    // In one piece: what answers may do so before it has read several.
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    /// Asks a peer that answers so.
    fn asked(answer: &'static str) -> Result<String, HealthError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let peer = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let asked = ask(address);
        assert!(peer.join().unwrap().starts_with("GET /health HTTP/1.1\r\n"));
        asked
    }

    #[test]
    fn only_200_is_well() {
        let well = asked("HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{\"status\":\n\"healthy\"}\n");
        assert_eq!(well.unwrap(), "{\"status\": \"healthy\"}");
        let unwell = asked("HTTP/1.1 503 Service Unavailable\r\n\r\n");
        assert!(matches!(unwell, Err(HealthError::Unwell { answer, .. }) if answer.contains("503")));
        assert!(matches!(asked("200"), Err(HealthError::Unwell { .. })));
        assert!(matches!(asked(""), Err(HealthError::NoAnswer { .. })));
    }

    #[test]
    fn a_program_that_listens_everywhere_is_asked_over_loopback() {
        for (listens, asked) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("10.0.0.1:80", "10.0.0.1:80")]
        {
            assert_eq!(reachable(listens.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
