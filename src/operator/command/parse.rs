//! A command line taken apart, and what a wrong one is told.

use std::fmt::{self, Display};

use nom::bytes::complete::{take_while_m_n, take_while1};
use nom::character::complete::{char, space0, space1};
use nom::combinator::{all_consuming, opt, rest};
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::{Command, FORMS, Level, View, nearest};
use crate::message::catalogue::{COMMAND_MISSING, COMMAND_OPERAND, COMMAND_UNKNOWN};

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
        expected: String,
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
    let line = line.trim_matches([' ', '\t']);
    if line.is_empty() {
        return Err(CommandError::Missing);
    }
    let (rest, verb) = word(line).map_err(|_| CommandError::Unknown(line.to_owned()))?;
    let upper = rest.to_ascii_uppercase();
    match verb.to_ascii_uppercase().as_str() {
        "D" | "DISPLAY" => display(&operands("D", &upper)?),
        "F" | "MODIFY" => modify(&operands("F", &upper)?),
        "R" | "REPLY" => reply(rest),
        "P" | "STOP" => finish("P", &operands("P", &upper)?, Command::Stop, "P"),
        _ => Err(CommandError::Unknown(verb.to_owned())),
    }
}

fn display(operands: &[&str]) -> Result<Command, CommandError> {
    let (json, operands) = match operands {
        [what, between @ .., "JSON"] => (true, [&[*what], between].concat()),
        operands => (false, operands.to_vec()),
    };
    let (surplus, view, expected) = match operands.as_slice() {
        [] => return Err(wrong("D", "what to display is missing", forms("D "))),
        ["CONNS" | "CONNECTIONS", "ALL", surplus @ ..] => {
            (surplus, View::Connections { all: true }, "D CONNS,ALL")
        }
        ["CONNS" | "CONNECTIONS", surplus @ ..] => {
            (surplus, View::Connections { all: false }, "D CONNS or D CONNS,ALL")
        }
        ["FTP", "ALL", surplus @ ..] => (surplus, View::Ftp { all: true }, "D FTP,ALL"),
        ["FTP", surplus @ ..] => (surplus, View::Ftp { all: false }, "D FTP or D FTP,ALL"),
        ["STATUS", surplus @ ..] => (surplus, View::Status, "D STATUS"),
        ["TUNNELS", surplus @ ..] => (surplus, View::Tunnels, "D TUNNELS"),
        ["FILTERS", surplus @ ..] => (surplus, View::Filters, "D FILTERS"),
        ["PROFILES", surplus @ ..] => (surplus, View::Profiles, "D PROFILES"),
        ["STATS", surplus @ ..] => (surplus, View::Stats, "D STATS"),
        ["R" | "REQUESTS", surplus @ ..] => (surplus, View::Requests, "D R"),
        ["DEFAULTS", surplus @ ..] => (surplus, View::Defaults, "D DEFAULTS"),
        [other, ..] => return Err(not_known("D", other, "cannot be displayed")),
    };
    finish("D", surplus, Command::Display { view, json }, expected)
}

