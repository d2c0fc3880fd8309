//! COBOL programs of GnuCOBOL and zoxy share data sets, by the same DD variables.

use std::path::PathBuf;
use std::process::Command;

use crate::world::datasets::{Datasets, Said};
use crate::world::{World, program, run, text};

/// Reads INFILE and writes it to OUTFILE in upper case.
fn upper(organization: &str) -> String {
    format!(
        "       IDENTIFICATION DIVISION.
       PROGRAM-ID. UPPER.
       ENVIRONMENT DIVISION.
       INPUT-OUTPUT SECTION.
       FILE-CONTROL.
           SELECT INFILE ASSIGN TO INFILE
               ORGANIZATION {organization}.
           SELECT OUTFILE ASSIGN TO OUTFILE
               ORGANIZATION {organization}.
       DATA DIVISION.
       FILE SECTION.
       FD  INFILE.
       01  IN-RECORD                    PIC X(80).
       FD  OUTFILE.
       01  OUT-RECORD                   PIC X(80).
       WORKING-STORAGE SECTION.
       01  IS-END                       PIC X VALUE 'N'.
       PROCEDURE DIVISION.
           OPEN INPUT INFILE OUTPUT OUTFILE.
           PERFORM UNTIL IS-END = 'Y'
               READ INFILE
                   AT END MOVE 'Y' TO IS-END
                   NOT AT END
                       MOVE FUNCTION UPPER-CASE(IN-RECORD)
                           TO OUT-RECORD
                       WRITE OUT-RECORD
               END-READ
           END-PERFORM.
           CLOSE INFILE OUTFILE.
           STOP RUN.
"
    )
}

/// Compiles the program.
fn compiled(world: &World, name: &str, organization: &str) -> PathBuf {
    let source = world.write(&format!("{name}.cob"), upper(organization));
    let binary = world.path(name);
    let output = run(Command::new(program("cobc", "gnucobol3"))
        .args(["-x", "-std=ibm", "-o"])
        .args([&binary, &source])
        .env("TMPDIR", world.path(".")));
    assert!(output.status.success(), "cobc: {}", text(&output.stderr));
    binary
}

/// Runs a program with DDs, as a step of a job does, and then zoxy with the same ones.
fn step(sets: &Datasets, binary: &PathBuf, infile: &str, outfile: &str) -> Said {
    let path = |name: &str| sets.done(&["path", name]).trim_end().to_owned();
    let dds = [("DD_INFILE", path(infile)), ("dd_OUTFILE", path(outfile))];
    let output = run(Command::new(binary).envs(dds.clone()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    Said::of(sets.command(&["show", "//DD:OUTFILE"]).envs(dds))
}

#[test]
fn fixed_records() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let binary = compiled(&world, "fixed", "SEQUENTIAL");
    let file = world.write("in", "hello\n\nzoxy\n").display().to_string();
    sets.done(&["convert", "--codepage", "ISO-8859-1", &file, "//'COBOL.LIB(IN)'"]);
    sets.done(&["alloc", "--like", "COBOL.LIB", "--dsorg", "PS", "COBOL.OUT"]);
    let said = step(&sets, &binary, "COBOL.LIB(IN)", "COBOL.OUT");
    assert_eq!((said.code, said.out.as_str()), (Some(0), "HELLO\n\nZOXY\n"), "{said:?}");
    assert_eq!(sets.bytes("COBOL.OUT").len(), 240);
}

#[test]
fn lines() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let binary = compiled(&world, "lines", "LINE SEQUENTIAL");
    let file = world.write("in", "hello\n\nzoxy\n").display().to_string();
    sets.done(&["copy", &file, "//'COBOL.IN'"]);
    sets.done(&["alloc", "--recfm", "TEXT", "COBOL.OUT"]);
    let said = step(&sets, &binary, "COBOL.IN", "COBOL.OUT");
    assert_eq!((said.code, said.out.as_str()), (Some(0), "HELLO\n\nZOXY\n"), "{said:?}");
}
