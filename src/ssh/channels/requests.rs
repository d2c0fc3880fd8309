//! Our global requests that the server has yet to answer: it does so in their order (RFC 4254
//! section 4).
//!
//! Bounded: a forward has at most one of them, and keepalives in a row are counted.

use std::collections::VecDeque;

use super::forward::ForwardId;

/// A request that was handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// The keepalive.
    Keepalive,
    /// tcpip-forward.
    Forward(ForwardId),
    /// cancel-tcpip-forward.
    Cancel(ForwardId),
}

/// First in, first out; how many of the same stand in a row.
#[derive(Debug, Default)]
pub(super) struct Requests(VecDeque<(Request, u32)>);

impl Requests {
    /// The request leaves now.
    pub(super) fn push(&mut self, request: Request) {
        match self.0.back_mut() {
            Some((Request::Keepalive, count)) if request == Request::Keepalive => {
                *count = count.saturating_add(1);
            }
            _ => self.0.push_back((request, 1)),
        }
    }

    /// The request that the reply which has come belongs to.
    pub(super) fn pop(&mut self) -> Option<Request> {
        let (request, count) = self.0.front_mut()?;
        let request = *request;
        *count -= 1;
        if *count == 0 {
            self.0.pop_front();
        }
        Some(request)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