fn modify(operands: &[&str]) -> Result<Command, CommandError> {
    let (surplus, command, expected) = match operands {
        [] => return Err(wrong("F", "what to modify is missing", forms("F "))),
        ["REFRESH", surplus @ ..] => (surplus, Command::Refresh, "F REFRESH"),
        ["QUIESCE", surplus @ ..] => (surplus, Command::Quiesce, "F QUIESCE"),
        ["RESUME"] => return Ok(Command::Resume(None)),
        ["RESUME", profile, surplus @ ..] => {
            (surplus, Command::Resume(Some(name("RESUME", profile)?)), "F RESUME profile")
        }
        ["DRAIN", profile, surplus @ ..] => {
            (surplus, Command::Drain(name("DRAIN", profile)?), "F DRAIN profile")
        }
        ["RECONNECT", profile, "NOW", surplus @ ..] => {
            let profile = name("RECONNECT", profile)?;
            (surplus, Command::Reconnect { profile, now: true }, "F RECONNECT profile,NOW")
        }
        ["RECONNECT", profile, surplus @ ..] => {
            let profile = name("RECONNECT", profile)?;
            let expected = "F RECONNECT profile or F RECONNECT profile,NOW";
            (surplus, Command::Reconnect { profile, now: false }, expected)
        }
        ["CANCEL", id, surplus @ ..] => {
            (surplus, Command::Cancel(connection(id, "F CANCEL id")?), "F CANCEL id")
        }
        ["LOG", level, surplus @ ..] => (surplus, Command::Log(self::level(level)?), "F LOG level"),
        ["TRACE", id, on @ ("ON" | "OFF"), surplus @ ..] => {
            let id = connection(id, "F TRACE id,ON")?;
            (surplus, Command::Trace { id, on: *on == "ON" }, "F TRACE id,ON or F TRACE id,OFF")
        }
        ["TRACE", id, ..] => {
            connection(id, "F TRACE id,ON")?;
            let problem = "ON or OFF is missing behind the connection's number";
            return Err(wrong("F", problem, format!("F TRACE {id},ON or F TRACE {id},OFF")));
        }
        ["DRAIN" | "RECONNECT", ..] => {
            let problem = "the name of a profile is missing";
            return Err(wrong("F", problem, format!("F {} profile; D PROFILES", operands[0])));
        }
        ["CANCEL" | "TRACE", ..] => {
            let problem = "the number of a connection is missing";
            return Err(wrong("F", problem, format!("F {} id; D CONNS has it", operands[0])));
        }
        ["LOG"] => {
            return Err(wrong("F", "the level is missing", "F LOG NORMAL, DEBUG or TRACE"));
        }
        [other, ..] => return Err(not_known("F", other, "cannot be modified")),
    };
    finish("F", surplus, command, expected)
}

/// `R nn,'reply'`: apostrophes may be left out, as for any operator; doubled within, they stand for
/// one.
fn reply(text: &str) -> Result<Command, CommandError> {
    let number = take_while_m_n(1, 2, |c: char| c.is_ascii_digit());
    let comma = delimited(space0, char(','), space0);
    let mut whole = (preceded(space1, terminated(number, comma)), rest);
    let expected = "R nn,'reply'; D R lists the requests";
    let (_, (number, text)): (&str, (&str, &str)) =
        whole.parse(text).map_err(|_: nom::Err<nom::error::Error<&str>>| {
            wrong("R", "the number of a request, a comma and a reply belong here", expected)
        })?;
    let text = text.trim_matches([' ', '\t']);
    let text = match text.strip_prefix('\'') {
        Some(quoted) => quoted.strip_suffix('\'').map(|inner| inner.replace("''", "'")),
        None => Some(text.to_owned()),
    };
    let text = text.filter(|text| !text.is_empty()).ok_or_else(|| {
        wrong("R", "the reply is empty, or its closing apostrophe is missing", expected)
    })?;
    // Two digits at most.
    let number = number.parse().unwrap_or(0);
    Ok(Command::Reply { number, text: text.to_ascii_uppercase() })
}

fn level(text: &str) -> Result<Level, CommandError> {
    match text {
        "NORMAL" => Ok(Level::Normal),
        "DEBUG" => Ok(Level::Debug),
        "TRACE" => Ok(Level::Trace),
        other => {
            let expected = match nearest(other, Level::WORDS.iter().copied()) {
                Some(word) => format!("F LOG {word}"),
                None => format!("F LOG with one of {}", Level::WORDS.join(", ")),
            };
            Err(wrong("F", format!("{other} is no level"), expected))
        }
    }
}

/// The name of a profile, as decks have it.
fn name(verb: &str, text: &str) -> Result<String, CommandError> {
    let is_name = text.len() <= 8 && !text.starts_with(|c: char| c.is_ascii_digit());
    if is_name {
        return Ok(text.to_owned());
    }
    let problem = format!("{text} is no name of a profile");
    Err(wrong("F", problem, format!("F {verb} profile; D PROFILES lists them")))
}

/// A connection's number, with or without the `#` of displays and messages.
fn connection(text: &str, expected: &str) -> Result<u64, CommandError> {
    let number = text.strip_prefix('#').unwrap_or(text);
    number.parse().map_err(|_| {
        wrong("F", format!("{text} is no number of a connection"), format!("{expected}; D CONNS"))
    })
}

