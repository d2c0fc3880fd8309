//! From a server's address to an open session: connecting, key exchange, host key, login.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Timer, Worker};
use crate::config::{Profile, StrictHostKey};
use crate::engine::client::Ready;
use crate::engine::dial::{DialError, Material};
use crate::engine::key::Key;
use crate::engine::session::{Dialing, Facts, Fill, Link, Phase, Session};
use crate::engine::shared::{Report, UnknownKey};
use crate::engine::sockets;
use crate::say;
use crate::ssh::hostkey::{Fingerprint, Refusal, Verdict};
use crate::ssh::login::{Credentials, Login, LoginError, LoginKey, LoginStep};
use crate::ssh::pool::DialEnd;
use crate::ssh::transport::{Transport, TransportOptions};

impl Worker {
    /// Starts to dial with what a helper thread has prepared.
    pub(super) fn dial(&mut self, key: Key, material: Material) {
        let Some(session) = self.session(key) else { return };
        let profile = Arc::clone(&session.profile);
        let server = &session.pool_key.server;
        let Material { addresses, identities, password, host_keys } = material;
        let algorithms = host_keys
            .algorithms_for(&server.host, server.port)
            .map(|types| types.into_iter().map(str::to_owned).collect());
        let user = session.pool_key.user.clone();
        let credentials = match session.credential.take() {
            // The login of an FTP dialogue: never with the profile's keys, which would open the
            // account of any user that a client cares to name.
            Some(theirs) => Credentials {
                user,
                methods: profile.application_auth.clone(),
                keys: Vec::new(),
                password: Some(theirs.password),
            },
            None => Credentials {
                user: own_user(&profile, user),
                methods: profile.auth.clone(),
                keys: identities
                    .into_iter()
                    .map(|(path, identity)| LoginKey {
                        name: path.to_string(),
                        private_pem: identity.private_pem,
                    })
                    .collect(),
                password,
            },
        };
        let dialing = Dialing {
            login: Login::new(credentials),
            host_keys,
            known_types: algorithms,
            others: addresses,
            since: self.now,
            failure: None,
        };
        self.dial_next(key, Box::new(dialing));
    }

    /// Tries the next address that the kernel can start a connection to.
    fn dial_next(&mut self, key: Key, mut dialing: Box<Dialing>) {
        while let Some(address) = dialing.others.pop_front() {
            match self.dial_address(key, address) {
                Ok(socket) => {
                    let Some(session) = self.session(key) else { return };
                    session.ready = Ready::fresh();
                    session.link =
                        Some(Link { socket, transport: None, address, sent: 0, received: 0 });
                    session.enter(Phase::Connecting(dialing));
                    return;
                }
                Err(error) => dialing.note(address, error),
            }
        }
        let error = match dialing.failure.take() {
            Some((address, error)) => DialError::Connect(address, error),
            None => DialError::Name(std::io::Error::other("the name has no address")),
        };
        self.dial_failed(key, error);
    }

    fn dial_address(&self, key: Key, address: SocketAddr) -> std::io::Result<mio::net::TcpStream> {
        let mut socket = sockets::connect(address)?;
        self.register_session(key, &mut socket)?;
        Ok(socket)
    }

    /// The server's TCP answer may have come.
    pub(super) fn dial_ready(&mut self, key: Key) {
        let Some(session) = self.session(key) else { return };
        let Some(link) = &session.link else { return };
        match sockets::connected(&link.socket) {
            Ok(false) => {}
            Ok(true) => self.start_login(key),
            Err(error) => {
                let address = link.address;
                session.link = None;
                let Phase::Connecting(mut dialing) = session.enter(Phase::Preparing) else {
                    return;
                };
                dialing.note(address, error);
                self.dial_next(key, dialing);
            }
        }
    }

