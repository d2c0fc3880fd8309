//! How a dialogue ends when its client goes.
//!
//! | the client's control connection | its transfers | what the client asked for before |
//! |---|---|---|
//! | closed in order, with or without QUIT | run to their end | is still done, its replies are told |
//! | lost: reset, timed out | are cancelled | is dropped |
//!
//! When zoxy is to stop, a dialogue that transfers nothing ends at once, and another one
//! ([`Event::Draining`](super::Event::Draining)) when all that was asked for is done.
//!
//! A cancelled download is dropped: the server sees its data connection break. The end of an
//! upload's channel is the end of the file to the server, so it is asked to abort the upload while
//! the channel is still open. Servers that read commands only between transfers do not hear it, and
//! take the shortened file for a whole one when [`Event::AbortTimedOut`](super::Event::AbortTimedOut)
//! ends the wait.

use super::answer::Answer;
use super::data::{Prepared, Running};
use super::dialogue::{Dialogue, Phase};
use super::reply::Awaited;
use super::{Action, Note, Transfer};
use crate::message::catalogue::FTP_STOPPING;

impl Dialogue {
    /// Whether the client has closed its side in order.
    pub fn is_client_closed(&self) -> bool {
        self.client_closed
    }

    /// Whether the server is to abort the uploads of a lost client.
    pub fn is_aborting(&self) -> bool {
        matches!(self.phase(), Phase::Aborting(_))
    }

    /// Whether a transfer is under way, from its command to the last byte of its data.
    pub fn is_transferring(&self) -> bool {
        let is_it = |awaited: &Awaited| matches!(awaited, Awaited::Transfer(_));
        !self.settling.is_empty() || self.awaited.iter().any(is_it)
    }

    /// zoxy stops: says so.
    pub(super) fn stop(&mut self) {
        let answer = Answer::message(421, &FTP_STOPPING, &[]);
        self.end_with(&answer, "zoxy stops");
    }

    /// The client sends no more commands.
    pub(super) fn client_closed(&mut self) {
        self.client_closed = true;
        for running in self.transfers() {
            running.is_doubtful |= running.is_uploading();
        }
    }

    /// The client is gone before its time.
    pub(super) fn client_lost(&mut self, reason: &str) {
        if !matches!(self.phase(), Phase::Relaying) {
            if !self.is_aborting() {
                self.close(reason);
            }
            return;
        }
        if !self.is_uploading() {
            let actions: Vec<_> = self.settling.iter_mut().filter_map(cancel).collect();
            actions.into_iter().for_each(|action| self.act(action));
            self.close(reason);
            return;
        }
        let actions: Vec<_> = self.transfers().filter_map(cancel).collect();
        actions.into_iter().for_each(|action| self.act(action));
        self.drop_prepared();
        if !self.awaited.iter().any(|awaited| matches!(awaited, Awaited::Abort)) {
            self.ask(b"ABOR\r\n");
            self.awaited.push_back(Awaited::Abort);
        }
        self.enter(Phase::Aborting(reason.to_owned()));
    }

    /// The server has not answered ABOR.
    pub(super) fn abort_timed_out(&mut self) {
        let Phase::Aborting(reason) = self.phase() else { return };
        let reason = reason.clone();
        let uploads = self.transfers().filter(|running| running.is_uploading());
        let uploads: Vec<_> = uploads.map(|running| running.transfer.clone()).collect();
        for upload in &uploads {
            self.say_not_aborted(upload);
        }
        self.close(&reason);
    }

    /// The server may take what it has of a cancelled upload for a whole file.
    pub(super) fn say_not_aborted(&mut self, upload: &Transfer) {
        let Transfer { command, name, .. } = upload.clone();
        self.act(Action::Say(Note::NotAborted { command, name }));
    }

    /// Ends the dialogue once everything that was asked for is done.
    pub(super) fn end_if_served(&mut self) {
        match self.phase() {
            Phase::Aborting(reason) if !self.is_uploading() => {
                let reason = reason.clone();
                self.close(&reason);
            }
            Phase::Gate(_) | Phase::Dialing(_) | Phase::Replaying(..) | Phase::Relaying
                if self.client_closed && self.is_served() =>
            {
                self.close("client closed");
            }
            // A data connection that is there belongs to the transfer that comes.
            Phase::Relaying
                if self.is_draining
                    && self.is_served()
                    && !matches!(self.prepared, Prepared::Ready(_)) =>
            {
                self.stop();
            }
            _ => {}
        }
    }

    /// Whether nothing is left to be done for the client.
    fn is_served(&self) -> bool {
        self.awaited.is_empty()
            && self.settling.is_empty()
            && self.parked_command.is_none()
            && self.parked_reply.is_none()
            && !self.replies.is_inside()
            && !self.commands.peek().contains(&b'\n')
    }

    /// Whether an upload waits for the server's word that it is aborted.
    fn is_uploading(&self) -> bool {
        self.awaited
            .iter()
            .any(|awaited| matches!(awaited, Awaited::Transfer(running) if running.is_uploading()))
    }

    /// All transfers that are not recorded.
    fn transfers(&mut self) -> impl Iterator<Item = &mut Running> {
        let awaited = self.awaited.iter_mut().filter_map(|awaited| match awaited {
            Awaited::Transfer(running) => Some(&mut **running),
            _ => None,
        });
        awaited.chain(&mut self.settling)
    }
}

/// Cancels a transfer: what becomes of its data connection.
fn cancel(running: &mut Running) -> Option<Action> {
    running.is_interrupted = true;
    let is_uploading = running.is_uploading();
    let data = running.data.as_mut().filter(|data| !data.is_over())?;
    if is_uploading {
        return Some(Action::CutClient { id: data.id });
    }
    data.end();
    Some(Action::DropData { id: data.id })
}
