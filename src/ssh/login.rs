//! From a fresh [`Transport`] to an authenticated one.
//!
//! The owner calls [`Login::step`] each time input has come, writes the output, answers once for the host key, and
//! gives up when its own deadline passes. Nothing of the credentials is sent before the host key is accepted; they are
//! wiped as soon as the login has ended either way.
//!
//! | state | does | then |
//! |---|---|---|
//! | Handshake | version and key exchange | HostKey |
//! | HostKey | waits for [`Login::answer_host_key`] | Methods, or Ended if refused |
//! | Methods | asks what the server offers | Request, or Ended if that lets us in already |
//! | Request | one authentication request | the next one, or Ended |
//! | Ended | nothing | |

use std::fmt;

use log::trace;
use zeroize::Zeroizing;

use crate::config::AuthMethod;

use super::transport::{AuthList, AuthStep, Refusal, Step, Transport, TransportError};

/// What to log in with.
pub struct Credentials {
    /// User name at the SSH server.
    pub user: String,
    /// Methods to try, in order.
    pub methods: Vec<AuthMethod>,
    /// Private keys for [`AuthMethod::PublicKey`], in order.
    pub keys: Vec<LoginKey>,
    /// For [`AuthMethod::Password`] and [`AuthMethod::Keyboard`].
    pub password: Option<Zeroizing<String>>,
}

/// A private key to log in with.
pub struct LoginKey {
    /// What messages call it: the name of its file.
    pub name: String,
    /// Unencrypted, OpenSSH or PEM format.
    pub private_pem: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("methods", &self.methods)
            .field("keys", &self.keys.iter().map(|key| &key.name).collect::<Vec<_>>())
            .field("password", &self.password.is_some())
            .finish()
    }
}

/// What the owner has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginStep {
    /// Call [`Login::step`] again when there is more input.
    NeedsInput,
    /// Look at [`Transport::host_key`], call [`Login::answer_host_key`], then [`Login::step`].
    HostKey,
    /// Logged in.
    Done {
        /// The method that ended it (RFC 4252 name).
        method: &'static str,
        /// User name at the SSH server.
        user: String,
    },
}

/// Why a login failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginError {
    /// The owner refused the host key, for this reason.
    HostKeyRefused(String),
    /// Nothing that was tried let us in.
    AuthRefused {
        /// Requests and what became of them, in order.
        tried: Vec<String>,
        /// Methods the server offers (RFC 4252 names).
        offered: Vec<String>,
    },
    /// The session broke.
    Transport(TransportError),
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostKeyRefused(reason) => write!(f, "host key refused: {reason}"),
            Self::AuthRefused { tried, offered } if tried.is_empty() => {
                write!(f, "none of the server's methods can be tried ({})", offered.join(", "))
            }
            Self::AuthRefused { tried, offered } => {
                write!(f, "{}; server offers {}", tried.join(", "), offered.join(", "))
            }
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoginError {}

impl From<TransportError> for LoginError {
    fn from(error: TransportError) -> Self {
        Self::Transport(error)
    }
}

/// One login.
pub struct Login {
    state: State,
    credentials: Option<Credentials>,
    /// None until the owner has answered.
    host_key_verdict: Option<Result<(), String>>,
    /// Requests not made yet, in order.
    plan: Vec<Request>,
    /// Methods the server offers.
    offered: Vec<String>,
    /// Requests made, in words.
    tried: Vec<String>,
}

/// States; the module comment has the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Handshake,
    HostKey,
    Methods,
    Request(Request),
    Ended,
}

/// One authentication request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    /// With the key at this place of the credentials.
    PublicKey(usize),
    Password,
    Keyboard,
}

impl Request {
    /// RFC 4252, RFC 4256.
    fn method(self) -> &'static str {
        match self {
            Self::PublicKey(_) => "publickey",
            Self::Password => "password",
            Self::Keyboard => "keyboard-interactive",
        }
    }
}

impl Login {
    /// A login on a transport that has sent nothing yet.
    pub fn new(credentials: Credentials) -> Self {
        let mut plan = Vec::new();
        for method in &credentials.methods {
            match method {
                AuthMethod::PublicKey => {
                    plan.extend((0..credentials.keys.len()).map(Request::PublicKey));
                }
                AuthMethod::Password if credentials.password.is_some() => {
                    plan.push(Request::Password);
                }
                AuthMethod::Keyboard if credentials.password.is_some() => {
                    plan.push(Request::Keyboard);
                }
                AuthMethod::Password | AuthMethod::Keyboard => {}
            }
        }
        Self {
            state: State::Handshake,
            credentials: Some(credentials),
            host_key_verdict: None,
            plan,
            offered: Vec::new(),
            tried: Vec::new(),
        }
    }

