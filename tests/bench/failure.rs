//! Why the benchmark, or one line of it, could not go on: a sentence for the person at the screen.

use std::fmt;
use std::io;

/// What went wrong, outermost circumstance first.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A failure with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The same failure with its circumstance in front.
    pub fn of(self, circumstance: impl fmt::Display) -> Self {
        Self(format!("{circumstance}: {}", self.0))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Adds the circumstance to an error on its way up.
pub trait Circumstance<T> {
    /// Puts the circumstance in front of the error.
    fn when(self, circumstance: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> Circumstance<T> for Result<T, E> {
    fn when(self, circumstance: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| error.into().of(circumstance))
    }
}
