//! The spool: a folder for each job, with its number, its status, its log and its output.
//!
//! ```text
//! SPOOL/JOB00017/status      where the job is (status.rs)
//! SPOOL/JOB00017/JESMSGLG    the job log
//! SPOOL/JOB00017/JESJCL      the statements
//! SPOOL/JOB00017/JESYSMSG    allocations and dispositions
//! SPOOL/JOB00017/1.SEND.SYSPRINT   SYSOUT of a step's DD
//! SPOOL/JOB00017/work/       what lives as long as the job
//! SPOOL/.number              the last number given out; its lock guards giving out and purging
//! ```
//!
//! A job runs as long as somebody holds the lock of its folder's `.lock`: the process that runs it
//! has it from the moment the number is given out, and the kernel gives it up with that process.
//! Everything here is the user's alone: folders have mode 0700, files 0600, and a spool that others
//! could write to is not used.

use std::collections::HashSet;
use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use rustix::process::Pid;

use super::end::JobEnd;
use super::id::{self, JobId, Kind, MAX_NUMBER};
use super::proc;
use super::status::{State, Status};
use super::wait::Changes;

/// The environment variable that names the spool.
pub const SPOOL_VARIABLE: &str = "ZOXY_SPOOL";

/// The environment variable that says how many ended jobs are kept.
pub const KEEP_VARIABLE: &str = "ZOXY_SPOOLKEEP";

/// Ended jobs that are kept without that variable; the oldest go first.
pub const KEEP: usize = 1000;

/// Spool of the user root without ZOXY_SPOOL.
const SYSTEM_SPOOL: &str = "/var/lib/zoxy/spool";

/// How long to wait for another zoxy that gives out a number.
const NUMBER_WAIT: Duration = Duration::from_secs(10);

/// Bytes of a status file at most.
const MAX_STATUS: u64 = 4 << 20;

/// Why the spool, or a job in it, cannot be used.
#[derive(Debug)]
pub enum SpoolError {
    /// Neither ZOXY_SPOOL nor HOME is set.
    NoPlace,
    /// The spool belongs to somebody else, or others may write to it.
    Exposed(PathBuf),
    /// Every number is taken.
    Full,
    /// The system's reason, with the file.
    Io(PathBuf, io::Error),
}

impl std::fmt::Display for SpoolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoPlace => write!(f, "neither {SPOOL_VARIABLE} nor HOME is set"),
            Self::Exposed(path) => {
                write!(f, "{}: it must be yours, and nobody else may write to it", path.display())
            }
            Self::Full => write!(f, "all {MAX_NUMBER} job numbers are taken; purge some jobs"),
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for SpoolError {}

/// The spool.
#[derive(Debug, Clone)]
pub struct Spool {
    root: PathBuf,
    keep: usize,
}

impl Spool {
    /// The spool that the environment names: ZOXY_SPOOL; for the user root /var/lib/zoxy/spool; else
    /// zoxy/spool below XDG_DATA_HOME or ~/.local/share. It is made if it is not there.
    pub fn from_environment() -> Result<Self, SpoolError> {
        let keep = env::var(KEEP_VARIABLE).ok().and_then(|count| count.parse().ok());
        Self::open(default_root()?, keep.unwrap_or(KEEP))
    }

