//! The channels of a session, found by index.
//!
//! Used by [`Mux`](super::Mux) only. An id finds its channel as long as that is not freed; a number
//! from the server finds whatever channel has it now.

use slab::Slab;

use super::channel::{Channel, Input};
use super::error::ProtocolError;
use super::{ChannelId, FIRST_NUMBER};

/// All channels that have a number.
#[derive(Debug)]
pub(super) struct Table<T> {
    slots: Slab<Channel<T>>,
    /// Serial number of the next channel; may wrap around.
    serial: u32,
}

impl<T: Copy> Table<T> {
    pub(super) fn new() -> Self {
        Self { slots: Slab::new(), serial: 0 }
    }

    /// Makes a channel. The caller keeps the table below [`super::MAX_CHANNELS`].
    pub(super) fn insert(&mut self, make: impl FnOnce(ChannelId) -> Channel<T>) -> ChannelId {
        let entry = self.slots.vacant_entry();
        let id = ChannelId { index: entry.key() as u32, serial: self.serial };
        self.serial = self.serial.wrapping_add(1);
        entry.insert(make(id));
        id
    }

    /// Frees the channel's number.
    pub(super) fn remove(&mut self, id: ChannelId) {
        if self.get(id).is_some() {
            log::trace!("channel {id}: freed");
            self.slots.remove(id.index as usize);
        }
    }

    pub(super) fn get(&self, id: ChannelId) -> Option<&Channel<T>> {
        self.slots.get(id.index as usize).filter(|channel| channel.id == id)
    }

    pub(super) fn get_mut(&mut self, id: ChannelId) -> Option<&mut Channel<T>> {
        self.slots.get_mut(id.index as usize).filter(|channel| channel.id == id)
    }

    /// The channel a message is for.
    pub(super) fn recipient(
        &mut self,
        message: u8,
        number: u32,
    ) -> Result<&mut Channel<T>, ProtocolError> {
        number
            .checked_sub(FIRST_NUMBER)
            .and_then(|index| self.slots.get_mut(index as usize))
            .ok_or(ProtocolError::UnknownChannel { message, number })
    }

    /// The channel a message is for that only an open one may get: confirmed, and not closed by
    /// the server.
    pub(super) fn open_recipient(
        &mut self,
        message: u8,
        number: u32,
    ) -> Result<&mut Channel<T>, ProtocolError> {
        let channel = self.recipient(message, number)?;
        match channel.input() {
            Input::Open | Input::Eof => Ok(channel),
            Input::Waiting | Input::Closed => Err(unexpected(message, channel)),
        }
    }

    /// How many numbers are in use.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Channel<T>> {
        self.slots.iter().map(|(_, channel)| channel)
    }
}

/// The error of a message that the channel's state does not allow.
pub(super) fn unexpected<T: Copy>(message: u8, channel: &Channel<T>) -> ProtocolError {
    ProtocolError::Unexpected { message, channel: channel.id, state: channel.state() }
}
