//! Requests that wait for an operator's reply, as a WTOR does: numbered, bounded, and never for
//! ever.
//!
//! Pure. The engine asks ([`Requests::ask`]), hands in what R brings ([`Requests::reply`]) and takes
//! out what nobody answered in time ([`Requests::expire`]). What a reply does, and that silence does
//! nothing, is decided by whoever asked. Invariants: numbers of open requests differ; at most
//! [`MAX_REQUESTS`] are open; of two requests about the same thing there is one.

use std::time::{Duration, Instant};

/// Requests that may be open at once.
pub const MAX_REQUESTS: usize = 16;

/// The highest number; after it comes 1 again.
const LAST: u8 = 99;

/// Open requests about things of type `T`.
#[derive(Debug)]
pub struct Requests<T> {
    open: Vec<Open<T>>,
    last: u8,
}

/// One open request.
#[derive(Debug)]
pub struct Open<T> {
    /// Its number.
    pub number: u8,
    /// What it is about.
    pub subject: T,
    /// The message, with the number.
    pub text: String,
    /// When it was made.
    pub since: Instant,
    /// When silence is its answer.
    pub deadline: Instant,
}

/// What an operator said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave it.
    No,
}

/// Why a reply is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyError {
    /// No request has this number.
    NoSuchRequest,
    /// It is neither YES nor NO.
    NotAnAnswer,
}

impl<T: PartialEq> Requests<T> {
    /// None open.
    pub fn new() -> Self {
        Self { open: Vec::new(), last: 0 }
    }

    /// Opens a request, whose message `text` makes of its number. None: one about the same is open
    /// already, or there are too many.
    pub fn ask(
        &mut self,
        subject: T,
        limit: Duration,
        now: Instant,
        text: impl FnOnce(u8) -> String,
    ) -> Option<&Open<T>> {
        let is_known = self.open.iter().any(|open| open.subject == subject);
        if is_known || self.open.len() >= MAX_REQUESTS {
            return None;
        }
        // There are more numbers than requests.
        while self.last == 0 || self.open.iter().any(|open| open.number == self.last) {
            self.last = self.last % LAST + 1;
        }
        let number = self.last;
        self.last = self.last % LAST + 1;
        let open = Open { number, subject, text: text(number), since: now, deadline: now + limit };
        self.open.push(open);
        self.open.last()
    }

    /// Closes a request with an operator's words. A reply that is no answer leaves it open.
    pub fn reply(&mut self, number: u8, text: &str) -> Result<(T, Answer), ReplyError> {
        let at = self.open.iter().position(|open| open.number == number);
        let at = at.ok_or(ReplyError::NoSuchRequest)?;
        let answer = match text.trim().to_ascii_uppercase().as_str() {
            "YES" | "Y" => Answer::Yes,
            "NO" | "N" => Answer::No,
            _ => return Err(ReplyError::NotAnAnswer),
        };
        Ok((self.open.remove(at).subject, answer))
    }

    /// Takes out the requests whose time is over.
    pub fn expire(&mut self, now: Instant) -> Vec<Open<T>> {
        let all = std::mem::take(&mut self.open);
        let (over, open) = all.into_iter().partition(|open| open.deadline <= now);
        self.open = open;
        over
    }

    /// Takes out the requests that `subject` holds for: there is nothing to ask any more.
    pub fn withdraw(&mut self, subject: impl Fn(&T) -> bool) {
        self.open.retain(|open| !subject(&open.subject));
    }

    /// When [`Requests::expire`] has something to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.deadline).min()
    }

    /// The open requests, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Open<T>> {
        self.open.iter()
    }
}

impl<T: PartialEq> Default for Requests<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_request_is_asked_answered_and_gone() {
        let now = Instant::now();
        let mut requests = Requests::new();
        let text = |number| format!("{number:02} stop?");
        assert_eq!(requests.ask("stop", MINUTE, now, text).unwrap().text, "01 stop?");
        assert!(requests.ask("stop", MINUTE, now, text).is_none(), "the same once");
        assert_eq!(requests.ask("key", MINUTE, now, text).unwrap().number, 2);
        assert_eq!(requests.reply(7, "YES"), Err(ReplyError::NoSuchRequest));
        assert_eq!(requests.reply(1, "MAYBE"), Err(ReplyError::NotAnAnswer));
        assert_eq!(requests.reply(1, " yes "), Ok(("stop", Answer::Yes)));
        assert_eq!(requests.reply(1, "YES"), Err(ReplyError::NoSuchRequest));
        assert_eq!(requests.reply(2, "n"), Ok(("key", Answer::No)));
        assert_eq!(requests.next_deadline(), None);
    }

    #[test]
    fn silence_has_an_end() {
        let now = Instant::now();
        let mut requests = Requests::new();
        requests.ask(1, MINUTE, now, |_| String::new());
        requests.ask(2, 2 * MINUTE, now, |_| String::new());
        assert_eq!(requests.next_deadline(), Some(now + MINUTE));
        assert!(requests.expire(now).is_empty());
        let over = requests.expire(now + MINUTE);
        assert_eq!(over.iter().map(|open| open.subject).collect::<Vec<_>>(), [1]);
        requests.withdraw(|subject| *subject == 2);
        assert_eq!(requests.iter().count(), 0);
    }

    #[test]
    fn numbers_come_round_and_requests_are_bounded() {
        let now = Instant::now();
        let mut requests = Requests::new();
        requests.ask(0, MINUTE, now, |_| String::new());
        for subject in 1..500 {
            let number = requests.ask(subject, MINUTE, now, |_| String::new()).unwrap().number;
            assert!((2..=99).contains(&number), "1 is still open, not {number}");
            requests.reply(number, "NO").unwrap();
        }
        for subject in 1000..2000 {
            requests.ask(subject, MINUTE, now, |_| String::new());
        }
        assert_eq!(requests.iter().count(), MAX_REQUESTS);
    }
}
