//! Measures the small parts of zoxy one by one: parsers, the channel layer, the ciphers.
//!
//! `tests/micro/run` builds and starts it; `cargo test` does not know it. Beside the time it tells what is the same with
//! every run: how often the heap was asked, and, by valgrind, how many instructions it takes. Nothing of it is compared
//! with anything: the figures are for those who change one of these parts. What zoxy is worth as a whole is measured by
//! `tests/bench`.

mod allocations;
mod callgrind;
mod clock;
mod line;
mod lines;
mod options;
mod report;

use std::process::ExitCode;

use options::{Options, Wish};
use report::{Report, Row};

fn main() -> ExitCode {
    let result = match options::read(std::env::args().skip(1)) {
        Ok(Wish::Run(options)) => run(&options),
        Ok(Wish::Repeat { line, times }) => {
            (line.make)()(times);
            Ok(())
        }
        Ok(Wish::Tell(text)) => {
            print!("{text}");
            Ok(())
        }
        Err(problem) => {
            eprintln!("{problem}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    if options.instructions {
        callgrind::check()?;
    }
    let mut report = Report::new(options);
    print!("{}", report.heading());
    for line in &options.lines {
        let timed = clock::time(&mut (line.make)(), options.pace);
        let instructions = match line.counted {
            Some(times) if options.instructions => Some(callgrind::count(line.name, times)?),
            _ => None,
        };
        print!("{}", report.add(Row { line, timed, instructions }));
    }
    report.write(&options.markdown)?;
    println!("\nThe Markdown table is in {}.", options.markdown.display());
    Ok(())
}
