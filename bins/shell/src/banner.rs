//! The banner at the start: name, version, role, environment, and the settings in effect with secrets masked.

use crate::output;
use crate::settings::Effective;

const ART: &str = r"
    .---.      ___     _                      _
   ( o o )    / _ \ __| |_ ___ _ __  ___ _ _ | |_ _  _
    ) - (    | (_) / _|  _/ _ \ '_ \/ _ \ '_||  _| || |
  _/ /|\ \_   \___/\__|\__\___/ .__/\___/_|   \__|\_, |
 (__/ | \__)                  |_|                 |__/
";

/// What the banner tells.
#[derive(Debug, Clone, Copy)]
pub struct Banner<'a> {
    /// `Gateway` or `Agent`.
    pub role: &'a str,
    /// The program's version.
    pub version: &'a str,
    /// `Production` unless set.
    pub environment: &'a str,
    /// UID:GID of the process, where it is to be shown and known.
    pub user: Option<&'a str>,
    /// The settings, masked as they come.
    pub effective: &'a [Effective],
}

impl Banner<'_> {
    /// Prints it on standard output. It has no colour, so that it reads the same in a log.
    pub fn print(&self) {
        output::print(&self.render());
    }

    fn render(&self) -> String {
        let mut text = ART.to_owned();
        text.push_str(&format!("\n  {} {}\n\n", self.role, self.version));
        let row = |name: &str, value: &str| Effective {
            name: name.to_owned(),
            value: value.to_owned(),
            origin: String::new(),
        };
        let mut rows = vec![row("Environment", self.environment)];
        rows.extend(self.user.map(|user| row("UID:GID", user)));
        // It has a row of its own above.
        rows.extend(self.effective.iter().filter(|line| line.name != super::flags::ENVIRONMENT.name()).cloned());
        text.push_str(&output::aligned(&rows, |_| String::new()));
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banner_is_small_and_tells_all() {
        assert!(ART.lines().all(|line| line.len() <= 78));
        let effective =
            [Effective { name: "Gateway__ApiKey".into(), value: "my****ey".into(), origin: "environment".into() }];
        let banner = Banner {
            role: "Agent",
            version: "1.2.3",
            environment: "Production",
            user: Some("568:568"),
            effective: &effective,
        };
        let text = banner.render();
        let settings = text.split("Agent 1.2.3\n\n").nth(1).unwrap();
        assert_eq!(
            settings,
            "  Environment      Production\n  UID:GID          568:568\n  Gateway__ApiKey  my****ey\n\n"
        );
    }
}
