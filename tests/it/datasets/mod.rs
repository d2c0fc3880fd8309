//! Data sets: `zoxy ds` and everything that reads them, with files on a real file system.

mod claims;
mod cobol;
mod copy;
mod deck;
mod manage;
mod manual;
