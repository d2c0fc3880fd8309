//! The lines of the table, by what they belong to.

mod channels;
mod decks;
mod ftp;
mod packets;
mod records;
mod socks;

use crate::line::Line;

/// All lines, in table order.
pub fn all() -> Vec<Line> {
    let families: [fn() -> Vec<Line>; 6] =
        [socks::lines, ftp::lines, decks::lines, records::lines, channels::lines, packets::lines];
    families.into_iter().flat_map(|lines| lines()).collect()
}
