//! Operator commands, parsed from one line.
//!
//! A command is a verb, blanks, and operands separated by commas, in upper or lower case:
//!
//! | short | long | does |
//! |---|---|---|
//! | `D STATUS` | `DISPLAY STATUS` | how zoxy as a whole is doing |
//! | `D CONNS[,ALL]` | `DISPLAY CONNECTIONS[,ALL]` | client connections, the oldest first |
//! | `D FTP[,ALL]` | `DISPLAY FTP[,ALL]` | FTP dialogues and transfers, the oldest first |
//! | `D TUNNELS` | `DISPLAY TUNNELS` | SSH sessions |
//! | `D FILTERS` | `DISPLAY FILTERS` | filters and how often each decided |
//! | `F REFRESH` | `MODIFY REFRESH` | read the deck again |
//! | `P` | `STOP` | drain and end |
//!
//! [`parse`] is pure; the console calls it, and `zoxy ctl` shows [`HELP`].

use std::fmt::{self, Display};

use nom::bytes::complete::take_while1;
use nom::character::complete::{char, space0, space1};
use nom::combinator::{all_consuming, opt};
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::display::{ROWS, ROWS_ALL};
use crate::message::catalogue::{COMMAND_MISSING, COMMAND_OPERAND, COMMAND_UNKNOWN};

/// The commands with what they do, for `--help`.
pub const HELP: &str = "\
D STATUS         how zoxy as a whole is doing
D CONNS[,ALL]    client connections, the oldest first
D FTP[,ALL]      FTP dialogues with their transfers, the oldest first
D TUNNELS        SSH sessions
D FILTERS        filters and how often each decided
F REFRESH        read the deck again
P                stop: running connections may finish, then zoxy ends
";

const VERBS: &str = "D, F, P";
const DISPLAYS: &str = "D STATUS, D CONNS, D FTP, D TUNNELS or D FILTERS";

/// What an operator can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// D STATUS.
    DisplayStatus,
    /// D CONNS; with `all`, more of them.
    DisplayConnections {
        /// ALL was given.
        all: bool,
    },
    /// D FTP; with `all`, more of them.
    DisplayFtp {
        /// ALL was given.
        all: bool,
    },
    /// D TUNNELS.
    DisplayTunnels,
    /// D FILTERS.
    DisplayFilters,
    /// F REFRESH.
    Refresh,
    /// P.
    Stop,
}

impl Command {
    /// Whether it changes something, and so belongs in the log.
    pub fn changes(self) -> bool {
        matches!(self, Self::Refresh | Self::Stop)
    }

    /// How many rows its display shows at most, over all workers.
    pub fn rows(self) -> usize {
        match self {
            Self::DisplayConnections { all: true } | Self::DisplayFtp { all: true } => ROWS_ALL,
            _ => ROWS,
        }
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DisplayStatus => "D STATUS",
            Self::DisplayConnections { all: false } => "D CONNS",
            Self::DisplayConnections { all: true } => "D CONNS,ALL",
            Self::DisplayFtp { all: false } => "D FTP",
            Self::DisplayFtp { all: true } => "D FTP,ALL",
            Self::DisplayTunnels => "D TUNNELS",
            Self::DisplayFilters => "D FILTERS",
            Self::Refresh => "F REFRESH",
            Self::Stop => "P",
        })
    }
}

/// Why a line is not a command, and what would be; its Display is the catalogued message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandError {
    /// The line is blank.
    Missing,
    /// The first word is no verb.
    Unknown(String),
    /// The verb is known, what follows is not right.
    Operand {
        /// The verb's short form.
        verb: &'static str,
        /// What is wrong.
        problem: String,
        /// What can be entered.
        expected: &'static str,
    },
}

impl Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Missing => COMMAND_MISSING.render(&[("expected", &VERBS)]),
            Self::Unknown(found) => {
                COMMAND_UNKNOWN.render(&[("found", found), ("expected", &VERBS)])
            }
            Self::Operand { verb, problem, expected } => COMMAND_OPERAND.render(&[
                ("command", verb),
                ("problem", problem),
                ("expected", expected),
            ]),
        })
    }
}

impl std::error::Error for CommandError {}

/// Reads a command line.
pub fn parse(line: &str) -> Result<Command, CommandError> {
    let line = line.trim_matches([' ', '\t']).to_ascii_uppercase();
    if line.is_empty() {
        return Err(CommandError::Missing);
    }
    let (rest, verb) = word(&line).map_err(|_| CommandError::Unknown(line.clone()))?;
    match verb {
        "D" | "DISPLAY" => display(&operands("D", rest, DISPLAYS)?),
        "F" | "MODIFY" => modify(&operands("F", rest, "F REFRESH")?),
        "P" | "STOP" => finish("P", &operands("P", rest, "P")?, Command::Stop, "P"),
        _ => Err(CommandError::Unknown(verb.to_owned())),
    }
}

