//! ZOXY: zoxy itself as the program of a step.
//!
//! PARM is its command line: the subcommand, in upper or lower case, and its options; so is the
//! command of `ds` and `jobs`. Without PARM it is `run`. A subcommand that reads a deck has that of the CONFIG DD, unless PARM names another.

use super::{Context, Plan, Refusal, Run, own, words};

/// Subcommands that read a deck.
const WITH_DECK: [&str; 4] = ["run", "check", "explain", "ctl"];

pub(super) fn plan(context: &mut Context<'_>) -> Result<Plan, Refusal> {
    let arguments =
        arguments(context.parm.as_deref().unwrap_or_default(), context.dds.has("CONFIG"));
    let notifies = arguments.first().is_some_and(|subcommand| subcommand == "run");
    let mut command = own()?;
    command.args(arguments);
    match context.finish(command)? {
        Plan::Run(run) => Ok(Plan::Run(Box::new(Run { notifies, ..*run }))),
        plan => Ok(plan),
    }
}

fn arguments(parm: &str, has_config: bool) -> Vec<String> {
    let mut words = words::split(parm);
    match words.first_mut() {
        Some(first) if !first.starts_with('-') => first.make_ascii_lowercase(),
        Some(first) if matches!(first.as_str(), "-V" | "--version" | "-h" | "--help") => {}
        _ => words.insert(0, "run".to_owned()),
    }
    if matches!(words[0].as_str(), "ds" | "jobs") {
        if let Some(command) = words.get_mut(1).filter(|word| !word.starts_with('-')) {
            command.make_ascii_lowercase();
        }
    }
    let names_deck = words.iter().any(|word| {
        matches!(word.as_str(), "-c" | "-s" | "--config" | "--socket" | "-h" | "--help")
            || word.starts_with("--config=")
            || word.starts_with("--socket=")
            || word.starts_with("-c") && word.len() > 2
    });
    if has_config && !names_deck && WITH_DECK.contains(&words[0].as_str()) {
        words.splice(1..1, ["-c".to_owned(), "//DD:CONFIG".to_owned()]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parm_is_the_command_line() {
        for (parm, with, expected) in [
            ("", false, &["run"][..]),
            ("", true, &["run", "-c", "//DD:CONFIG"]),
            ("RUN", true, &["run", "-c", "//DD:CONFIG"]),
            ("-v", true, &["run", "-c", "//DD:CONFIG", "-v"]),
            ("CHECK -c /etc/DECK", true, &["check", "-c", "/etc/DECK"]),
            ("EXPLAIN host 21", true, &["explain", "-c", "//DD:CONFIG", "host", "21"]),
            ("CTL -s /run/x D STATUS", true, &["ctl", "-s", "/run/x", "D", "STATUS"]),
            ("JOBS", true, &["jobs"]),
            ("JOBS SHOW JOB00001", false, &["jobs", "show", "JOB00001"]),
            ("DS LIST A.**", false, &["ds", "list", "A.**"]),
            ("--version", true, &["--version"]),
        ] {
            assert_eq!(arguments(parm, with), expected, "{parm}");
        }
    }
}