    /// The spool at a folder.
    pub fn open(root: PathBuf, keep: usize) -> Result<Self, SpoolError> {
        let io = |error| SpoolError::Io(root.clone(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(&root).map_err(io)?;
        let found = fs::metadata(&root).map_err(io)?;
        let own = rustix::process::geteuid().as_raw();
        if found.uid() != own || found.mode() & 0o022 != 0 {
            return Err(SpoolError::Exposed(root));
        }
        let root = fs::canonicalize(&root).map_err(io)?;
        Ok(Self { root, keep })
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Gives a job its number and its folder; the oldest jobs that have ended and are too many are
    /// purged.
    pub fn create(&self, kind: Kind, name: &str) -> Result<JobFolder, SpoolError> {
        let mut counter = self.lock_numbers()?;
        let path = self.root.join(NUMBER_FILE);
        let io = |error| SpoolError::Io(path.clone(), error);
        let mut text = String::new();
        counter.rewind().and_then(|()| counter.read_to_string(&mut text)).map_err(io)?;
        let last = id::number(text.trim()).unwrap_or(0);
        let taken: HashSet<u32> = self.ids()?.iter().map(|id| id.number).collect();
        let next = (1..=MAX_NUMBER).map(|step| (last + step - 1) % MAX_NUMBER + 1);
        let number =
            next.into_iter().find(|number| !taken.contains(number)).ok_or(SpoolError::Full)?;
        let id = JobId { kind, number };
        let folder = JobFolder::make(self.root.join(id.to_string()), id, name)?;
        // In place and always as long, so that a full disk does not lose it.
        counter.rewind().and_then(|()| writeln!(counter, "{number:05}")).map_err(io)?;
        if taken.len() >= self.keep {
            self.purge_oldest()?;
        }
        Ok(folder)
    }

    /// Every job, the oldest first.
    pub fn jobs(&self) -> Result<Vec<Job>, SpoolError> {
        let ids = self.ids()?;
        // One that is purged meanwhile, or whose status is not readable, has nothing to show.
        let mut jobs: Vec<_> = ids.into_iter().filter_map(|id| self.job(id)).collect();
        jobs.sort_by_key(|job| (job.status.submitted, job.id.number));
        Ok(jobs)
    }

    /// One job; None if it is not there, or its status cannot be read.
    pub fn job(&self, id: JobId) -> Option<Job> {
        let path = self.root.join(id.to_string());
        let mut status = None;
        // Looked at in this order, so that a job that ends meanwhile is not taken for lost.
        let runs = is_locked(&path);
        let mut text = String::new();
        let file = File::open(path.join(STATUS)).ok()?;
        if file.take(MAX_STATUS).read_to_string(&mut text).is_ok() {
            status = Status::parse(&text);
        }
        let mut status = status?;
        if !runs && !matches!(status.state, State::Ended(_)) {
            status.state = State::Ended(JobEnd::Lost);
        }
        Some(Job { id, path, status, runs })
    }

    /// Watches a job: its status, and that it is there.
    pub(super) fn changes(&self, id: JobId) -> Changes {
        Changes::of(&self.root.join(id.to_string()))
    }

    /// The job that an operator names: `JOB00017`, `17`, or its name, of which the newest is meant.
    pub fn find(&self, text: &str) -> Result<Option<Job>, SpoolError> {
        if let Ok(id) = text.parse() {
            return Ok(self.job(id));
        }
        if let Some(number) = id::number(text) {
            let kinds = [Kind::Batch, Kind::Task];
            return Ok(kinds.into_iter().find_map(|kind| self.job(JobId { kind, number })));
        }
        let jobs = self.jobs()?;
        Ok(jobs.into_iter().rev().find(|job| job.status.name.eq_ignore_ascii_case(text)))
    }

    /// Removes a job that has ended; false if it runs, or what it has left running does.
    pub fn purge(&self, job: &Job) -> Result<bool, SpoolError> {
        let _numbers = self.lock_numbers()?;
        Self::remove(job)
    }

    fn purge_oldest(&self) -> Result<(), SpoolError> {
        let ended: Vec<_> = self.jobs()?.into_iter().filter(|job| !job.runs).collect();
        for job in &ended[..ended.len().saturating_sub(self.keep)] {
            Self::remove(job)?;
        }
        Ok(())
    }

    fn remove(job: &Job) -> Result<bool, SpoolError> {
        // Without its folder nobody could find what it has left running.
        if is_locked(&job.path) || job.remains().is_some() {
            return Ok(false);
        }
        match fs::remove_dir_all(&job.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(SpoolError::Io(job.path.clone(), error))
            }
            _ => Ok(true),
        }
    }

    fn ids(&self) -> Result<Vec<JobId>, SpoolError> {
        let io = |error| SpoolError::Io(self.root.clone(), error);
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            ids.extend(name.to_str().and_then(|name| name.parse::<JobId>().ok()));
        }
        Ok(ids)
    }

    /// The file of the last number, locked.
    fn lock_numbers(&self) -> Result<File, SpoolError> {
        let path = self.root.join(NUMBER_FILE);
        lock(&path, NUMBER_WAIT).map_err(|error| SpoolError::Io(path, error))
    }
}

/// A job as it is seen from outside.
#[derive(Debug)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// Its folder.
    pub path: PathBuf,
    /// Its status; [`JobEnd::Lost`] if nobody runs it any more.
    pub status: Status,
    /// Its process is there.
    pub runs: bool,
}

