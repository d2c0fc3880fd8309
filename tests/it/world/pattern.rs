//! Endless test data that both ends can make: nothing has to be stored to compare it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The byte stream of one seed, from its start.
#[derive(Clone)]
pub struct Pattern {
    seed: u64,
    position: u64,
}

impl Pattern {
    /// The stream of `seed`. Different seeds give different streams.
    pub fn new(seed: u64) -> Self {
        Self { seed, position: 0 }
    }

    /// Fills `buffer` with what comes next, a word at a time: gigabytes of it are made.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        let into_word = (self.position % 8) as usize;
        let head = if into_word == 0 { 0 } else { buffer.len().min(8 - into_word) };
        let (first, rest) = buffer.split_at_mut(head);
        first.copy_from_slice(&self.word(0)[into_word..into_word + head]);
        self.position += head as u64;
        let mut words = rest.chunks_exact_mut(8);
        let mut number = 0;
        for word in &mut words {
            word.copy_from_slice(&self.word(number));
            number += 1;
        }
        let last = words.into_remainder();
        last.copy_from_slice(&self.word(number)[..last.len()]);
        self.position += rest.len() as u64;
    }

    /// The word that holds the next byte, or one behind it.
    fn word(&self, ahead: u64) -> [u8; 8] {
        let number = self.seed.wrapping_add(self.position / 8 + ahead);
        let word = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (word ^ (word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (word ^ (word >> 32)).to_le_bytes()
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }

    /// Writes the next `length` bytes.
    pub fn write(&mut self, to: &mut impl Write, mut length: u64) -> io::Result<()> {
        let mut chunk = vec![0; 64 * 1024];
        while length > 0 {
            let now = chunk.len().min(length.try_into().unwrap_or(usize::MAX));
            self.fill(&mut chunk[..now]);
            to.write_all(&chunk[..now])?;
            length -= now as u64;
        }
        Ok(())
    }

    /// Reads to the end of the stream and compares; gives the number of bytes, or an error that
    /// names the first chunk that differs.
    pub fn verify(&mut self, from: &mut impl Read) -> io::Result<u64> {
        let (mut got, mut want) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        let start = self.position;
        loop {
            let length = match from.read(&mut got) {
                Ok(0) => return Ok(self.position - start),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.fill(&mut want[..length]);
            if got[..length] != want[..length] {
                let place = self.position - length as u64;
                return Err(io::Error::other(format!("wrong bytes after byte {place}")));
            }
        }
    }
}

/// A long file that takes little room on disk: it is zero but for a piece of pattern at the begin of
/// each block, a different one in each.
#[derive(Clone, Copy)]
pub struct Landmarks {
    length: u64,
}

impl Landmarks {
    /// Bytes of a block.
    pub const BLOCK: u64 = 1 << 20;

    /// A file of that many bytes.
    pub fn new(length: u64) -> Self {
        Self { length }
    }

    /// Makes the file.
    pub fn create(self, path: &Path) -> io::Result<()> {
        let file = File::create(path)?;
        file.set_len(self.length)?;
        for block in 0..self.length.div_ceil(Self::BLOCK) {
            let start = block * Self::BLOCK;
            let length = MARK.min((self.length - start) as usize);
            file.write_all_at(&Pattern::new(block).take(length), start)?;
        }
        Ok(())
    }

    /// Reads from the begin of a block to the end of the stream and compares; gives the number of
    /// bytes, or an error that names the first block that differs.
    pub fn verify(self, from: &mut impl Read, first: u64) -> io::Result<u64> {
        let zeros = vec![0; Self::BLOCK as usize];
        let mut got = Vec::with_capacity(zeros.len());
        let mut count = 0;
        for block in first.. {
            got.clear();
            from.take(Self::BLOCK).read_to_end(&mut got)?;
            if got.is_empty() {
                break;
            }
            let (mark, rest) = got.split_at(got.len().min(MARK));
            if mark != Pattern::new(block).take(mark.len()) || *rest != zeros[..rest.len()] {
                return Err(io::Error::other(format!("wrong bytes in block {block}")));
            }
            count += got.len() as u64;
        }
        Ok(count)
    }
}

/// Bytes of pattern at the begin of a block: a page, so that a block takes one on disk.
const MARK: usize = 4096;
