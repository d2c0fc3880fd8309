//! `zoxy passwd`: makes a line for a USERS file.
//!
//! Reads a password, from the terminal without echo or else from standard input, and prints the
//! line with its salted hash; prompts go to standard error, so that the output can be appended to
//! the file. The password is wiped when the line is made. Called by the dispatcher of subcommands.

use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};

use getopts::Options;
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::rc::Rc;
use crate::message::catalogue::PASSWD_REFUSED;
use crate::socks::users::{self, DEFAULT_ITERATIONS, MAX_ITERATIONS, MIN_ITERATIONS};

/// Longest password, in bytes (RFC 1929).
const MAX_PASSWORD: usize = 255;

const BRIEF: &str = "\
Usage: zoxy passwd [-i ITERATIONS] NAME

Makes a line for the file of SOCKS5 users that SET listener USERS names:

    zoxy passwd BATCH01 >> users

The password is asked for twice at the terminal and not shown; when standard
input is no terminal, its first line is the password.";

const RETURN_CODES: &str = "
Return codes: 0 done, 8 not done: option, name or password is wrong, 12 not done:
cannot read or write.
";

/// Runs `zoxy passwd` with the arguments after the subcommand; returns the return code.
pub fn main(arguments: &[String]) -> u8 {
    run(arguments, io::stdin().as_fd(), &mut io::stdout(), &mut io::stderr())
}

fn run(
    arguments: &[String],
    input: BorrowedFd<'_>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> u8 {
    let result = Request::parse(arguments).and_then(|request| match request {
        Request::Help => Ok(options().usage(BRIEF) + RETURN_CODES),
        Request::Line { name, iterations } => {
            let password = ask(input, err)?;
            let line = users::make_line(&name, &password, iterations).map_err(failed)?;
            Ok(line + "\n")
        }
    });
    let written = result
        .and_then(|text| out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(failed));
    match written {
        Ok(()) => 0,
        Err(Refused(text, rc)) => {
            // Nobody is left to be told when this fails too.
            let _ = err.write_all(text.as_bytes());
            rc.into()
        }
    }
}

/// What the command line asks for.
#[derive(Debug)]
enum Request {
    Help,
    Line { name: String, iterations: u32 },
}

/// The message that says why there is no line, with its line end, and the return code.
#[derive(Debug)]
struct Refused(String, Rc);

impl Request {
    fn parse(arguments: &[String]) -> Result<Self, Refused> {
        let matches = options().parse(arguments).map_err(usage)?;
        if matches.opt_present("help") {
            return Ok(Self::Help);
        }
        let [name] = &matches.free[..] else { return Err(usage("give one name")) };
        if !users::is_name(name.as_bytes()) {
            return Err(usage(
                "a name has 1 to 255 bytes without blanks and colons and does not begin with #",
            ));
        }
        let iterations = match matches.opt_str("iterations").map(|text| text.parse()) {
            None => DEFAULT_ITERATIONS,
            Some(Ok(count)) if (MIN_ITERATIONS..=MAX_ITERATIONS).contains(&count) => count,
            Some(_) => {
                return Err(usage(format!(
                    "iterations are a number from {MIN_ITERATIONS} to {MAX_ITERATIONS}"
                )));
            }
        };
        Ok(Self::Line { name: name.clone(), iterations })
    }
}

fn options() -> Options {
    let mut options = Options::new();
    options.optopt(
        "i",
        "iterations",
        &format!(
            "rounds of PBKDF2 for each login, {MIN_ITERATIONS} to {MAX_ITERATIONS}, default \
             {DEFAULT_ITERATIONS}; give all users of a file the same"
        ),
        "ITERATIONS",
    );
    options.optflag("h", "help", "print this help");
    options
}

/// Gets the password, twice where a person types it.
fn ask(input: BorrowedFd<'_>, err: &mut impl Write) -> Result<Password, Refused> {
    let Ok(modes) = termios::tcgetattr(input) else { return checked(read_line(input)?) };
    let _silence = Silence::new(input, modes).map_err(failed)?;
    let mut prompt = |text: &str| {
        let _ = write!(err, "{text}").and_then(|()| err.flush());
        let line = read_line(input);
        // The line end that was typed was not shown either.
        let _ = writeln!(err);
        line.and_then(checked)
    };
    let password = prompt("Password: ")?;
    let again = prompt("Again: ")?;
    match password == again {
        true => Ok(password),
        false => Err(refused("the two are not the same")),
    }
}

type Password = Zeroizing<Vec<u8>>;

