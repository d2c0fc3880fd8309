//! `zoxy iconv`: converts files between code pages, and says in which they are.
//!
//! Files are read and written in pieces, whatever their size. An output file takes its name when it
//! is complete. Called by the dispatcher of subcommands.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use getopts::{Matches, Options};

use super::interrupt::Interrupt;
use super::output::Output;
use super::rc::Rc;
use crate::codepage::detect::{self, Basis, Detected};
use crate::codepage::{CodePage, Failure, LineEnds, NewLine, Transcoder};
use crate::message::Message;
use crate::message::catalogue::{
    CONVERSION_FAILED, CONVERSION_SUBSTITUTED, CONVERSION_UNREADABLE, CONVERSION_UNWRITABLE,
};
use crate::replacement::Replacement;

/// Bytes that are read at once.
const PIECE: usize = 64 * 1024;

const BRIEF: &str = "\
Usage: zoxy iconv -f PAGE -t PAGE [-n NL|LF|KEEP] [-s SUB|CHARACTER]
                  [-o OUTPUT] [FILE...]
       zoxy iconv --detect [FILE...]
       zoxy iconv --list

Converts files, or standard input, from one code page to another:

    zoxy iconv -f IBM-1047 -t UTF-8 -o report.txt REPORT

Several files are converted one after the other into one output. FILE - is
standard input.";

const AFTER_OPTIONS: &str = "
Line ends, where a page is EBCDIC:
    NL      X'15', as z/OS UNIX has it, is written; X'15' and X'25' are line
            ends in what is read
    LF      X'25', as the tables of IBM have it, is written; the same is read
    KEEP    no byte is taken for a line end: X'15' is U+0085, X'25' is U+000A,
            and the reverse conversion gives the same bytes again

A carriage return stays what it is. The byte order mark of UTF-8 is dropped,
unless the output is UTF-8 too.

Return codes: 0 done; 4 done, but characters were replaced, or --detect had to
assume something; 8 not done: the command is wrong, or a character cannot be
converted; 12 not done: a file cannot be read or written.
";

/// Runs `zoxy iconv` with the arguments after the subcommand; returns the return code.
pub fn main(arguments: &[String]) -> u8 {
    match Request::parse(arguments) {
        Err(wrong) => wrong.print(),
        Ok(Request::Help) => Output::new(Rc::Ok, help()).print(),
        Ok(Request::List) => Output::new(Rc::Ok, list()).print(),
        Ok(Request::Detect(inputs)) => detect_all(&inputs).print(),
        Ok(Request::Convert(conversion)) => conversion.run().print(),
    }
}

/// What the command line asks for.
#[derive(Debug)]
enum Request {
    Help,
    List,
    Detect(Vec<Input>),
    Convert(Conversion),
}

impl Request {
    fn parse(arguments: &[String]) -> Result<Self, Output> {
        let matches = options().parse(arguments).map_err(usage)?;
        let has = |option| matches.opt_present(option);
        if has("help") {
            return Ok(Self::Help);
        }
        for alone in ["list", "detect"] {
            let others = ["list", "detect", "from", "to", "newline", "output", "substitute"];
            let other = others.into_iter().find(|other| has(other) && *other != alone);
            if let (true, Some(other)) = (has(alone), other) {
                return Err(usage(format!("--{alone} and --{other} exclude each other")));
            }
        }
        let inputs = Input::all(&matches.free);
        match (has("list"), has("detect")) {
            (true, _) if matches.free.is_empty() => Ok(Self::List),
            (true, _) => Err(usage("--list has no arguments")),
            (_, true) => Ok(Self::Detect(inputs)),
            _ => Conversion::parse(&matches, inputs).map(Self::Convert),
        }
    }
}

fn options() -> Options {
    let mut options = Options::new();
    options
        .optopt("f", "from", "code page of the input", "PAGE")
        .optopt("t", "to", "code page of the output", "PAGE")
        .optopt("n", "newline", "what becomes of line ends, see below (default: NL)", "NL|LF|KEEP")
        .optopt("o", "output", "write to this file, at once and as a whole", "OUTPUT")
        .optopt(
            "s",
            "substitute",
            "replace what cannot be converted, by SUB (in UTF-8 by U+FFFD) or by a character",
            "SUB|CHARACTER",
        )
        .optflag("", "list", "list the code pages")
        .optflag("", "detect", "say what the input looks like")
        .optflag("h", "help", "print this help");
    options
}