    /// The TCP connection stands: makes the transport and starts the key exchange.
    fn start_login(&mut self, key: Key) {
        let Some(session) = self.session(key) else { return };
        let Phase::Connecting(dialing) = session.enter(Phase::Preparing) else { return };
        let profile = Arc::clone(&session.profile);
        let types = preferred_types(&profile, dialing.known_types.as_deref());
        let transport = Transport::new(&TransportOptions {
            ciphers: profile.ciphers.as_deref(),
            macs: profile.macs.as_deref(),
            kex: profile.kex.as_deref(),
            host_key_algorithms: types.as_deref(),
            compression: profile.compression,
        });
        let transport = match transport {
            Ok(transport) => transport,
            Err(error) => {
                self.dial_failed(key, DialError::Transport(error));
                return;
            }
        };
        if let Some(link) = &mut session.link {
            let patience = profile.keepalive.saturating_mul(profile.keepalive_count);
            if let Err(error) = sockets::tune_ssh(&link.socket, patience) {
                log::debug!("session {}: socket options: {error}", session.number);
            }
            link.transport = Some(transport);
        }
        session.enter(Phase::LoggingIn(dialing));
        self.login_ready(key);
    }

    /// Goes on with key exchange and login.
    pub(super) fn login_ready(&mut self, key: Key) {
        loop {
            let Some(session) = self.session(key) else { return };
            let fill = match session.fill() {
                Ok(fill) => fill,
                Err(error) => {
                    self.dial_failed(key, DialError::Ended(error.to_string()));
                    return;
                }
            };
            match step(session) {
                Ok(None) => {}
                Ok(Some(opened)) => {
                    self.session_opened(key, opened);
                    return;
                }
                Err(error) => {
                    self.ask_about_key(key, &error);
                    self.dial_failed(key, error);
                    return;
                }
            }
            match fill {
                Fill::More => {}
                Fill::Drained => break,
                Fill::Ended => {
                    let reason = "the server closed the connection before login was over";
                    self.dial_failed(key, DialError::Ended(reason.into()));
                    return;
                }
            }
        }
        self.mark_dirty(key);
    }

    /// Has the operator asked about a key that nobody knows, where the profile wants that.
    fn ask_about_key(&self, key: Key, error: &DialError) {
        let DialError::HostKey(Refusal::Unknown { got, .. }) = error else { return };
        let session = self.sessions.get(key.index()).filter(|session| session.key == key);
        let Some(session) = session.filter(|s| s.profile.strict == StrictHostKey::Ask) else {
            return;
        };
        let unknown = UnknownKey {
            profile: session.profile.name.clone(),
            server: session.pool_key.server.clone(),
            fingerprint: got.clone(),
        };
        self.shared.supervisor.send(Report::UnknownKey(Box::new(unknown)));
    }

    /// Login is over: the session is open for its clients.
    fn session_opened(&mut self, key: Key, facts: Facts) {
        let (now, seat) = (self.now, self.seat(key));
        let shared = Arc::clone(&self.shared);
        self.timers.cancel((key, Timer::Deadline));
        let Some(session) = self.session(key) else { return };
        session.enter(Phase::Open);
        say!(
            SESSION_OPENED,
            session = session.number,
            server = session.pool_key.server,
            user = session.pool_key.user,
            profile = session.profile.name,
            method = facts.method,
            algorithms = format_args!("{}, {}", facts.kex, facts.cipher),
            key = facts.host_key
        );
        session.facts = facts;
        (session.opened, session.idle_since) = (now, now);
        let (keepalive, idle) = (session.profile.keepalive, session.profile.idle_timeout);
        let waiting: VecDeque<Key> = std::mem::take(&mut session.waiting);
        let unused = session.clients == 0;
        let (next, _) = shared.pool.dial_ended(&session.pool_key.server, seat, DialEnd::Open, now);
        self.pass_turn(next);
        if !keepalive.is_zero() {
            self.timers.set((key, Timer::Keepalive), now + keepalive);
        }
        if unused {
            self.timers.set((key, Timer::Deadline), now + idle);
        }
        for client in waiting {
            self.open_channel(client, key);
        }
        // Packets may have come behind the last of the login.
        self.enqueue(key);
        self.mark_dirty(key);
    }
}

