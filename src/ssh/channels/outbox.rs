//! The queue of control packets that wait to be sent.
//!
//! Packets are made when they leave, so that a window adjustment carries all that is due by then.
//! Bounded: replies by a limit, everything else by the one packet of its kind per channel or forward.

use std::collections::VecDeque;

use super::ChannelId;
use super::error::ProtocolError;
use super::event::OpenFailure;
use super::forward::ForwardId;
use super::wire::ControlPacket;

/// What is to be sent.
#[derive(Debug)]
pub(super) enum Entry {
    /// CHANNEL_OPEN, as it goes out.
    Open(ChannelId, ControlPacket),
    /// CHANNEL_WINDOW_ADJUST.
    Adjust(ChannelId),
    /// CHANNEL_EOF.
    Eof(ChannelId),
    /// CHANNEL_CLOSE.
    Close(ChannelId),
    /// CHANNEL_OPEN_CONFIRMATION of a forwarded connection; the server's window and maximum packet
    /// size in bytes.
    Confirm {
        /// Our channel.
        id: ChannelId,
        /// What we may send.
        window: u32,
        /// Largest packet the server takes.
        max_packet: u32,
    },
    /// The keepalive request.
    Keepalive,
    /// tcpip-forward.
    Forward(ForwardId),
    /// cancel-tcpip-forward.
    CancelForward(ForwardId),
    /// CHANNEL_OPEN_FAILURE for a parked connection, by the server's number; one a forward.
    RefuseParked(u32),
    /// The answer to a request or an open of the server.
    Reply(Reply),
}

/// Answers to the server.
#[derive(Debug)]
pub(super) enum Reply {
    /// CHANNEL_FAILURE for the server's channel number.
    ChannelFailure(u32),
    /// REQUEST_FAILURE.
    RequestFailure,
    /// CHANNEL_OPEN_FAILURE for the server's channel number, with reason and words.
    OpenRefusal(u32, OpenFailure, &'static str),
}

/// First in, first out.
#[derive(Debug)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    /// How many of the entries are replies.
    replies: usize,
    max_replies: usize,
}

impl Outbox {
    pub(super) fn new(max_replies: usize) -> Self {
        Self { entries: VecDeque::new(), replies: 0, max_replies }
    }

    /// Queues what we send of our own accord.
    pub(super) fn push(&mut self, entry: Entry) {
        debug_assert!(!matches!(entry, Entry::Reply(_)), "replies are counted");
        self.entries.push_back(entry);
    }

    /// Queues an answer, unless too many wait already.
    pub(super) fn reply(&mut self, reply: Reply) -> Result<(), ProtocolError> {
        if self.replies >= self.max_replies {
            return Err(ProtocolError::Flood { waiting: self.replies });
        }
        self.replies += 1;
        self.entries.push_back(Entry::Reply(reply));
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        if matches!(entry, Entry::Reply(_)) {
            self.replies -= 1;
        }
        Some(entry)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