impl Job {
    /// Whether its process is there now.
    pub fn is_running(&self) -> bool {
        is_locked(&self.path)
    }

    /// The process group of its last step, if nobody runs the job any more and that still does.
    pub fn remains(&self) -> Option<Pid> {
        let (id, began) = self.status.step.as_ref()?.process.filter(|_| !self.runs)?;
        let found = proc::process(id)?;
        Pid::from_raw(id).filter(|_| found.began == began && !found.ended)
    }

    /// Names of its output, in the order it was made: the logs, then SYSOUT.
    pub fn outputs(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name().into_string();
            if let (true, Ok(name)) = (entry.file_type()?.is_file(), name) {
                if LOGS.contains(&name.as_str()) || step_of(&name).is_some() {
                    names.push(name);
                }
            }
        }
        names.sort_by_key(|name| {
            let log = LOGS.iter().position(|log| log == name);
            (step_of(name).unwrap_or(0), log, name.clone())
        });
        Ok(names)
    }
}

/// The step that made an output file: what stands before its first period.
fn step_of(name: &str) -> Option<usize> {
    name.split_once('.').and_then(|(step, _)| step.parse().ok())
}

/// A job's folder in the hands of the process that runs it.
#[derive(Debug)]
pub struct JobFolder {
    /// Its number.
    pub id: JobId,
    path: PathBuf,
    /// Locked as long as the job runs.
    lock: File,
    /// What the status file says.
    pub status: Status,
}

impl JobFolder {
    fn make(path: PathBuf, id: JobId, name: &str) -> Result<Self, SpoolError> {
        let io = |error| SpoolError::Io(path.clone(), error);
        DirBuilder::new().mode(0o700).create(&path).map_err(io)?;
        let filled = Self::fill(path.clone(), id, name);
        if filled.is_err() {
            // Without a status nobody would see it, nor purge it.
            let _ = fs::remove_dir_all(&path);
        }
        filled.map_err(io)
    }

    fn fill(path: PathBuf, id: JobId, name: &str) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(path.join(WORK))?;
        // Somebody may just be looking at it.
        let lock = lock(&path.join(LOCK), NUMBER_WAIT)?;
        let mut folder = Self { id, path, lock, status: Status::new(name, SystemTime::now()) };
        folder.write_status()?;
        Ok(folder)
    }

    /// Takes a folder over from the process that made it, which has passed its lock.
    pub fn take_over(path: PathBuf, lock: OwnedFd) -> io::Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let id = name.parse().map_err(|_| io::Error::other("it is no folder of a job"))?;
        let lock = File::from(lock);
        let (passed, ours) = (lock.metadata()?, fs::metadata(path.join(LOCK))?);
        if (passed.dev(), passed.ino()) != (ours.dev(), ours.ino()) {
            return Err(io::Error::other("the lock of the job was not passed"));
        }
        let text = fs::read_to_string(path.join(STATUS))?;
        let mut status =
            Status::parse(&text).ok_or_else(|| io::Error::other("its status is damaged"))?;
        status.process = rustix::process::getpid().as_raw_nonzero().get();
        Ok(Self { id, path, lock, status })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder for what lives as long as the job.
    pub fn work(&self) -> PathBuf {
        self.path.join(WORK)
    }

    /// The lock, to be passed to the process that is to run the job.
    pub fn lock(&self) -> io::Result<OwnedFd> {
        self.lock.try_clone().map(Into::into)
    }

    /// Changes the status, and its file.
    pub fn update(&mut self, change: impl FnOnce(&mut Status)) -> io::Result<()> {
        change(&mut self.status);
        self.write_status()
    }

    /// An output file, made or added to.
    pub fn output(&self, name: &str) -> io::Result<File> {
        new_file().append(true).open(self.path.join(name))
    }

    /// Removes what lives as long as the job.
    pub fn remove_work(&self) -> io::Result<()> {
        fs::remove_dir_all(self.work())
    }

    fn write_status(&mut self) -> io::Result<()> {
        let next = self.path.join("status.new");
        let mut file = new_file().write(true).truncate(true).open(&next)?;
        file.write_all(self.status.render(self.id).as_bytes())?;
        fs::rename(next, self.path.join(STATUS))
    }
}

