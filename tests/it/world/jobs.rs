//! Jobs: a spool, data sets and procedures of a test's own, and decks with their expected logs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{World, eventually, proxy, run, text};

/// Decks and expected logs.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/jobs");

/// Bytes of a test's folder, with the slash, with which no statement of a deck passes column 71.
const LONGEST: usize = 41;

/// Where the jobs of a test live.
pub struct Jobs {
    /// The test's folder.
    pub world: World,
    variables: Vec<(String, String)>,
}

/// What a command came to.
pub struct Ran {
    /// Return code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Jobs {
    /// With everything empty.
    pub fn new() -> Self {
        let world = World::new();
        let room = world.path("").as_os_str().len() <= LONGEST;
        assert!(room, "the decks of the tests hold paths: TMPDIR is too long for their columns");
        let mut jobs = Self { world, variables: Vec::new() };
        for (variable, folder) in
            [("ZOXY_SPOOL", "spool"), ("ZOXY_DSROOT", "ds"), ("ZOXY_PROGRAMS", "programs")]
        {
            jobs.set(variable, &jobs.world.path(folder).display().to_string());
        }
        let libraries = format!("{}:{FOLDER}/proclib", jobs.world.path("proclib").display());
        jobs.set("ZOXY_PROCLIB", &libraries);
        fs::create_dir(jobs.world.path("proclib")).expect("the world's folder is writable");
        fs::create_dir(jobs.world.path("programs")).expect("the world's folder is writable");
        // What an emulator runs must start zoxy by that emulator again.
        jobs.set("ZOXY_SELF", &proxy::words().join(" "));
        jobs.set("LOGNAME", "TESTER");
        // Whatever the machine's profile prints or sets.
        jobs.set("ENV", "");
        jobs
    }

    /// Sets a variable for everything that follows.
    pub fn set(&mut self, variable: &str, value: &str) {
        self.variables.push((variable.to_owned(), value.to_owned()));
    }

    /// A command of zoxy in this environment, in the test's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = proxy::command(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.world.path("")).stdin(Stdio::null());
        command
    }

    /// Runs a command of zoxy to its end.
    pub fn zoxy(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments)).into()
    }

    /// Writes a deck into the test's folder.
    pub fn deck(&self, name: &str, lines: &str) -> PathBuf {
        self.world.write(name, lines)
    }

    /// Writes a deck and submits it.
    pub fn submit(&self, lines: &str) -> Ran {
        self.deck("DECK", lines);
        self.zoxy(&["submit", "-q", "DECK"])
    }

    /// Starts a submit without waiting for its end.
    pub fn begin(&self, name: &str, lines: &str) -> Child {
        self.deck(name, lines);
        let mut command = self.command(&["submit", "-q", name]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("zoxy can be started")
    }

    /// A file in a job's folder.
    pub fn spooled(&self, job: &str, name: &str) -> String {
        fs::read_to_string(self.world.path("spool").join(job).join(name)).unwrap_or_default()
    }

    /// Waits until a line of a job's log has all of `pieces`.
    #[track_caller]
    pub fn wait_for(&self, job: &str, pieces: &[&str]) -> String {
        eventually(&format!("{pieces:?} in the log of {job}"), || {
            let log = self.spooled(job, "JESMSGLG");
            log.lines()
                .find(|line| pieces.iter().all(|piece| line.contains(piece)))
                .map(str::to_owned)
        })
    }

    /// Writes an executable script.
    pub fn program(&self, path: &str, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.world.write(path, script);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
        path
    }

    /// Submits deck `NAME.jcl` of tests/it/jobs and holds return code, logs and output against
    /// `NAME.log`. `UPDATE_LOGS=1` writes that file instead, to be read before it is committed.
    #[track_caller]
    pub fn golden(&self, name: &str) {
        let deck = fs::read_to_string(Path::new(FOLDER).join(format!("{name}.jcl")));
        let deck = deck.expect("the deck is there").replace("@WORLD", &self.folder());
        self.deck("DECK", &deck);
        let ran = self.zoxy(&["submit", "-q", "DECK"]);
        let shown = self.zoxy(&["jobs", "show", "JOB00001"]);
        assert_eq!(shown.code, Some(0), "{}", shown.err);
        let code = ran.code.map_or("signal".to_owned(), |code| code.to_string());
        let whole = format!("RC {code}\n{}{}{}", ran.err, ran.out, shown.out);
        let masked = self.masked(&whole);
        let path = Path::new(FOLDER).join(format!("{name}.log"));
        if std::env::var_os("UPDATE_LOGS").is_some() {
            fs::write(&path, masked).expect("the project is writable");
            return;
        }
        let expected = fs::read_to_string(&path).expect("the expected log is there");
        assert!(masked == expected, "{name}: {}", difference(&expected, &masked));
    }

    fn folder(&self) -> String {
        let path = self.world.path("").display().to_string();
        path.trim_end_matches('/').to_owned()
    }

    /// The same text for every run: times, durations and the test's folder are masked.
    fn masked(&self, text: &str) -> String {
        let text = text.replace(&self.folder(), "@WORLD");
        let lines = text.lines().map(|line| {
            let line = match line.split_once("processor time ") {
                Some((before, after)) if after.starts_with(|c: char| c.is_ascii_digit()) => {
                    format!("{before}processor time N s, elapsed N s")
                }
                _ => line.to_owned(),
            };
            line.split(' ').map(mask).collect::<Vec<_>>().join(" ")
        });
        lines.map(|line| line + "\n").collect()
    }
}

/// A word, or what stands for it if it is a time or a duration.
fn mask(word: &str) -> &str {
    let form: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    match form.as_str() {
        "0000-00-00T00:00:00Z" => "TIME",
        "00:00:00" => "AGE",
        _ => word,
    }
}

impl Drop for Jobs {
    /// Jobs and started tasks in the background end with the test.
    fn drop(&mut self) {
        let Ok(entries) = fs::read_dir(self.world.path("spool")) else { return };
        for folder in entries.flatten().map(|entry| entry.path()) {
            let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
            let marks = folder.display().to_string();
            for line in status.lines() {
                let of = |keyword| line.strip_prefix(keyword)?.split_whitespace().next();
                let process = of("PROCESS ").or_else(|| of("GROUP "));
                let Some(id) = process.and_then(|id| id.parse().ok()) else { continue };
                // Whoever has the number by now is left alone.
                let variables = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
                let command = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
                if text(&[variables, command].concat()).contains(&marks) {
                    let process = Pid::from_raw(id).expect("a process has a number");
                    let _ = kill_process_group(process, Signal::KILL);
                    let _ = kill_process(process, Signal::KILL);
                }
            }
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// A JCL statement of one line as cards: a value in apostrophes that reaches past column 71 goes on in
/// column 16 of the next card. Paths of temporary folders can be that long.
pub fn cards(statement: &str) -> String {
    let (mut rest, mut cards) = (statement.to_owned(), String::new());
    while rest.len() > 71 {
        // Two apostrophes that stand for one are not parted.
        let (card, next) = rest.split_at(71 - usize::from(rest[..71].ends_with('\'')));
        cards.push_str(&format!("{card}\n"));
        rest = format!("//             {next}");
    }
    cards + &rest
}

/// The first lines that differ, and what is around them.
fn difference(expected: &str, found: &str) -> String {
    let same = expected.lines().zip(found.lines()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| {
        let lines: Vec<_> = text.lines().skip(same.saturating_sub(2)).take(8).collect();
        lines.join("\n")
    };
    let (expected, found) = (part(expected), part(found));
    format!("line {}\n-- expected\n{expected}\n-- found\n{found}\n", same + 1)
}