fn help() -> String {
    options().usage(BRIEF) + AFTER_OPTIONS
}

/// The pages, one a line: name and use.
fn list() -> String {
    let lines = CodePage::ALL.map(|page| format!("{page:<14}{}\n", page.description()));
    lines.concat()
        + "\nIBM- may be left out or be CP or CCSID; case, hyphens and zeros before a number\n\
           do not matter. ASCII is taken for UTF-8.\n"
}

/// Where bytes come from.
#[derive(Debug, PartialEq, Eq)]
enum Input {
    Standard,
    File(PathBuf),
}

impl Input {
    /// The files of a command line.
    fn all(names: &[String]) -> Vec<Self> {
        let input = |name: &String| match name.as_str() {
            "-" => Self::Standard,
            name => Self::File(name.into()),
        };
        if names.is_empty() { vec![Self::Standard] } else { names.iter().map(input).collect() }
    }

    fn open(&self) -> io::Result<File> {
        match self {
            Self::Standard => Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?)),
            Self::File(path) => File::open(path),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Standard => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// Says what each input looks like.
fn detect_all(inputs: &[Input]) -> Output {
    let mut output = Output::new(Rc::Ok, String::new());
    for input in inputs {
        // Some bytes more show whether the sample ends within a character.
        let mut head = Vec::with_capacity(detect::SAMPLE + 4);
        let read = |file: File| file.take(detect::SAMPLE as u64 + 4).read_to_end(&mut head);
        match input.open().and_then(read) {
            Err(error) => {
                output.err += &failure_line(&CONVERSION_UNREADABLE, &input.name(), &error);
                output.rc = Rc::Severe;
            }
            Ok(_) => {
                let detected = detect::detect(&head);
                output.out += &format!("{}: {detected}\n", input.name());
                let is_certain = match detected {
                    Detected::Utf8 => true,
                    Detected::Other => false,
                    Detected::Ebcdic(guess) => guess.basis != Basis::Assumed,
                };
                output.rc = output.rc.max(if is_certain { Rc::Ok } else { Rc::Warning });
            }
        }
    }
    output
}

/// One conversion.
#[derive(Debug)]
struct Conversion {
    inputs: Vec<Input>,
    from: CodePage,
    to: CodePage,
    line_ends: LineEnds,
    /// Whether what cannot be converted is replaced, and by what if not by the default.
    substitute: Option<Option<char>>,
    output: Option<PathBuf>,
}

impl Conversion {
    fn parse(matches: &Matches, inputs: Vec<Input>) -> Result<Self, Output> {
        let page = |option, missing| {
            named(matches, option)?.ok_or_else(|| usage(format!("{missing} PAGE is missing")))
        };
        let conversion = Self {
            inputs,
            from: page("from", "-f")?,
            to: page("to", "-t")?,
            line_ends: named(matches, "newline")?.unwrap_or(LineEnds::Text(NewLine::Nl)),
            substitute: substitute(matches)?,
            output: matches.opt_str("output").map(PathBuf::from),
        };
        match conversion.transcoder() {
            Some(_) => Ok(conversion),
            None => Err(usage(format!("--substitute: {} does not have it", conversion.to))),
        }
    }

    /// What converts one input; None if the output's page lacks the substitute.
    fn transcoder(&self) -> Option<Transcoder> {
        let transcoder = Transcoder::new(self.from, self.to, self.line_ends);
        match self.substitute {
            None => Some(transcoder),
            Some(c) => transcoder.substituting(c),
        }
    }

    fn run(&self) -> Output {
        let mut warnings = String::new();
        let done = match &self.output {
            None => self.to_standard_output(&mut warnings),
            Some(path) => self.to_file(path, &mut warnings),
        };
        let (rc, failure) = match done {
            Ok(()) if warnings.is_empty() => (Rc::Ok, String::new()),
            Ok(()) => (Rc::Warning, String::new()),
            Err(Failed { rc, line }) => (rc, line),
        };
        Output { rc, out: String::new(), err: warnings + &failure }
    }

    fn to_standard_output(&self, warnings: &mut String) -> Result<(), Failed> {
        let name = "standard output";
        let unwritable = |error| Failed::io(&CONVERSION_UNWRITABLE, name, &error);
        // Without the buffer of `Stdout`, which looks for line ends.
        let output = io::stdout().as_fd().try_clone_to_owned().map_err(unwritable)?;
        self.convert(&mut File::from(output), name, None, warnings)
    }