/// The user that the profile's keys and password go with: nobody but its own.
fn own_user(profile: &Profile, user: String) -> String {
    debug_assert_eq!(profile.user.as_ref(), Some(&user), "the profile's keys for another user");
    profile.user.clone().unwrap_or(user)
}

/// One step of the login; what became known, once it is over.
fn step(session: &mut Session) -> Result<Option<Facts>, DialError> {
    loop {
        let server = session.pool_key.server.clone();
        let (phase, link) = session.phase_and_link();
        let Phase::LoggingIn(dialing) = phase else { return Ok(None) };
        let Some(transport) = link.and_then(|link| link.transport.as_mut()) else {
            return Ok(None);
        };
        match dialing.login.step(transport) {
            Ok(LoginStep::NeedsInput) => return Ok(None),
            Ok(LoginStep::HostKey) => {
                let blob = transport.host_key().map(|(blob, _)| blob).unwrap_or_default();
                match dialing.host_keys.check(&server.host, server.port, blob) {
                    Verdict::Accepted(place) => {
                        log::debug!("host key of {server} accepted by {place}");
                        dialing.login.answer_host_key(Ok(()));
                    }
                    Verdict::New(fingerprint) => {
                        say!(HOST_KEY_NEW, server = server, fingerprint = fingerprint);
                        dialing.login.answer_host_key(Ok(()));
                    }
                    Verdict::Refused(refusal) => {
                        say_refusal(&server, &refusal);
                        transport.disconnect("host key not accepted");
                        return Err(DialError::HostKey(refusal));
                    }
                }
            }
            Ok(LoginStep::Done { method, .. }) => {
                let algorithms = transport.algorithms();
                let blob = transport.host_key().map(|(blob, _)| blob).unwrap_or_default();
                return Ok(Some(Facts {
                    host_key: Fingerprint::of(blob).to_string(),
                    kex: algorithms.kex,
                    cipher: algorithms.cipher_to_server,
                    method: method.to_owned(),
                }));
            }
            Err(LoginError::Transport(error)) => return Err(DialError::Transport(error)),
            Err(error) => {
                if let LoginError::AuthRefused { tried, offered } = &error {
                    say!(
                        SSH_LOGIN_REFUSED,
                        server = server,
                        user = session.pool_key.user,
                        methods = tried.join(", "),
                        offered = offered.join(", ")
                    );
                }
                return Err(DialError::Login(error));
            }
        }
    }
}

fn say_refusal(server: &crate::ssh::pool::Server, refusal: &Refusal) {
    match refusal {
        Refusal::Unknown { got, .. } => {
            say!(HOST_KEY_UNKNOWN, server = server, fingerprint = got);
        }
        Refusal::Changed { expected, got, .. } => {
            let keys: Vec<_> = expected.iter().map(|key| key.fingerprint.to_string()).collect();
            let places: Vec<_> = expected.iter().map(|key| key.place.to_string()).collect();
            say!(
                HOST_KEY_CHANGED,
                server = server,
                expected = keys.join(", "),
                found = got,
                place = places.join(", ")
            );
        }
        Refusal::Revoked { got, place, .. } => {
            say!(HOST_KEY_REVOKED, server = server, fingerprint = got, place = place);
        }
        other => log::debug!("host key of {server}: {other}"),
    }
}

/// The profile's host key algorithms, those of known keys first, so that a server with several keys
/// shows one we can check.
fn preferred_types(profile: &Profile, known: Option<&[String]>) -> Option<String> {
    let all: Vec<&str> = profile.host_key_algorithms.as_deref()?.split(',').collect();
    let Some(known) = known else { return Some(all.join(",")) };
    // The signature algorithms of an RSA key have names of their own.
    let is_known = |algorithm: &str| {
        known
            .iter()
            .any(|key| key == algorithm || (key == "ssh-rsa" && algorithm.starts_with("rsa-sha2-")))
    };
    let (mut first, rest): (Vec<&str>, Vec<&str>) =
        all.into_iter().partition(|name| is_known(name));
    first.extend(rest);
    Some(first.join(","))
}
