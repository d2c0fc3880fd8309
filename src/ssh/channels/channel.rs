//! One channel: its two half-machines, its windows, its owner.
//!
//! [`Mux`](super::Mux) decides, this module keeps the state and traces its changes.

use std::time::Instant;

use super::window::{ReceiveWindow, SendWindow};
use super::{ChannelId, Limits};

/// The server's half: what it may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Only the answer to our CHANNEL_OPEN.
    Waiting,
    /// Everything.
    Open,
    /// No more data: EOF was received.
    Eof,
    /// Nothing: CLOSE was received.
    Closed,
}

/// Our half: what we may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// CHANNEL_OPEN waits in the queue.
    OpenQueued,
    /// So it does, but the owner gave up: it will not be sent.
    Withdrawn,
    /// CHANNEL_OPEN was handed out, no answer yet.
    OpenSent,
    /// So it was, but the owner gave up: a confirmation will be answered with CLOSE.
    Abandoned,
    /// Everything.
    Open,
    /// No more data: EOF is queued or sent.
    Eof,
    /// CLOSE waits in the queue; nothing may follow it.
    CloseQueued,
    /// CLOSE was handed out; the server's is awaited.
    CloseSent,
}

/// One channel of a [`Mux`](super::Mux).
#[derive(Debug)]
pub(super) struct Channel<T> {
    pub(super) id: ChannelId,
    /// Told of events while [`owned`](Self::owned).
    pub(super) owner: T,
    /// The server's channel number; 0 until it has confirmed.
    pub(super) peer: u32,
    pub(super) receive: ReceiveWindow,
    pub(super) send: SendWindow,
    /// When its open was handed out, until it is answered.
    pub(super) asked: Option<Instant>,
    input: Input,
    output: Output,
}

impl<T: Copy> Channel<T> {
    pub(super) fn new(id: ChannelId, owner: T, limits: &Limits) -> Self {
        Self {
            id,
            owner,
            peer: 0,
            receive: ReceiveWindow::new(limits.initial_window, limits.max_window),
            send: SendWindow::default(),
            asked: None,
            input: Input::Waiting,
            output: Output::OpenQueued,
        }
    }

    /// What the server's confirmation says: its channel number, its window and maximum packet size
    /// in bytes.
    pub(super) fn confirm(&mut self, peer: u32, window: u32, max_packet: u32) {
        self.peer = peer;
        self.send = SendWindow::new(window, max_packet);
    }

    pub(super) fn input(&self) -> Input {
        self.input
    }

    pub(super) fn output(&self) -> Output {
        self.output
    }

    pub(super) fn set_input(&mut self, new: Input) {
        log::trace!("channel {}: input {:?} -> {new:?}", self.id, self.input);
        self.input = new;
    }

    pub(super) fn set_output(&mut self, new: Output) {
        log::trace!("channel {}: output {:?} -> {new:?}", self.id, self.output);
        self.output = new;
    }

    /// Whether the owner still wants to hear of the channel.
    pub(super) fn owned(&self) -> bool {
        matches!(self.output, Output::OpenQueued | Output::OpenSent) || self.established()
    }

    /// Whether the channel is open and neither the server nor the owner has closed it.
    pub(super) fn established(&self) -> bool {
        matches!(self.output, Output::Open | Output::Eof)
    }

    /// Both halves in a word, for messages and displays.
    pub(super) fn state(&self) -> &'static str {
        match (self.output, self.input) {
            (Output::OpenQueued | Output::OpenSent, _) => "opening",
            (Output::Withdrawn | Output::Abandoned, _) => "abandoned",
            (Output::CloseQueued | Output::CloseSent, Input::Closed) => "closed by the server",
            (Output::CloseQueued | Output::CloseSent, _) => "closing",
            (Output::Eof, Input::Eof) => "finished",
            (Output::Eof, _) => "EOF sent",
            (Output::Open, Input::Eof) => "EOF received",
            (Output::Open, _) => "open",
        }
    }

    pub(super) fn view(&self) -> ChannelView<T> {
        ChannelView {
            id: self.id,
            owner: self.owned().then_some(self.owner),
            state: self.state(),
            input: self.input,
            output: self.output,
            receive_window: self.receive.open(),
            receive_size: self.receive.size(),
            unconsumed: self.receive.waiting(),
            send_window: self.send.open(),
            received: self.receive.total(),
            sent: self.send.total(),
        }
    }
}

/// One channel as displays show it. Windows and counts are in bytes.
#[derive(Debug, Clone, Copy)]
pub struct ChannelView<T> {
    /// The channel.
    pub id: ChannelId,
    /// Its owner; None once that has closed it or was told that it is closed.
    pub owner: Option<T>,
    /// Both halves in a word.
    pub state: &'static str,
    /// The server's half.
    pub input: Input,
    /// Our half.
    pub output: Output,
    /// What the server may still send.
    pub receive_window: u32,
    /// The whole receive window as it has grown.
    pub receive_size: u32,
    /// What was received and the client has not taken.
    pub unconsumed: u32,
    /// What we may still send.
    pub send_window: u32,
    /// All data received, extended data included.
    pub received: u64,
    /// All data sent.
    pub sent: u64,
}