    fn to_file(&self, path: &Path, warnings: &mut String) -> Result<(), Failed> {
        let name = path.display().to_string();
        let unwritable = |error| Failed::io(&CONVERSION_UNWRITABLE, &name, &error);
        let interrupt = Interrupt::new().map_err(unwritable)?;
        let mut output = Replacement::create(path).map_err(unwritable)?;
        match self.convert(&mut output, &name, Some(&interrupt), warnings) {
            Ok(()) => output.finish().map_err(unwritable),
            Err(failed) => {
                drop(output);
                interrupt.obey();
                Err(failed)
            }
        }
    }

    /// Converts all inputs; `name` is the output's.
    fn convert(
        &self,
        output: &mut impl Write,
        name: &str,
        interrupt: Option<&Interrupt>,
        warnings: &mut String,
    ) -> Result<(), Failed> {
        let unwritable = |error| Failed::io(&CONVERSION_UNWRITABLE, name, &error);
        let mut piece = vec![0; PIECE];
        let mut converted = Vec::new();
        for input in &self.inputs {
            let unreadable = |error| Failed::io(&CONVERSION_UNREADABLE, &input.name(), &error);
            let mut file = input.open().map_err(unreadable)?;
            // The command line was refused if there is none.
            let Some(mut transcoder) = self.transcoder() else { continue };
            loop {
                if let Some(interrupt) = interrupt {
                    if !interrupt.wait(&file).map_err(unreadable)? {
                        return Err(unreadable(io::ErrorKind::Interrupted.into()));
                    }
                }
                let count = read(&mut file, &mut piece).map_err(unreadable)?;
                let result = match &piece[..count] {
                    [] => transcoder.finish(&mut converted),
                    bytes => transcoder.push(bytes, &mut converted),
                };
                output.write_all(&converted).map_err(unwritable)?;
                converted.clear();
                result.map_err(|failure| Failed::conversion(input, &failure))?;
                if count == 0 {
                    break;
                }
            }
            if let Some(first) = transcoder.first_substituted() {
                *warnings += &substituted_line(input, transcoder.substitutions(), &first);
            }
        }
        output.flush().map_err(unwritable)
    }
}

/// Why there is no output: the return code and the line to say.
struct Failed {
    rc: Rc,
    line: String,
}

impl Failed {
    fn io(message: &Message, name: &str, error: &io::Error) -> Self {
        Self { rc: Rc::Severe, line: failure_line(message, name, error) }
    }

    fn conversion(input: &Input, failure: &Failure) -> Self {
        let line = CONVERSION_FAILED.render(&[
            ("file", &input.name()),
            ("offset", &failure.place.offset),
            ("line", &failure.place.line),
            ("reason", &failure.reason),
        ]);
        Self { rc: Rc::Error, line: line + "\n" }
    }
}

fn failure_line(message: &Message, name: &str, error: &io::Error) -> String {
    message.render(&[("file", &name), ("reason", error)]) + "\n"
}

fn substituted_line(input: &Input, count: u64, first: &Failure) -> String {
    let line = CONVERSION_SUBSTITUTED.render(&[
        ("file", &input.name()),
        ("count", &count),
        ("offset", &first.place.offset),
        ("line", &first.place.line),
        ("reason", &first.reason),
    ]);
    line + "\n"
}

/// As much as there is, at least one byte before the end.
fn read(file: &mut File, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The value of an option, parsed.
fn named<T: FromStr<Err: Display>>(matches: &Matches, option: &str) -> Result<Option<T>, Output> {
    let Some(name) = matches.opt_str(option) else { return Ok(None) };
    name.parse().map(Some).map_err(|error| usage(format!("--{option} {name}: {error}")))
}

fn substitute(matches: &Matches) -> Result<Option<Option<char>>, Output> {
    let Some(text) = matches.opt_str("substitute") else { return Ok(None) };
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) => Ok(Some(Some(c))),
        _ if text.eq_ignore_ascii_case("SUB") => Ok(Some(None)),
        _ => Err(usage(format!("--substitute {text}: expected SUB or one character"))),
    }
}

fn usage(problem: impl Display) -> Output {
    super::usage("iconv", &problem.to_string())
}
