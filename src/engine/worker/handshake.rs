//! The SOCKS dialogue of a client: reading it, answering it, having its password checked.

use std::io::{self, Read, Write};
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

use super::Worker;
use crate::engine::client::State;
use crate::engine::inbox::Inbound;
use crate::engine::key::Key;
use crate::engine::turns::Owner;
use crate::say;
use crate::socks::{Progress, Refusal, Request};

/// What one look at the dialogue came to.
enum Verdict {
    /// More bytes are needed.
    Wait,
    /// A helper thread has to check this password.
    Verify(String, Zeroizing<Vec<u8>>),
    /// The request is complete; what the client sent behind it.
    Request(Request, Vec<u8>),
    /// Refused, an answer has been written: why.
    Refused(Refusal),
    /// The client is gone or its socket failed: why.
    Gone(String),
}

impl Worker {
    /// The client's socket has something to say during the dialogue.
    pub(super) fn handshake_ready(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let parts = client.parts();
        let State::Handshake(negotiation, input) = parts.state else { return };
        let verdict = loop {
            match negotiation.advance(input) {
                Progress::NeedMore => match read_some(parts.socket, input) {
                    Ok(0) if input.is_empty() => break Verdict::Gone("client closed".into()),
                    Ok(0) => break Verdict::Gone("client closed in mid-request".into()),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        parts.ready.read = false;
                        break Verdict::Wait;
                    }
                    Err(error) => break Verdict::Gone(error.to_string()),
                },
                Progress::Reply { consumed, bytes } => {
                    input.drain(..consumed);
                    if let Err(error) = answer(parts.socket, &bytes) {
                        break Verdict::Gone(error.to_string());
                    }
                }
                Progress::Login { consumed, user, password } => {
                    input[..consumed].zeroize();
                    input.drain(..consumed);
                    break Verdict::Verify(String::from_utf8_lossy(&user).into_owned(), password);
                }
                Progress::Request { consumed, request } => {
                    input.drain(..consumed);
                    break Verdict::Request(request, std::mem::take(input));
                }
                Progress::Refuse { bytes, why } => {
                    if !bytes.is_empty() {
                        // The client is refused either way.
                        let _ = answer(parts.socket, &bytes);
                    }
                    break Verdict::Refused(why);
                }
            }
        };
        match verdict {
            Verdict::Wait => {}
            Verdict::Verify(user, password) => self.verify(key, user, password),
            Verdict::Request(request, early) => self.route(key, request, early),
            Verdict::Refused(why) => {
                if why.is_of_request() {
                    let Some(client) = self.client(key) else { return };
                    say!(REQUEST_REFUSED, id = client.number, client = client.peer, reason = why);
                } else {
                    self.say_handshake_failed(key, &why.to_string());
                }
                self.linger(key);
            }
            Verdict::Gone(reason) => {
                self.say_handshake_failed(key, &reason);
                self.remove_client(key, false);
            }
        }
    }

    /// Has a helper thread compare a password with the listener's users file, unless it was right
    /// before.
    fn verify(&mut self, key: Key, user: String, password: Zeroizing<Vec<u8>>) {
        let live = self.shared.live();
        let post = self.shared.workers[self.index].clone();
        let Some(client) = self.client(key) else { return };
        let State::Handshake(negotiation, input) = client.leave() else { return };
        let users = live.users.get(&client.listener.name).map(Arc::clone);
        let owner = Owner::new(client.peer.ip(), &user);
        client.enter(State::Verifying(negotiation, input, user.clone()));
        if users.as_ref().is_some_and(|users| users.recall(&user, &password)) {
            self.verified(key, true);
            return;
        }
        let job = Box::new(move || {
            let ok = users.is_some_and(|users| users.verify(&user, &password));
            post.send(Inbound::Verified { client: key, ok });
        });
        match self.shared.helpers.passwords.submit_for(owner, job) {
            Ok(ticket) => {
                if let Some(client) = self.client(key) {
                    client.errand = Some(ticket);
                }
            }
            Err(_) => {
                self.say_handshake_failed(key, "too many passwords wait to be checked");
                self.remove_client(key, false);
            }
        }
    }

    /// A helper thread has checked a password.
    pub(super) fn verified(&mut self, key: Key, ok: bool) {
        let Some(client) = self.client(key) else { return };
        let State::Verifying(mut negotiation, input, user) = client.leave() else {
            debug_assert!(false, "a password was checked that nobody waits for");
            return;
        };
        let reply = negotiation.login_result(ok);
        let sent = answer(&mut client.socket, &reply);
        client.enter(State::Handshake(negotiation, input));
        let (number, peer) = (client.number, client.peer);
        if let Err(error) = sent {
            self.say_handshake_failed(key, &error.to_string());
            self.remove_client(key, false);
        } else if ok {
            self.handshake_ready(key);
        } else {
            say!(LOGIN_REFUSED, id = number, client = peer, user = user);
            self.linger(key);
        }
    }

    fn say_handshake_failed(&mut self, key: Key, reason: &str) {
        let Some(client) = self.client(key) else { return };
        say!(
            HANDSHAKE_FAILED,
            id = client.number,
            client = client.peer,
            listener = client.listener.name,
            reason = reason
        );
    }
}

/// Reads a chunk behind what is there.
fn read_some(socket: &mut impl Read, input: &mut Vec<u8>) -> io::Result<usize> {
    let mut chunk = [0; CHUNK];
    let count = socket.read(&mut chunk)?;
    input.extend_from_slice(&chunk[..count]);
    Ok(count)
}

/// Writes a reply whole. It is a few bytes on a connection whose send buffer is empty: a socket
/// that does not take them at once is as good as broken.
pub(super) fn answer(socket: &mut impl Write, reply: &[u8]) -> io::Result<()> {
    let count = socket.write(reply)?;
    if count < reply.len() {
        return Err(io::Error::new(io::ErrorKind::WriteZero, "client takes no answer"));
    }
    Ok(())
}

/// Bytes read at once during the dialogue: a request with some early data behind it.
const CHUNK: usize = 1024;
