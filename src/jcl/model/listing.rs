//! The listing: every statement of a job as it was read, for the job log.

use super::Position;

/// The statements of a job in the order they were read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// One entry for each statement, comment and generated statement.
    pub entries: Vec<Listed>,
}

/// One statement of the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it stands; comments have the number of the statement before them.
    pub position: Position,
    /// Where it came from.
    pub origin: Origin,
    /// Whether it is the DD statement of a procedure that another statement overrides.
    pub is_overridden: bool,
    /// Whether it is no statement: a comment, a delimiter or a control statement for JES2.
    pub is_comment: bool,
    /// Its cards, columns 1 to 72, as they were read. Passwords are masked.
    pub cards: Vec<String>,
    /// What it became when symbols were replaced; None if nothing was.
    pub substituted: Option<String>,
}

/// Where a statement of the listing came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The deck: listed with `//`.
    Deck,
    /// A cataloged procedure: `XX`, or `X/` if it is overridden.
    Procedure,
    /// A procedure in the deck: `++`, or `+/` if it is overridden.
    InStreamProcedure,
    /// Made by zoxy: a SYSIN for data without a DD statement, the EXEC of a started task.
    Generated,
}
