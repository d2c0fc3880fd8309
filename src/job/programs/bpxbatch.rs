//! BPXBATCH and BPXBATSL: programs of the system in a job.
//!
//! PARM, or else the lines of STDPARM, begin with SH or PGM. SH runs the rest in a login shell, or
//! what STDIN holds if there is no rest; PGM runs a program by its path. Its standard streams are
//! STDIN, STDOUT and STDERR, its environment is that of the job with the variables of STDENV. z/OS takes
//! sequence numbers there for a part of the command or the value, behind blanks that nobody sees: such
//! lines are refused. The return code is the exit status; 128 and a signal's number mean that the signal ended it, as IBM's
//! APAR OA47398 documents it.

use std::process::Command;

use super::{Context, Plan, Refusal, Run, not_opened, words};
use crate::job::text::without_number;

/// Return code for a PARM that is neither SH nor PGM, and for a STDPARM or STDENV that is wrong.
const WRONG: u16 = 255;

pub(super) fn plan(context: &mut Context<'_>) -> Result<Plan, Refusal> {
    let parm = match context.parm.take().filter(|parm| !parm.trim().is_empty()) {
        Some(parm) => parm,
        None => {
            let lines = lines(context, "STDPARM")?;
            lines.lines().map(str::trim_end).collect::<Vec<_>>().join(" ")
        }
    };
    let mut command = command(parm.trim()).map_err(|problem| Refusal::Code(WRONG, problem))?;
    let input = context.dds.input(&["STDIN"]);
    command.stdin(input.map_err(|error| not_opened("STDIN", &error))?);
    context.outputs(&mut command, &["STDOUT"])?;
    context.variables(&mut command);
    let lines = lines(context, "STDENV")?;
    for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match line.trim_end().split_once('=') {
            Some((name, value)) if is_variable(name) => command.env(name, value),
            _ => {
                let problem = format!("STDENV line {}: expected NAME=value", number + 1);
                return Err(Refusal::Code(WRONG, problem));
            }
        };
    }
    let run = Run { command, signals_are_codes: true, notifies: false, code_file: None };
    Ok(Plan::Run(Box::new(run)))
}

/// The text of a DD, empty if there is none.
fn lines(context: &mut Context<'_>, name: &str) -> Result<String, Refusal> {
    let text = context.dds.text(name).map_err(|error| not_opened(name, &error))?;
    let text = text.unwrap_or_default();
    let numbered =
        |line: &str| without_number(line).len() < line.len() && without_number(line).ends_with(' ');
    match text.lines().position(numbered) {
        Some(index) => {
            let problem = format!(
                "{name} line {}: a sequence number in columns 73 to 80; expected none (UNNUM in ISPF takes it out)",
                index + 1
            );
            Err(Refusal::Code(WRONG, problem))
        }
        None => Ok(text),
    }
}

fn command(parm: &str) -> Result<Command, String> {
    let (verb, rest) = match parm.split_once(' ') {
        Some((verb, rest)) => (verb, rest.trim_start()),
        None => (parm, ""),
    };
    match verb.to_ascii_uppercase().as_str() {
        "" | "SH" => {
            let mut command = Command::new("/bin/sh");
            command.arg("-l");
            if !rest.is_empty() {
                command.args(["-c", rest]);
            }
            Ok(command)
        }
        "PGM" => {
            let mut words = words::split(rest).into_iter();
            let program = words.next().ok_or("PGM: expected the path of a program behind it")?;
            let mut command = Command::new(program);
            command.args(words);
            Ok(command)
        }
        _ => Err(format!("PARM begins with {verb}: expected SH or PGM")),
    }
}

fn is_variable(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let mut bytes = name.bytes();
    bytes.next().is_some_and(letter) && bytes.all(|byte| letter(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parm: &str) -> Result<Vec<String>, String> {
        let command = command(parm)?;
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        Ok(words.map(|word| word.to_str().unwrap().to_owned()).collect())
    }

    #[test]
    fn sh_is_a_login_shell_and_pgm_a_path() {
        let shell = |rest: &[&str]| {
            Ok([&["/bin/sh", "-l"], rest].concat().into_iter().map(str::to_owned).collect())
        };
        assert_eq!(shown("SH echo  \"a  b\""), shell(&["-c", "echo  \"a  b\""]));
        assert_eq!(shown("sh"), shell(&[]));
        assert_eq!(shown(""), shell(&[]));
        let words = ["/bin/cp", "-p", "a b"].map(str::to_owned).to_vec();
        assert_eq!(shown("PGM /bin/cp -p \"a b\""), Ok(words));
        for parm in ["PGM", "ls -l", "SHELL x"] {
            assert!(shown(parm).unwrap_err().contains("expected"), "{parm}");
        }
    }

    #[test]
    fn names_of_variables_are_those_of_a_shell() {
        for name in ["PATH", "_x", "a1"] {
            assert!(is_variable(name), "{name}");
        }
        for name in ["", "1a", "A B", "A-B"] {
            assert!(!is_variable(name), "{name}");
        }
    }
}
