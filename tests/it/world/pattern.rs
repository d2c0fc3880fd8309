//! Endless test data that both ends can make: nothing has to be stored to compare it.

use std::io::{self, Read, Write};

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

    /// Fills `buffer` with what comes next.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            let word =
                self.seed.wrapping_add(self.position / 8).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let word = (word ^ (word >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (word ^ (word >> 32)).to_le_bytes()[(self.position % 8) as usize];
            self.position += 1;
        }
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