fn display(operands: &[&str]) -> Result<Command, CommandError> {
    let connections = |all| Command::DisplayConnections { all };
    let (surplus, command, expected) = match operands {
        [] => return Err(wrong("D", "what to display is missing".into(), DISPLAYS)),
        ["STATUS", surplus @ ..] => (surplus, Command::DisplayStatus, "D STATUS"),
        ["CONNS" | "CONNECTIONS", "ALL", surplus @ ..] => {
            (surplus, connections(true), "D CONNS,ALL")
        }
        ["CONNS" | "CONNECTIONS", surplus @ ..] => {
            (surplus, connections(false), "D CONNS or D CONNS,ALL")
        }
        ["FTP", "ALL", surplus @ ..] => (surplus, Command::DisplayFtp { all: true }, "D FTP,ALL"),
        ["FTP", surplus @ ..] => {
            (surplus, Command::DisplayFtp { all: false }, "D FTP or D FTP,ALL")
        }
        ["TUNNELS", surplus @ ..] => (surplus, Command::DisplayTunnels, "D TUNNELS"),
        ["FILTERS", surplus @ ..] => (surplus, Command::DisplayFilters, "D FILTERS"),
        [other, ..] => {
            return Err(wrong("D", format!("{other} cannot be displayed"), DISPLAYS));
        }
    };
    finish("D", surplus, command, expected)
}

fn modify(operands: &[&str]) -> Result<Command, CommandError> {
    match operands {
        [] => Err(wrong("F", "what to modify is missing".into(), "F REFRESH")),
        ["REFRESH", surplus @ ..] => finish("F", surplus, Command::Refresh, "F REFRESH"),
        [other, ..] => Err(wrong("F", format!("{other} cannot be modified"), "F REFRESH")),
    }
}

/// The command, unless operands are left over.
fn finish(
    verb: &'static str,
    surplus: &[&str],
    command: Command,
    expected: &'static str,
) -> Result<Command, CommandError> {
    match surplus.first() {
        None => Ok(command),
        Some(operand) => Err(wrong(verb, format!("{operand} does not belong here"), expected)),
    }
}

fn wrong(verb: &'static str, problem: String, expected: &'static str) -> CommandError {
    CommandError::Operand { verb, problem, expected }
}

/// What follows the verb: nothing, or blanks and a list.
fn operands<'a>(
    verb: &'static str,
    rest: &'a str,
    expected: &'static str,
) -> Result<Vec<&'a str>, CommandError> {
    let comma = delimited(space0, char(','), space0);
    let mut list = all_consuming(opt(preceded(space1, separated_list1(comma, word))));
    match list.parse(rest) {
        Ok((_, operands)) => Ok(operands.unwrap_or_default()),
        Err(_) => Err(wrong(verb, format!("{} is not a list of operands", rest.trim()), expected)),
    }
}

fn word(input: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_alphanumeric()).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_forms() {
        let all = [
            ("D STATUS", Command::DisplayStatus),
            ("display status", Command::DisplayStatus),
            ("D CONNS", Command::DisplayConnections { all: false }),
            ("d connections", Command::DisplayConnections { all: false }),
            ("D CONNS,ALL", Command::DisplayConnections { all: true }),
            ("D  CONNS , all ", Command::DisplayConnections { all: true }),
            ("d ftp", Command::DisplayFtp { all: false }),
            ("DISPLAY FTP,ALL", Command::DisplayFtp { all: true }),
            ("D TUNNELS", Command::DisplayTunnels),
            ("\tD Filters", Command::DisplayFilters),
            ("F REFRESH", Command::Refresh),
            ("Modify Refresh", Command::Refresh),
            ("P", Command::Stop),
            ("stop", Command::Stop),
        ];
        for (line, command) in all {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn display_form_is_accepted_again() {
        let all = [
            "D STATUS",
            "D CONNS",
            "D CONNS,ALL",
            "D FTP",
            "D FTP,ALL",
            "D TUNNELS",
            "D FILTERS",
            "F REFRESH",
            "P",
        ];
        for line in all {
            let command = parse(line).unwrap();
            assert_eq!(command.to_string(), line);
        }
    }

    #[test]
    fn errors_say_what_would_be_right() {
        let all = [
            ("", "ZOX0510E no command; enter one of D, F, P"),
            ("  ", "ZOX0510E no command; enter one of D, F, P"),
            ("Q", "ZOX0511E Q is not a command; enter one of D, F, P"),
            ("?", "ZOX0511E ? is not a command; enter one of D, F, P"),
            ("D", "what to display is missing; enter D STATUS, D CONNS, D FTP, D TUNNELS or D"),
            (
                "D X",
                "X cannot be displayed; enter D STATUS, D CONNS, D FTP, D TUNNELS or D FILTERS",
            ),
            ("D STATUS,ALL", "D: ALL does not belong here; enter D STATUS"),
            ("D CONNS,X", "D: X does not belong here; enter D CONNS or D CONNS,ALL"),
            ("D FTP,X", "D: X does not belong here; enter D FTP or D FTP,ALL"),
            ("D FTP,ALL,X", "D: X does not belong here; enter D FTP,ALL"),
            ("D CONNS,ALL,X", "D: X does not belong here; enter D CONNS,ALL"),
            ("F", "ZOX0512E F: what to modify is missing; enter F REFRESH"),
            ("F DECK", "ZOX0512E F: DECK cannot be modified; enter F REFRESH"),
            ("P NOW", "ZOX0512E P: NOW does not belong here; enter P"),
            ("D,STATUS", "D: ,STATUS is not a list of operands; enter D STATUS"),
            ("D STATUS,", "STATUS, is not a list of operands; enter D STATUS"),
            ("D STATUS CONNS", "STATUS CONNS is not a list of operands"),
        ];
        for (line, expected) in all {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }

    #[test]
    fn help_lists_commands_that_parse() {
        for line in HELP.lines() {
            let command = line.split("  ").next().unwrap().replace(['[', ']'], "");
            assert!(parse(&command).is_ok(), "{command}");
        }
    }
}
