//! Measures zoxy beside what a user would take instead: `ssh -D` for tunnels, a plain connection
//! for DIRECT, both for FTP.
//!
//! `tests/bench/run` builds and starts it; `cargo test` does not know it. It starts an sshd of its
//! own and runs every line of [`lines`] in turn through both contenders, for several rounds, on one
//! machine, with one sshd, cipher and load. What counts are the ratios, not the figures.
//! Everything it starts is killed and everything it writes is removed at the end, whatever the end.

mod cleanup;
mod contender;
mod failure;
mod ftp_client;
mod ftpd;
mod lines;
mod load;
mod options;
mod process;
mod relay;
mod report;
mod setting;
mod socks;
mod targets;
mod usage;
mod world;

use std::process::ExitCode;

use contender::Running;
use failure::Failure;
use lines::Line;
use options::{Options, Wish};
use report::{Report, Samples};
use world::World;

fn main() -> ExitCode {
    let options = match options::read(std::env::args().skip(1)) {
        Ok(Wish::Run(options)) => options,
        Ok(Wish::Tell(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(failure) => {
            eprintln!("{failure}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    let result = cleanup::install().and_then(|()| run(&options));
    cleanup::clean_up();
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Measures every chosen line; false when one of them failed.
fn run(options: &Options) -> Result<bool, Failure> {
    process::raise_descriptor_limit(options.load.descriptors())?;
    let world = World::start(options)?;
    let mut report = Report::new(&world, options);
    print!("{}", report.heading());
    for line in &options.lines {
        match measure(line, &world, options) {
            Ok(samples) => print!("{}", report.add(line, &samples)),
            Err(failure) => {
                cleanup::pass_unless_ending();
                print!("{}", report.add_failure(line, &failure));
            }
        }
        // After each line, so that a run that is broken off leaves what it has.
        report.write(&options.markdown)?;
    }
    println!("\nThe Markdown table is in {}.", options.markdown.display());
    Ok(!report.failed())
}

/// Runs one line in turn through both contenders.
fn measure(line: &Line, world: &World, options: &Options) -> Result<Samples, Failure> {
    let mut samples = Samples::default();
    let mut pair = None;
    for round in 0..options.rounds {
        let (ours, theirs) = match pair.take() {
            Some(pair) => pair,
            None => {
                let start = |contender| world.contender(contender, line.setting);
                (start(line.ours)?, start(line.theirs)?)
            }
        };
        // Neither contender is always the one that finds the machine warm.
        if round % 2 == 0 {
            samples.ours.push(one(line, &ours, options)?);
            samples.theirs.push(one(line, &theirs, options)?);
        } else {
            samples.theirs.push(one(line, &theirs, options)?);
            samples.ours.push(one(line, &ours, options)?);
        }
        if !line.fresh {
            pair = Some((ours, theirs));
        }
    }
    Ok(samples)
}

fn one(line: &Line, running: &Running, options: &Options) -> Result<Vec<Option<f64>>, Failure> {
    let values = (line.measure)(running, &options.load)
        .map_err(|failure| running.explain(failure.of(line.name)))?;
    debug_assert_eq!(values.len(), line.metrics.len(), "one value for each metric");
    Ok(values)
}