/// The command, unless operands are left over.
fn finish(
    verb: &'static str,
    surplus: &[&str],
    command: Command,
    expected: &str,
) -> Result<Command, CommandError> {
    match surplus.first() {
        None => Ok(command),
        Some(operand) => Err(wrong(verb, format!("{operand} does not belong here"), expected)),
    }
}

/// A first operand that no form has: the one it is nearest to, or all.
fn not_known(verb: &'static str, found: &str, problem: &str) -> CommandError {
    let start = format!("{verb} ");
    let words = FORMS.iter().filter_map(|form| {
        let operands = form.syntax.strip_prefix(start.as_str())?;
        operands.split(['[', ' ', ',']).next()
    });
    let expected = match nearest(found, words) {
        Some(word) => {
            let forms = FORMS.iter().map(|form| form.syntax);
            let meant = |syntax: &&str| {
                let operands = syntax.strip_prefix(start.as_str()).unwrap_or_default();
                operands.split(['[', ' ', ',']).next() == Some(word)
            };
            forms.filter(meant).collect::<Vec<_>>().join(" or ")
        }
        None => forms(&start),
    };
    wrong(verb, format!("{found} {problem}"), expected)
}

/// Every form of a verb, as a list, each first operand once.
fn forms(verb: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    for form in FORMS {
        let Some(operands) = form.syntax.strip_prefix(verb) else { continue };
        let name = operands.split(['[', ' ', ',']).next().unwrap_or_default();
        if !names.iter().any(|known| known.ends_with(&format!(" {name}"))) {
            names.push(format!("{verb}{name}"));
        }
    }
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => names.concat(),
    }
}

fn wrong(
    verb: &'static str,
    problem: impl Into<String>,
    expected: impl Into<String>,
) -> CommandError {
    CommandError::Operand { verb, problem: problem.into(), expected: expected.into() }
}

/// What follows the verb: nothing, or blanks and a list.
fn operands<'a>(verb: &'static str, rest: &'a str) -> Result<Vec<&'a str>, CommandError> {
    let mut list = all_consuming(opt(preceded(space1, separated_list1(separator, word))));
    match list.parse(rest) {
        Ok((_, operands)) => Ok(operands.unwrap_or_default()),
        Err(_) => {
            let problem = format!("{} is not a list of operands", rest.trim());
            Err(wrong(verb, problem, forms(&format!("{verb} "))))
        }
    }
}

/// A comma with blanks around it, or blanks alone.
fn separator(input: &str) -> IResult<&str, ()> {
    let (rest, blanks) = space0(input)?;
    let (rest, comma) = opt(terminated(char(','), space0)).parse(rest)?;
    if comma.is_none() && blanks.is_empty() {
        let error = nom::error::Error::new(input, nom::error::ErrorKind::Space);
        return Err(nom::Err::Error(error));
    }
    Ok((rest, ()))
}

/// Letters, digits, and what else names and numbers have.
fn word(input: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_alphanumeric() || "$#@".contains(c)).parse(input)
}

const VERBS: &str = "D, F, R, P";

#[cfg(test)]
mod tests {
    use super::*;

    fn display(view: View) -> Command {
        Command::Display { view, json: false }
    }

    #[test]
    fn short_and_long_forms() {
        let text = str::to_owned;
        let all = [
            ("D STATUS", display(View::Status)),
            ("display status", display(View::Status)),
            ("D CONNS", display(View::Connections { all: false })),
            ("d connections", display(View::Connections { all: false })),
            ("D CONNS,ALL", display(View::Connections { all: true })),
            ("D  CONNS , all ", display(View::Connections { all: true })),
            ("D CONNS ALL", display(View::Connections { all: true })),
            ("d ftp", display(View::Ftp { all: false })),
            ("DISPLAY FTP,ALL", display(View::Ftp { all: true })),
            ("D TUNNELS", display(View::Tunnels)),
            ("\tD Filters", display(View::Filters)),
            ("D r", display(View::Requests)),
            ("D status,json", Command::Display { view: View::Status, json: true }),
            ("D FTP,ALL,JSON", Command::Display { view: View::Ftp { all: true }, json: true }),
            ("F REFRESH", Command::Refresh),
            ("Modify Refresh", Command::Refresh),
            ("f resume", Command::Resume(None)),
            ("f resume paper", Command::Resume(Some(text("PAPER")))),
            ("F DRAIN,PAPER", Command::Drain(text("PAPER"))),
            ("F DRAIN $P@#1", Command::Drain(text("$P@#1"))),
            ("F CANCEL #17", Command::Cancel(17)),
            ("f trace 17 off", Command::Trace { id: 17, on: false }),
            ("F LOG debug", Command::Log(Level::Debug)),
            ("R 1,'yes'", Command::Reply { number: 1, text: text("YES") }),
            ("reply 01 , yes", Command::Reply { number: 1, text: text("YES") }),
            ("R 2,'it''s'", Command::Reply { number: 2, text: text("IT'S") }),
            ("P", Command::Stop),
            ("stop", Command::Stop),
        ];
        for (line, command) in all {
            assert_eq!(parse(line), Ok(command), "{line}");
        }
    }

