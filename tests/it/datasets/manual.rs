//! The examples of docs/datasets.md: every command in them does what they say.

use std::fs;
use std::process::Command;

use crate::world::datasets::Datasets;
use crate::world::{World, proxy, run, text};

/// Lines of the blocks marked `console`, each with its number.
fn examples() -> Vec<(usize, String)> {
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/datasets.md");
    let manual = fs::read_to_string(manual).expect("the manual is there");
    let mut lines = Vec::new();
    let mut is_example = false;
    for (number, line) in (1..).zip(manual.lines()) {
        match line {
            "```console" => is_example = true,
            "```" => is_example = false,
            line if is_example => lines.push((number, line.to_owned())),
            _ => {}
        }
    }
    lines
}

#[test]
fn the_examples_of_the_manual() {
    let world = World::new();
    let sets = Datasets::new(&world);
    // `zoxy` in the examples is the one under test.
    let command = proxy::command(&[]);
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
    let script = format!("zoxy() {{ {} \"$@\"; }}\n", words.join(" "));

    let lines = examples();
    let is_command = |line: &str| line.starts_with("$ ");
    assert!(lines.iter().filter(|(_, line)| is_command(line)).count() >= 10, "no examples");
    let mut rest = &lines[..];
    while let Some(((number, line), after)) = rest.split_first() {
        let command = line.strip_prefix("$ ").unwrap_or_else(|| panic!("line {number}: {line}"));
        let end = after.iter().position(|(_, line)| is_command(line)).unwrap_or(after.len());
        let expected: String = after[..end].iter().map(|(_, line)| format!("{line}\n")).collect();
        let output = run(sets.used_by(
            Command::new("sh")
                .arg("-c")
                .arg(format!("{script}{{ {command}; }} 2>&1"))
                .current_dir(world.path(".")),
        ));
        let said =
            text(&output.stdout).replace(&*sets.root().to_string_lossy(), "/var/lib/zoxy/ds");
        assert_eq!(said, expected, "docs/datasets.md line {number}: {command}");
        rest = &after[end..];
    }
}
