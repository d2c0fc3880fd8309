//! Files over 2^31 bytes, where a counter of 32 bits would show: checked to the last byte, with
//! little of them on disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, fallocate};

use super::Cell;
use crate::world::pattern::{Landmarks, Pattern};
use crate::world::{deadline, eventually, scaled};

/// Bytes of the file: odd, and over 2^31 natively in the cells of [`super::HUGE`].
fn length(cell: &Cell<'_>) -> u64 {
    const BLOCKS_OVER: u64 = 16;
    let blocks =
        if cell.is_huge { scaled((1 << 31) / Landmarks::BLOCK as usize, 8) } else { scaled(32, 0) };
    (blocks as u64 + BLOCKS_OVER / scaled(1, 16) as u64) * Landmarks::BLOCK + 12_345
}

/// get: whole, and from behind 2^31.
pub fn get(cell: &mut Cell<'_>) {
    const TAIL: u64 = 5;
    let length = length(cell);
    let file = Landmarks::new(length);
    file.create(&cell.path("BIG")).expect("a file is made");
    let size = cell.client.ask("SIZE BIG", 213);
    assert_eq!(size.lines, [format!("213 {length}")]);
    let mark = cell.scene.zoxy.log.mark();
    let mut data = cell.client.start(cell.mode, "RETR BIG");
    let got = file.verify(&mut data, 0).unwrap_or_else(|error| panic!("{cell}: {error}"));
    assert_eq!(got, length, "{cell}: length back");
    // Some clients keep the connection until they have the reply.
    cell.client.expect(226);
    drop(data);
    let record = cell.scene.record(mark, "RETR", "BIG");
    assert!(record.result == "COMPLETE" && record.bytes == length, "{cell}: {record:?}");
    let block = (length / Landmarks::BLOCK).saturating_sub(TAIL);
    let offset = block * Landmarks::BLOCK;
    cell.client.ask(&format!("REST {offset}"), 350);
    let mut data = cell.client.start(cell.mode, "RETR BIG");
    let got = file.verify(&mut data, block).unwrap_or_else(|error| panic!("{cell}: {error}"));
    assert_eq!(got, length - offset, "{cell}: length behind {offset}");
    drop(data);
    cell.client.expect(226);
    fs::remove_file(cell.path("BIG")).expect("the folder is ours");
}

/// put: what has arrived is compared while more comes, and taken off the disk.
pub fn put(cell: &mut Cell<'_>) {
    let length = length(cell);
    let path = cell.path("BIG");
    let mark = cell.scene.zoxy.log.mark();
    let mut data = cell.client.start(cell.mode, "STOR BIG");
    let is_complete = AtomicBool::new(false);
    let there = thread::scope(|scope| {
        let mut arriving = Arriving::open(&path, &is_complete);
        let check = scope.spawn(move || Pattern::new(3).verify(&mut arriving));
        Pattern::new(3).write(&mut data, length).expect("the data is taken");
        drop(data);
        cell.client.expect(226);
        is_complete.store(true, Ordering::Release);
        check.join().expect("it does not panic")
    });
    let there = there.unwrap_or_else(|error| panic!("{cell}: {error}"));
    assert_eq!(there, length, "{cell}: length there");
    let record = cell.scene.record(mark, "STOR", "BIG");
    assert!(record.result == "COMPLETE" && record.bytes == length, "{cell}: {record:?}");
    fs::remove_file(path).expect("the folder is ours");
}

/// A file that another process still writes: its end is the end only once it is complete. What was
/// read becomes a hole, which keeps the length and gives the room back.
struct Arriving<'a> {
    file: File,
    is_complete: &'a AtomicBool,
    read: u64,
    punched: u64,
}

impl<'a> Arriving<'a> {
    fn open(path: &Path, is_complete: &'a AtomicBool) -> Self {
        let open = || OpenOptions::new().read(true).write(true).open(path).ok();
        let file = eventually("the file to be made", open);
        Self { file, is_complete, read: 0, punched: 0 }
    }

    fn make_hole(&mut self) -> io::Result<()> {
        const AT_ONCE: u64 = 8 << 20;
        let length = (self.read - self.punched) / AT_ONCE * AT_ONCE;
        if length > 0 {
            let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            fallocate(&self.file, hole, self.punched, length)?;
            self.punched += length;
        }
        Ok(())
    }
}

impl Read for Arriving<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.make_hole()?;
        let end = Instant::now() + deadline();
        loop {
            // Asked first: what is written before it is told is read below.
            let is_complete = self.is_complete.load(Ordering::Acquire);
            let count = self.file.read(buffer)?;
            if count > 0 || is_complete {
                self.read += count as u64;
                return Ok(count);
            }
            if Instant::now() > end {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }
}