    #[test]
    fn errors_say_what_would_be_right() {
        let all = [
            ("", "ZOX0510E no command; enter one of D, F, R, P"),
            ("  ", "ZOX0510E no command; enter one of D, F, R, P"),
            ("Q", "ZOX0511E Q is not a command; enter one of D, F, R, P"),
            ("?", "ZOX0511E ? is not a command; enter one of D, F, R, P"),
            ("D", "what to display is missing; enter D STATUS, D CONNS, D FTP, D TUNNELS, D FIL"),
            ("D X", "X cannot be displayed; enter D STATUS, D CONNS"),
            ("D X", "D STATS, D R or D DEFAULTS"),
            ("D TUNELS", "ZOX0512E D: TUNELS cannot be displayed; enter D TUNNELS"),
            ("D CON", "CON cannot be displayed; enter D CONNS[,ALL]"),
            ("D STATUS,ALL", "D: ALL does not belong here; enter D STATUS"),
            ("D CONNS,X", "D: X does not belong here; enter D CONNS or D CONNS,ALL"),
            ("D CONNS,JSON,ALL", "D: JSON does not belong here; enter D CONNS or D CONNS,ALL"),
            ("D FTP,X", "D: X does not belong here; enter D FTP or D FTP,ALL"),
            ("D FTP,ALL,X", "D: X does not belong here; enter D FTP,ALL"),
            ("F", "ZOX0512E F: what to modify is missing; enter F REFRESH, F QUIESCE"),
            ("F DECK", "ZOX0512E F: DECK cannot be modified; enter F REFRESH, F QUIESCE"),
            ("F DRIAN X", "DRIAN cannot be modified; enter F DRAIN profile"),
            ("F RESUM", "enter F RESUME or F RESUME profile"),
            ("F DRAIN", "the name of a profile is missing; enter F DRAIN profile"),
            ("F DRAIN TOOLONGNAME", "TOOLONGNAME is no name of a profile"),
            ("F CANCEL", "the number of a connection is missing"),
            ("F CANCEL X", "X is no number of a connection; enter F CANCEL id; D CONNS"),
            (
                "F TRACE 7",
                "ON or OFF is missing behind the connection's number; enter F TRACE 7,ON",
            ),
            ("F LOG", "enter F LOG NORMAL, DEBUG or TRACE"),
            ("F LOG TRCE", "TRCE is no level; enter F LOG TRACE"),
            ("F LOG 1", "enter F LOG with one of NORMAL, DEBUG, TRACE"),
            ("R", "ZOX0512E R: the number of a request, a comma and a reply belong here"),
            ("R 123,'YES'", "ZOX0512E R: the number of a request"),
            ("R 1,'YES", "its closing apostrophe is missing"),
            ("R 1,", "the reply is empty"),
            ("P NOW", "ZOX0512E P: NOW does not belong here; enter P"),
            ("D,STATUS", "D: ,STATUS is not a list of operands; enter D STATUS"),
            ("D STATUS,", "STATUS, is not a list of operands; enter D STATUS"),
            ("D STATUS CONNS", "D: CONNS does not belong here; enter D STATUS"),
        ];
        for (line, expected) in all {
            let error = parse(line).unwrap_err().to_string();
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
