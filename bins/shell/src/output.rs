//! What a program prints for a person: the check report and the list of problems. Log lines are `logging`'s.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::settings::{Effective, Loaded, Problems};

/// Exit status of a program whose configuration is bad; the one that wrong flags have too.
const EXIT_CONFIGURATION: u8 = 2;

/// Prints text on standard output. A reader who went away is no fault.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    // There is nobody left to tell when standard output is gone.
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints text on standard error, under the same terms.
pub fn print_error(text: &str) {
    let _gone = io::stderr().lock().write_all(text.as_bytes());
}

/// Lists all problems of a configuration on standard error, one line each, and gives the exit status 2.
#[must_use]
pub fn refuse(program: &str, problems: &Problems) -> ExitCode {
    print_error(&problem_list(program, problems));
    ExitCode::from(EXIT_CONFIGURATION)
}

/// Says on standard error why a start ended that is not about one setting, and gives the exit status 2.
#[must_use]
pub fn refuse_start(program: &str, reason: &dyn std::error::Error) -> ExitCode {
    print_error(&format!("{program}: {reason}\n"));
    ExitCode::from(EXIT_CONFIGURATION)
}

/// Prints what is in effect, where each value came from, and the warnings.
pub fn print_check<C>(program: &str, loaded: &Loaded<C>) {
    let mut text = aligned(&loaded.effective, |line| format!("({})", line.origin));
    for warning in &loaded.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    text.push_str(&format!("{program}: the configuration is good\n"));
    print(&text);
}

fn problem_list(program: &str, problems: &Problems) -> String {
    let count = problems.iter().count();
    let noun = if count == 1 { "problem" } else { "problems" };
    let mut text = format!("{program}: the configuration has {count} {noun}\n");
    for problem in problems.iter() {
        text.push_str(&format!("  {problem}\n"));
    }
    text
}

/// Settings in columns: name, value, and what `last` makes of them.
pub(crate) fn aligned(lines: &[Effective], last: impl Fn(&Effective) -> String) -> String {
    // Longer values push their own line only.
    const VALUE_WIDTH_MAX: usize = 40;
    let width = |text: &str| text.chars().count();
    let names = lines.iter().map(|line| width(&line.name)).max().unwrap_or(0);
    let values = lines.iter().map(|line| width(&line.value)).filter(|w| *w <= VALUE_WIDTH_MAX).max().unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        let row = format!("  {:names$}  {:values$}  {}", line.name, line.value, last(line));
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Problem;

    #[test]
    fn columns_line_up() {
        let line = |name: &str, value: &str| Effective {
            name: name.to_owned(),
            value: value.to_owned(),
            origin: "default".to_owned(),
        };
        let text = aligned(&[line("A", "value"), line("Long", "-")], |line| line.origin.clone());
        assert_eq!(text, "  A     value  default\n  Long  -      default\n");
    }

    #[test]
    fn each_problem_is_a_line() {
        let problems = vec![Problem::new("A", "is missing"), Problem::new("B", "is bad")];
        let list = problem_list("octoporty-agent", &Problems::check(problems).unwrap_err());
        assert_eq!(list, "octoporty-agent: the configuration has 2 problems\n  A: is missing\n  B: is bad\n");
    }
}
