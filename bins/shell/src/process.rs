//! Facts about the process and its machine that settings and messages need.

/// Longest host name that is used, in characters; DNS allows no more.
#[cfg(target_os = "linux")]
const HOST_NAME_CHARACTERS_MAX: usize = 253;

/// The effective `UID:GID`, where the system has a `/proc`; `None` elsewhere.
#[must_use]
pub fn uid_gid() -> Option<String> {
    parse_status(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// Each line has the real, effective, saved and file-system id.
fn parse_status(status: &str) -> Option<String> {
    let effective = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().nth(1)
    };
    Some(format!("{}:{}", effective("Uid:")?, effective("Gid:")?))
}

/// The machine's name, or `octoporty` where it is not known.
#[must_use]
pub fn host_name() -> String {
    kernel_host_name().unwrap_or_else(|| "octoporty".to_owned())
}

#[cfg(target_os = "linux")]
fn kernel_host_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = text.trim();
    (!name.is_empty() && name.len() <= HOST_NAME_CHARACTERS_MAX).then(|| name.to_owned())
}

#[cfg(not(target_os = "linux"))]
fn kernel_host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").or_else(|_| std::env::var("HOSTNAME")).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effective_ids_are_taken() {
        let status = "Name:\tx\nUid:\t1\t568\t3\t4\nGid:\t5\t569\t7\t8\n";
        assert_eq!(parse_status(status).as_deref(), Some("568:569"));
        assert_eq!(parse_status("Name:\tx\n"), None);
    }
}