    /// The owner's verdict on the host key; Err with the reason refuses it.
    pub fn answer_host_key(&mut self, verdict: Result<(), String>) {
        self.host_key_verdict = Some(verdict);
    }

    /// Goes as far as the input allows. After Done or an error the login is over.
    pub fn step(&mut self, transport: &mut Transport) -> Result<LoginStep, LoginError> {
        let step = self.run(transport);
        if !matches!(step, Ok(LoginStep::NeedsInput | LoginStep::HostKey)) {
            self.credentials = None;
            self.set_state(State::Ended);
        }
        step
    }

    fn run(&mut self, transport: &mut Transport) -> Result<LoginStep, LoginError> {
        loop {
            let Some(credentials) = &self.credentials else {
                return Err(TransportError::Ended.into());
            };
            match self.state {
                State::Handshake => match transport.handshake()? {
                    Step::NeedsInput => return Ok(LoginStep::NeedsInput),
                    Step::Done => self.set_state(State::HostKey),
                },
                State::HostKey => match self.host_key_verdict.take() {
                    None => return Ok(LoginStep::HostKey),
                    Some(Ok(())) => self.set_state(State::Methods),
                    Some(Err(reason)) => {
                        transport.disconnect("host key not accepted");
                        return Err(LoginError::HostKeyRefused(reason));
                    }
                },
                State::Methods => match transport.auth_methods(&credentials.user)? {
                    AuthList::NeedsInput => return Ok(LoginStep::NeedsInput),
                    AuthList::Accepted => {
                        return Ok(LoginStep::Done {
                            method: "none",
                            user: credentials.user.clone(),
                        });
                    }
                    AuthList::Offered(methods) => {
                        self.offered = methods;
                        self.next_request(transport)?;
                    }
                },
                State::Request(request) => match make(request, credentials, transport)? {
                    AuthStep::NeedsInput => return Ok(LoginStep::NeedsInput),
                    AuthStep::Accepted => {
                        let method = request.method();
                        return Ok(LoginStep::Done { method, user: credentials.user.clone() });
                    }
                    AuthStep::Partial(methods) => {
                        self.tried.push(describe(request, credentials, "accepted, not enough"));
                        self.offered = methods;
                        self.next_request(transport)?;
                    }
                    AuthStep::Refused(refusal) => {
                        let outcome = match &refusal {
                            Refusal::Denied => "refused",
                            Refusal::PasswordExpired => "password expired",
                            Refusal::Unusable(reason) => reason,
                        };
                        self.tried.push(describe(request, credentials, outcome));
                        self.next_request(transport)?;
                    }
                },
                State::Ended => return Err(TransportError::Ended.into()),
            }
        }
    }

    /// Goes on to the first request of the plan that the server offers the method for.
    fn next_request(&mut self, transport: &mut Transport) -> Result<(), LoginError> {
        let offered = &self.offered;
        let possible = |request: &Request| offered.iter().any(|method| method == request.method());
        match self.plan.iter().position(possible) {
            Some(place) => {
                let request = self.plan.remove(place);
                self.set_state(State::Request(request));
                Ok(())
            }
            None => {
                transport.disconnect("no more authentication methods");
                let (tried, offered) = (self.tried.clone(), self.offered.clone());
                Err(LoginError::AuthRefused { tried, offered })
            }
        }
    }

    fn set_state(&mut self, state: State) {
        trace!("ssh login: {:?} -> {state:?}", self.state);
        self.state = state;
    }
}

/// Makes a request, or goes on with it.
fn make(
    request: Request,
    credentials: &Credentials,
    transport: &mut Transport,
) -> Result<AuthStep, TransportError> {
    let user = &credentials.user;
    let password = credentials.password.as_ref().map_or("", |password| password.as_str());
    match request {
        Request::PublicKey(place) => match credentials.keys.get(place) {
            Some(key) => transport.auth_publickey(user, &key.private_pem),
            None => Ok(AuthStep::Refused(Refusal::Denied)),
        },
        Request::Password => transport.auth_password(user, password),
        Request::Keyboard => transport.auth_keyboard(user, password),
    }
}

/// A request and what became of it, for messages.
fn describe(request: Request, credentials: &Credentials, outcome: &str) -> String {
    match request {
        Request::PublicKey(place) => {
            let name = credentials.keys.get(place).map_or("", |key| &key.name);
            format!("publickey {name}: {outcome}")
        }
        request => format!("{}: {outcome}", request.method()),
    }
}