/// Reads up to a line end or the end of input, without a buffer that would keep a copy.
fn read_line(input: BorrowedFd<'_>) -> Result<Password, Refused> {
    // Room for one byte too many and a line end; it never grows, which would leave a copy.
    let mut line = Zeroizing::new(vec![0; MAX_PASSWORD + 3]);
    let mut length = 0;
    while length < line.len() {
        match rustix::io::read(input, &mut line[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(Errno::INTR) => continue,
            Err(error) => return Err(failed(error)),
        }
        if line[..length].contains(&b'\n') {
            break;
        }
    }
    let end = line[..length].iter().position(|byte| *byte == b'\n').unwrap_or(length);
    line.truncate(end);
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

fn checked(password: Password) -> Result<Password, Refused> {
    if password.contains(&INTERRUPT) {
        Err(refused("cancelled"))
    } else if password.is_empty() {
        Err(refused("it is empty"))
    } else if password.len() > MAX_PASSWORD {
        Err(refused(format!("it is longer than {MAX_PASSWORD} bytes")))
    } else {
        Ok(password)
    }
}

/// A terminal without echo, until it is dropped.
struct Silence<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Silence<'a> {
    /// Signals from the keyboard are off as well: one would end zoxy and leave the terminal mute.
    fn new(terminal: BorrowedFd<'a>, before: Termios) -> nix::Result<Self> {
        let mut modes = before.clone();
        modes.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
        termios::tcsetattr(terminal, SetArg::TCSAFLUSH, &modes)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        // What was typed beyond the password is dropped too.
        let _ = termios::tcsetattr(self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}

fn usage(problem: impl Display) -> Refused {
    let output = super::usage("passwd", &problem.to_string());
    Refused(output.err, output.rc)
}

fn refused(reason: impl Display) -> Refused {
    Refused(PASSWD_REFUSED.render(&[("reason", &reason)]) + "\n", Rc::Error)
}

/// Something outside failed: reading, writing, OpenSSL.
fn failed(reason: impl Display) -> Refused {
    Refused(PASSWD_REFUSED.render(&[("reason", &reason)]) + "\n", Rc::Severe)
}

/// What Ctrl-C types while it is no signal.
const INTERRUPT: u8 = 0x03;

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::socks::users::Users;

    fn passwd(arguments: &[&str], typed: &[u8]) -> (u8, String, String) {
        let (mut writer, reader) = UnixStream::pair().unwrap();
        writer.write_all(typed).unwrap();
        drop(writer);
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let rc = run(&arguments, reader.as_fd(), &mut out, &mut err);
        (rc, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn the_line_lets_the_user_in() {
        let longest = [b'x'; MAX_PASSWORD];
        for (typed, password) in [
            (&b"secret\n"[..], &b"secret"[..]),
            (b"secret\r\nmore\n", b"secret"),
            (b"no line end", b"no line end"),
            (b" blanks \n", b" blanks "),
            (&longest, &longest),
        ] {
            let (rc, out, err) = passwd(&["-i", "1000", "BATCH01"], typed);
            assert_eq!((rc, err.as_str()), (0, ""));
            assert!(
                out.starts_with("BATCH01:$pbkdf2-sha512$1000$") && out.ends_with('\n'),
                "{out}"
            );
            let users = Users::parse(out.as_bytes()).unwrap();
            assert!(users.verify("BATCH01", password));
            assert!(!users.verify("BATCH01", b"other"));
        }
    }

    #[test]
    fn a_password_that_cannot_be_used_is_refused() {
        let long = [b'x'; MAX_PASSWORD + 1];
        for (typed, reason) in [
            (&b""[..], "empty"),
            (b"\n", "empty"),
            (&long, "longer than 255"),
            (b"se\x03", "cancelled"),
        ] {
            let (rc, out, err) = passwd(&["-i", "1000", "u"], typed);
            assert_eq!((rc, out.as_str()), (8, ""));
            assert!(err.starts_with("ZOX2090E") && err.contains(reason), "{err}");
        }
    }

    #[test]
    fn wrong_arguments_are_named() {
        for arguments in [
            &[][..],
            &["a", "b"],
            &["a b"],
            &["a:b"],
            &[""],
            &["-i", "999", "u"],
            &["-i", "x", "u"],
            &["-i", "10000001", "u"],
            &["--unknown", "u"],
        ] {
            let (rc, out, err) = passwd(arguments, b"secret\n");
            assert_eq!((rc, out.as_str()), (8, ""), "{arguments:?}");
            assert!(err.contains("see zoxy passwd --help") && !err.contains("secret"), "{err}");
        }
    }

    #[test]
    fn help_tells_options_and_return_codes() {
        let (rc, out, _) = passwd(&["--help"], b"");
        assert_eq!(rc, 0);
        for part in ["--iterations", "--help", "210000", "Return codes"] {
            assert!(out.contains(part), "{part}");
        }
    }

    #[test]
    fn output_that_cannot_be_written_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(Errno::NOSPC))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (mut writer, reader) = UnixStream::pair().unwrap();
        writer.write_all(b"secret\n").unwrap();
        let mut err = Vec::new();
        let arguments = ["-i", "1000", "u"].map(str::to_owned);
        assert_eq!(run(&arguments, reader.as_fd(), &mut Full, &mut err), 12);
        assert!(err.starts_with(b"ZOX2090E"));
    }
}