/// Locks a file, which is made if it is not there; waits so long for others.
pub fn lock(path: &Path, wait: Duration) -> io::Result<File> {
    let file = new_file().read(true).write(true).open(path)?;
    let deadline = Instant::now() + wait;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => {
                std::thread::sleep(LOCK_PAUSE);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a job's process is there.
fn is_locked(job: &Path) -> bool {
    let Ok(file) = File::open(job.join(LOCK)) else { return false };
    // Shared, so that two who look do not see each other; given up with the file.
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
}

/// How to make a file that is the user's alone; a link in its place is not followed.
pub fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    options
}

/// Where the spool is without anybody saying so.
fn default_root() -> Result<PathBuf, SpoolError> {
    let given = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(root) = given(SPOOL_VARIABLE) {
        return Ok(root);
    }
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from(SYSTEM_SPOOL));
    }
    let home = given("XDG_DATA_HOME").filter(|home| home.is_absolute());
    let home = home.or_else(|| given("HOME").map(|home| home.join(".local/share")));
    Ok(home.ok_or(SpoolError::NoPlace)?.join("zoxy/spool"))
}

/// The logs of a job, in the order they are shown.
pub const LOGS: [&str; 3] = ["JESMSGLG", "JESJCL", "JESYSMSG"];

const STATUS: &str = "status";
const WORK: &str = "work";
const LOCK: &str = ".lock";
const NUMBER_FILE: &str = ".number";
const LOCK_PAUSE: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::operator::testing::TempDir;

    fn spool(dir: &TempDir, keep: usize) -> Spool {
        Spool::open(dir.path("spool"), keep).unwrap()
    }

    fn end(folder: &mut JobFolder) {
        let ended = State::Ended(JobEnd::Returned(0));
        folder.update(|status| status.state = ended).unwrap();
    }

    #[test]
    fn every_job_has_a_number_of_its_own() {
        let dir = TempDir::new();
        let spool = spool(&dir, KEEP);
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let spool = spool.clone();
                std::thread::spawn(move || {
                    (0..5).map(|_| spool.create(Kind::Batch, "J").unwrap().id).collect::<Vec<_>>()
                })
            })
            .collect();
        let mut numbers: Vec<u32> =
            threads.into_iter().flat_map(|t| t.join().unwrap()).map(|id| id.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_begin_anew_behind_the_last_and_skip_those_in_use() {
        let dir = TempDir::new();
        let spool = spool(&dir, KEEP);
        let first = spool.create(Kind::Batch, "FIRST").unwrap();
        fs::write(spool.root().join(NUMBER_FILE), "99998\n").unwrap();
        let last = spool.create(Kind::Task, "LAST").unwrap();
        assert_eq!((first.id.number, last.id.number), (1, 99_999));
        assert_eq!(spool.create(Kind::Task, "NEXT").unwrap().id.to_string(), "STC00002");
    }

    #[test]
    fn a_job_is_the_users_alone() {
        let dir = TempDir::new();
        let spool = spool(&dir, KEEP);
        let folder = spool.create(Kind::Batch, "J").unwrap();
        folder.output("JESMSGLG").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(folder.path()), mode(&folder.work())), (0o700, 0o700));
        for file in ["JESMSGLG", "status", ".lock"] {
            assert_eq!(mode(&folder.path().join(file)), 0o600, "{file}");
        }
        fs::set_permissions(spool.root(), fs::Permissions::from_mode(0o770)).unwrap();
        let open = Spool::open(spool.root().to_owned(), KEEP);
        assert!(matches!(open, Err(SpoolError::Exposed(_))));
    }

    #[test]
    fn a_job_whose_process_is_gone_is_lost() {
        let dir = TempDir::new();
        let spool = spool(&dir, KEEP);
        let folder = spool.create(Kind::Batch, "J").unwrap();
        let seen = spool.job(folder.id).unwrap();
        assert_eq!((seen.runs, seen.status.state), (true, State::Input));
        assert!(!spool.purge(&seen).unwrap());
        let id = folder.id;
        drop(folder);
        let seen = spool.job(id).unwrap();
        assert_eq!((seen.runs, seen.status.state), (false, State::Ended(JobEnd::Lost)));
        assert!(spool.purge(&seen).unwrap() && spool.job(id).is_none());
    }

    #[test]
    fn jobs_are_found_by_number_and_by_name() {
        let dir = TempDir::new();
        let spool = spool(&dir, KEEP);
        let _one = spool.create(Kind::Batch, "NIGHTLY").unwrap();
        let _two = spool.create(Kind::Task, "ZOXY").unwrap();
        let three = spool.create(Kind::Batch, "NIGHTLY").unwrap();
        for text in ["JOB00003", "job00003", "3", "00003", "nightly"] {
            assert_eq!(spool.find(text).unwrap().unwrap().id, three.id, "{text}");
        }
        assert_eq!(spool.find("2").unwrap().unwrap().id.to_string(), "STC00002");
        for text in ["JOB00002", "4", "OTHER", "", "../x"] {
            assert!(spool.find(text).unwrap().is_none(), "{text}");
        }
    }

    #[test]
    fn the_oldest_that_have_ended_are_purged() {
        let dir = TempDir::new();
        let spool = spool(&dir, 2);
        let runs = spool.create(Kind::Batch, "RUNS").unwrap();
        for _ in 0..4 {
            end(&mut spool.create(Kind::Batch, "ENDED").unwrap());
        }
        let _next = spool.create(Kind::Batch, "NEXT").unwrap();
        let numbers: Vec<u32> = spool.jobs().unwrap().iter().map(|job| job.id.number).collect();
        assert_eq!(numbers, [runs.id.number, 4, 5, 6]);
    }

    #[test]
    fn a_folder_is_taken_over_with_its_lock_only() {
        let dir = TempDir::new();
        let spool = spool(&dir, KEEP);
        let first = spool.create(Kind::Batch, "J").unwrap();
        let other = spool.create(Kind::Batch, "K").unwrap();
        let (id, path, lock) = (first.id, first.path().to_owned(), first.lock().unwrap());
        drop(first);
        assert!(JobFolder::take_over(path.clone(), other.lock().unwrap()).is_err());
        let taken = JobFolder::take_over(path, lock).unwrap();
        assert!(spool.job(id).unwrap().runs);
        drop(taken);
        assert!(!spool.job(id).unwrap().runs);
    }

    #[test]
    fn outputs_come_logs_first_then_by_step() {
        let dir = TempDir::new();
        let folder = spool(&dir, KEEP).create(Kind::Batch, "J").unwrap();
        for name in ["10.A.X", "2.B.Y", "JESYSMSG", "2.A.Z", "JESMSGLG"] {
            folder.output(name).unwrap();
        }
        let job = spool(&dir, KEEP).job(folder.id).unwrap();
        let outputs = job.outputs().unwrap();
        assert_eq!(outputs, ["JESMSGLG", "JESYSMSG", "2.A.Z", "2.B.Y", "10.A.X"]);
    }
}
