//! The end of the benchmark, whichever way it comes: normally, by a signal, or by a panic.
//!
//! Invariant: when [`clean_up`] returns, no process started here runs and no folder named to
//! [`remove_at_end`] exists.

use std::fs;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::{Circumstance, Failure};

static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Makes signals and panics clean up before they end the process.
pub fn install() -> Result<(), Failure> {
    let (mut reader, writer) = UnixStream::pair().when("the pipe for signals")?;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let writer = writer.try_clone().when("the pipe for signals")?;
        signal_hook::low_level::pipe::register(signal, writer).when("signals")?;
    }
    thread::spawn(move || {
        if reader.read_exact(&mut [0]).is_ok() {
            eprintln!("\nInterrupted.");
            end(130);
        }
    });
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        hook(panic);
        end(101);
    }));
    Ok(())
}

/// Notes a folder that [`clean_up`] removes.
pub fn remove_at_end(folder: impl Into<PathBuf>) {
    lock().push(folder.into());
}

/// Kills every process that was started here and removes the folders.
pub fn clean_up() {
    clean_up_under(&mut lock());
}

/// Does not return when a signal or a panic is ending the process: what fails then fails because
/// its processes were killed, and is not worth a word.
pub fn pass_unless_ending() {
    drop(lock());
}

/// Cleans up and ends the process; whoever else wants the lock waits for that end.
fn end(code: i32) -> ! {
    let mut folders = lock();
    clean_up_under(&mut folders);
    std::process::exit(code)
}

fn clean_up_under(folders: &mut Vec<PathBuf>) {
    // An sshd may fork once more while the list is read.
    for _ in 0..3 {
        for pid in descendants(std::process::id()) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    for folder in folders.drain(..) {
        let _ = fs::remove_dir_all(folder);
    }
}

fn lock() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Processes whose parents lead up to `ancestor`, sessions of an sshd among them.
fn descendants(ancestor: u32) -> Vec<Pid> {
    let mut family = vec![ancestor];
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, parent(pid)?)))
        .collect();
    let mut known = 0;
    while known < family.len() {
        let next = family[known];
        family.extend(parents.iter().filter(|(_, parent)| *parent == next).map(|(pid, _)| pid));
        known += 1;
    }
    family[1..].iter().filter_map(|pid| Pid::from_raw(i32::try_from(*pid).ok()?)).collect()
}

/// The fourth field of /proc/PID/stat; the second, the program's name, may hold blanks.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}
